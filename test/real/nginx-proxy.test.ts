import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { PROTOCOLS } from "../integration/protocols.ts";
import { READER, TestProject } from "./project.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { type Nginx, startNginxProxy } from "./servers/nginx.ts";

const TIMES = 3;
/** By how much a proxy may delay news, in milliseconds. */
const SOON_MS = 1_000;
const WATCHER = [...READER, { apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["watch"] }];

describe("a gateway behind nginx with proxy_pass alone", () => {
  const kubernetes = inject("kubernetes");
  const store = inject("store");
  const admin = new KubeClient(kubernetes);
  let gateway: Gateway;
  let proxy: Nginx;
  let project: TestProject;
  let token: string;
  let runs = 0;

  beforeAll(async () => {
    const url = `${store.url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log`;
    gateway = await startGateway({
      folder: inject("folder"),
      config: JSON.stringify({ sources: [{ name: "archive", http: { url } }], follow: { poll: "100ms" } }),
      kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]) },
    });
    proxy = await startNginxProxy({ folder: inject("folder"), upstream: gateway.url });
    project = await TestProject.create(admin, "proxied", store.files);
    await project.addStage("uat");
    token = await project.addUser("reader", WATCHER);
  });

  afterAll(async () => {
    await proxy?.server.stop();
    await gateway?.server.stop();
    await admin.close();
  });

  /** A run, and how to write the next line of its log. */
  async function addRun() {
    runs += 1;
    const run = await project.addRun(`uat.run-${runs}`, "uat", ["robot"], { phase: "Running" });
    let written = "";
    let lines = 0;
    const write = (): Promise<void> => {
      lines += 1;
      written += `line ${lines}\n`;
      return project.storeLog(run.jobOf("robot"), written);
    };
    await write();
    return { ...run, write };
  }

  /** Makes something happen a few times, and says by how much the proxy delayed the news at most, in milliseconds. */
  async function longestDelay(open: (url: string) => AsyncIterable<unknown>, happen: () => Promise<unknown>) {
    const ways = [gateway.url, proxy.url].map((url) => open(url)[Symbol.asyncIterator]());
    const news = () => Promise.all(ways.map((way) => way.next().then(({ done }) => (done ? -1 : performance.now()))));
    await news();
    let longest = 0;
    for (let time = 0; time < TIMES; time += 1) {
      await happen();
      const [direct = 0, proxied = 0] = await news();
      expect(proxied).toBeGreaterThan(0);
      longest = Math.max(longest, proxied - direct);
    }
    await Promise.all(ways.map((way) => way.return?.()));
    return longest;
  }

  it("hands on each line of the raw route within a second", async () => {
    const { name, write } = await addRun();
    const open = async function* (url: string) {
      const headers = { authorization: `Bearer ${token}` };
      const { status, body } = await fetch(`${url}/raw/proxied/${name}?follow=1`, { headers });
      expect(status).toBe(200);
      for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) yield bytes;
    };
    expect(await longestDelay(open, write)).toBeLessThan(SOON_MS);
  });

  it.each(PROTOCOLS.filter(({ name }) => name.endsWith("HTTP/1.1")))(
    "hands on each line of a followed log and each change of a watch by $name within a second",
    async ({ open: openProtocol }) => {
      const { name, write } = await addRun();
      const transports = new Map([gateway.url, proxy.url].map((url) => [url, openProtocol(url)]));
      const clientAt = (url: string) =>
        createClient(AnalysisRunLogService, (transports.get(url) as ReturnType<typeof openProtocol>).transport);
      const call = { headers: { authorization: `Bearer ${token}` } };
      const openLog = async function* (url: string) {
        const log = clientAt(url).getAnalysisRunLogs({ namespace: "proxied", name, follow: true }, call);
        for await (const { chunk } of log) if (chunk !== "") yield chunk;
      };
      expect(await longestDelay(openLog, write)).toBeLessThan(SOON_MS);

      const openWatch = async function* (url: string) {
        const watch = clientAt(url).watchAnalysisRuns({ namespace: "proxied" }, call);
        for await (const { event } of watch) if (event.case !== undefined) yield event;
      };
      expect(await longestDelay(openWatch, addRun)).toBeLessThan(SOON_MS);
      for (const { close } of transports.values()) close();
    },
  );
});
