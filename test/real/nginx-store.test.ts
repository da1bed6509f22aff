import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { runCommand } from "./run-command.ts";
import { findFreePort } from "./servers/free-port.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const LOG = `${Array.from({ length: 5000 }, (_, line) => `line ${line}: Größe ${line % 7}, bestanden ✔`).join("\n")}\n`;
/** Each metric's log has its own source. The metric's name says how that source stores it. */
const METRICS = ["plain", "empty", "gzip", "encoded", "keyed", "missing", "folder", "guarded", "down"] as const;

describe("nginx as the store", () => {
  const kubernetes = inject("kubernetes");
  const store = inject("store");
  const admin = new KubeClient(kubernetes);
  let gateway: Gateway;
  let run: MadeRun;
  let token: string;

  beforeAll(async () => {
    const tokenFile = join(inject("folder"), "store-token");
    await writeFile(tokenFile, "store-token\n");
    const down = `http://127.0.0.1:${await findFreePort()}`;
    const roots: Partial<Record<(typeof METRICS)[number], string>> = {
      encoded: `${store.url}/encoded`,
      keyed: `${store.url}/guarded`,
      guarded: `${store.url}/guarded`,
      down,
    };
    const sources = METRICS.map((metric) => ({
      name: metric,
      match: { metric },
      http: {
        url: `${roots[metric] ?? store.url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log`,
        ...(metric === "keyed" && { headers: { authorization: `Bearer \${{ token }}` }, token: { file: tokenFile } }),
      },
    }));
    gateway = await startGateway({
      folder: inject("folder"),
      config: JSON.stringify({ sources }),
      kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
    });
    const project = await TestProject.create(admin, "stored", inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.first", "uat", METRICS);
    token = await project.addUser("reader", READER);
    for (const metric of ["plain", "keyed", "guarded", "down"]) await project.storeLog(run.jobOf(metric), LOG);
    await project.storeLog(run.jobOf("empty"), "");
    await project.storeLog(run.jobOf("gzip"), gzipSync(LOG));
    await project.storeLog(run.jobOf("encoded"), gzipSync(LOG), ".gz");
    await mkdir(join(store.files, "stored", run.jobOf("folder"), "main.log"), { recursive: true });
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await admin.close();
  });

  const address = (metric: string, more = "") => `${gateway.url}/raw/stored/${run.name}?metric=${metric}${more}`;
  const read = (metric: string, more = "") =>
    fetch(address(metric, more), { headers: { authorization: `Bearer ${token}` } });

  it.each(["plain", "gzip", "encoded", "keyed"])("sends a log that is stored %s", async (metric) => {
    const answer = await read(metric);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(await answer.text()).toBe(LOG);
  });

  it("sends an empty log", async () => {
    const answer = await read("empty");
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  it.each([
    { metric: "missing", title: "a log that is not there", status: 404, reason: "LOG_NOT_FOUND", said: "404" },
    {
      metric: "folder",
      title: "a folder, which nginx redirects to and does not list",
      status: 502,
      reason: "BACKEND_REFUSED",
      said: "403",
    },
    {
      metric: "guarded",
      title: "a store that refuses the gateway",
      status: 502,
      reason: "BACKEND_REFUSED",
      said: "403",
    },
    { metric: "down", title: "a store that is down", status: 503, reason: "SOURCE_UNAVAILABLE", said: "down" },
  ])("reports $title without its address", async ({ metric, status, reason, said }) => {
    const answer = await read(metric);
    const text = await answer.text();
    expect(answer.status).toBe(status);
    expect(text).toContain(reason);
    expect(text).toContain(said);
    expect(text).not.toMatch(/127\.0\.0\.1|store-token|nginx/);
  });

  it("puts the cause into the body with errors=text", async () => {
    const answer = await read("missing", "&errors=text");
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("LOG_NOT_FOUND");
  });

  it("serves curl", async () => {
    const header = `authorization: Bearer ${token}`;
    expect(await runCommand("curl", ["--silent", "--show-error", "--fail", "--header", header, address("plain")])).toBe(
      LOG,
    );
    const refused = runCommand("curl", ["--silent", "--show-error", "--fail", address("plain")]);
    await expect(refused).rejects.toThrow("401");
  });
});
