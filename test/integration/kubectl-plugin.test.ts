import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import type { CliOptions } from "../fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../fakes/demo-gateway.ts";
import { type LocalWorld, startLocalWorld, tokenOf } from "./local-world.ts";

let world: LocalWorld;
let server: DemoGateway;
beforeAll(async () => {
  world = await startLocalWorld();
  server = await startDemoGateway();
});
afterAll(async () => {
  await server?.close();
  await world?.close();
});

const plugin = (args: readonly string[], options: CliOptions = {}) =>
  world.run("anna", args, { ...options, isPlugin: true });
/** A kubeconfig with a second context, `other`, of a person who may do nothing. */
const twoContexts = (): string => {
  const path = join(world.folder, "two-contexts");
  const cluster = { name: "c", cluster: { server: world.cluster.url } };
  const user = (name: string) => ({ name, user: { token: tokenOf(name) } });
  const context = (name: string, of: string) => ({ name, context: { cluster: "c", user: of, namespace: "guestbook" } });
  writeFileSync(
    path,
    stringify({
      clusters: [cluster],
      users: [user("anna"), user("outsider")],
      contexts: [context("demo", "anna"), context("other", "outsider")],
      "current-context": "demo",
    }),
  );
  return path;
};
/** Contexts of Taffrail's own file, in a folder of their own. */
const contexts = (text: string): { readonly XDG_CONFIG_HOME: string } => {
  const folder = mkdtempSync(join(world.folder, "contexts-"));
  mkdirSync(join(folder, "taffrail"));
  writeFileSync(join(folder, "taffrail", "config.yaml"), text);
  return { XDG_CONFIG_HOME: folder };
};

describe("kubectl taffrail", () => {
  it("reads from the cluster that kubectl would use, with kubectl's flags", async () => {
    const kubeconfig = twoContexts();
    expect(await plugin(["logs", "@failed"])).toMatchObject({ code: 0 });
    expect(await plugin(["logs", "@failed", "-n", "guestbook", "--kubeconfig", kubeconfig])).toMatchObject({ code: 0 });
    const other = await plugin(["runs", "--kubeconfig", kubeconfig, "--context", "other"]);
    expect([other.code, other.said[0]]).toEqual([4, expect.stringContaining('User "outsider" cannot list')]);
    const unknown = await plugin(["runs", "--context", "prod"]);
    expect(unknown.said[0]).toBe('error: the kubeconfig has no context "prod". Its contexts: demo');
    const denied = await plugin(["runs", "--namespace", "storefront"]);
    expect([denied.code, denied.said[0]]).toEqual([4, expect.stringContaining('in the namespace "storefront"')]);
  });

  it("does not read from the server of Taffrail's current context, which may be of another cluster", async () => {
    const env = contexts("current: prod\ncontexts: { prod: { server: http://127.0.0.1:1 } }\n");
    expect(await plugin(["logs", "@failed"], { env })).toMatchObject({ code: 0 });
  });

  it("reads from a server that is named by flag, environment, or Taffrail's own context", async () => {
    const asked = { TAFFRAIL_TOKEN: "demo-viewer", TAFFRAIL_PROJECT: "guestbook" };
    const text = `contexts: { team: { server: "${server.url}", token: demo-viewer, project: guestbook } }\n`;
    for (const [args, env] of [
      [["--server", server.url], asked],
      [[], { ...asked, TAFFRAIL_SERVER: server.url }],
      [["--taffrail-context", "team"], contexts(text)],
      [[], { ...contexts(text), TAFFRAIL_CONTEXT: "team" }],
      [[], contexts(text.replace("token", "kubeContext: demo, token"))],
    ] as const) {
      // Nothing else would do without this kubeconfig's cluster.
      const KUBECONFIG = world.kubeconfig("outsider", { cluster: { server: "http://127.0.0.1:1" } });
      expect(await plugin(["logs", "@failed", ...args], { env: { KUBECONFIG, ...env } })).toMatchObject({ code: 0 });
    }
  });

  it("does not take a context's server for another kube context, nor where --local or --kubeconfig is given", async () => {
    const env = contexts("contexts: { team: { server: http://127.0.0.1:1, kubeContext: demo } }\n");
    const KUBECONFIG = twoContexts();
    expect(await plugin(["runs"], { env: { ...env, KUBECONFIG } })).toMatchObject({ code: 6 });
    expect(await plugin(["runs", "--context", "other"], { env: { ...env, KUBECONFIG } })).toMatchObject({ code: 4 });
    expect(await plugin(["runs", "--local"], { env: { ...env, KUBECONFIG } })).toMatchObject({ code: 0 });
    expect(await plugin(["runs", "--kubeconfig", KUBECONFIG], { env })).toMatchObject({ code: 0 });
  });

  it("takes the sources of a local context for the kube context", async () => {
    const config = world.storeConfig();
    const env = contexts(`contexts: { mine: { local: true, kubeContext: demo, config: ${config} } }\n`);
    const { code } = await world.run("podless", ["logs", "@failed"], { env, isPlugin: true });
    expect(code).toBe(0);
  });

  describe("that signs in", () => {
    const login = (args: readonly string[], env: Record<string, string>) =>
      plugin(["login", ...args, "--token-stdin"], { env, input: "demo-viewer" });
    const said = async (args: readonly string[], env: Record<string, string>) => (await login(args, env)).said;
    const file = ({ XDG_CONFIG_HOME }: { readonly XDG_CONFIG_HOME: string }) =>
      parse(readFileSync(join(XDG_CONFIG_HOME, "taffrail", "config.yaml"), "utf8")) as {
        readonly current?: string;
        readonly contexts: Readonly<Record<string, { readonly kubeContext?: string }>>;
      };
    const host = () => new URL(server.url).host;

    it("reads from that server for kubectl's context, until the user signs out there", async () => {
      const env = {
        ...contexts("current: mine\ncontexts: { mine: { server: http://127.0.0.1:1 } }\n"),
        KUBECONFIG: twoContexts(),
      };
      expect(await login([server.url, "-p", "guestbook", "--context", "other"], env)).toEqual({
        code: 0,
        out: "",
        said: [
          `kubectl taffrail reads from it for the kubeconfig's context "other"`,
          `signed in to ${server.url} by context "${host()}"`,
        ],
      });
      expect(await plugin(["logs", "@failed", "--context", "other"], { env })).toMatchObject({ code: 0 });
      // Neither kubectl's other contexts nor Taffrail's current one are affected.
      const here = await plugin(["whoami", "-n", "guestbook"], { env });
      expect(here.out.split("\n")).toEqual([
        "user      anna",
        "identity  the kubeconfig's context demo",
        expect.stringMatching(/^rights {4}of the user anna/),
        "until     unknown",
        "server    none: the cluster is read directly",
        "projects  guestbook",
        "",
      ]);
      expect(file(env)).toMatchObject({ current: "mine", contexts: { [host()]: { kubeContext: "other" } } });

      // What is for another of kubectl's contexts is left alone.
      await login([server.url], env);
      expect(file(env).contexts).toMatchObject({
        [host()]: { kubeContext: "other" },
        [`${host()}-2`]: { kubeContext: "demo" },
      });
      const out = await plugin(["logout", "--context", "other"], { env });
      expect([out.code, out.said]).toEqual([
        0,
        [
          `signed out of ${server.url} by context "${host()}"`,
          `kubectl taffrail no longer reads from it for the kubeconfig's context "other"`,
        ],
      ]);
      expect((await plugin(["logout", "--context", "third"], { env })).said[0]).toBe(
        'error: the kubeconfig has no context "third"',
      );
    });

    it("does not sign in to the server of Taffrail's current context, which may be of another cluster", async () => {
      const text = `current: prod\ncontexts: { prod: { server: "${server.url}" } }\n`;
      const env = { ...contexts(text), KUBECONFIG: twoContexts() };
      expect(await login([], env)).toMatchObject({
        code: 2,
        said: ["error: no server given", "  try     kubectl taffrail login https://taffrail.example.com"],
      });
      expect(file(env).contexts).toEqual({ prod: { server: server.url } });
    });

    it("takes no context that is for another one of kubectl's", async () => {
      const text = `contexts: { prod: { server: "${server.url}", kubeContext: other } }\n`;
      const env = { ...contexts(text), KUBECONFIG: twoContexts() };
      const refused = [
        `error: the context "prod" is for the kubeconfig's context "other"`,
        "  try     kubectl taffrail login --context other, or another --taffrail-context",
      ];
      expect(await said(["--taffrail-context", "prod"], env)).toEqual(refused);
      expect(await said([server.url, "--taffrail-context", "prod"], env)).toEqual(refused);
      expect((await said(["--context", "typo", server.url], env))[0]).toBe(
        'error: the kubeconfig has no context "typo"',
      );
      expect((await said([server.url], { ...env, KUBECONFIG: "/nowhere" }))[0]).toBe(
        "error: the kubeconfig has no current context",
      );
      expect(file(env).contexts).toEqual({ prod: { server: server.url, kubeContext: "other" } });
    });

    it("reads from the server that it signed in to last, and not by a local context any more", async () => {
      const text =
        "contexts: { sources: { local: true, kubeContext: demo }, old: { server: 'http://127.0.0.1:1', kubeContext: demo } }\n";
      const env = { ...contexts(text), KUBECONFIG: twoContexts() };
      // The project is the namespace that kubectl has.
      await login([server.url], env);
      expect(file(env).contexts).toEqual({
        sources: { local: true, kubeContext: "demo" },
        old: { server: "http://127.0.0.1:1" },
        [host()]: { server: server.url, kubeContext: "demo" },
      });
      expect(file(env).current).toBeUndefined();
      expect(await plugin(["runs", "-o", "name"], { env })).toMatchObject({ code: 0 });
      expect((await plugin(["logout"], { env })).said[0]).toBe(`signed out of ${server.url} by context "${host()}"`);
      // In the kubeconfig's namespace, as before.
      expect(await plugin(["runs", "-o", "name"], { env })).toMatchObject({ code: 0 });
      expect((await plugin(["logout"], { env })).said[0]).toBe(
        `error: there is no sign-in for the kubeconfig's context "demo"`,
      );
      await plugin(["logout", "--taffrail-context", "sources"], { env });
      expect(file(env)).toEqual({
        contexts: {
          sources: { local: true, kubeContext: "demo" },
          old: { server: "http://127.0.0.1:1" },
          [host()]: { server: server.url },
        },
      });
    });
  });

  it("names itself in its help, and in commands to copy", async () => {
    expect((await plugin(["logs", "--help"])).out).toMatch(/^Usage: kubectl taffrail logs /);
    expect((await plugin(["why", "@failed"])).out).toMatch(/^next: kubectl taffrail logs /m);
  });

  it("is found and completed by kubectl, under the names of its files", async () => {
    const bin = join(world.folder, "bin");
    mkdirSync(bin);
    for (const [name, file] of [
      ["kubectl-taffrail", "kubectl-taffrail.js"],
      ["kubectl_complete-taffrail", "kubectl-complete-taffrail.js"],
    ] as const) {
      const target = join(import.meta.dirname, "../../src", file);
      chmodSync(target, 0o755);
      symlinkSync(target, join(bin, name));
    }
    const run = async (name: string, ...args: readonly string[]) => {
      const env = { ...world.env, KUBECONFIG: world.kubeconfig("anna") };
      const { stdout } = await promisify(execFile)(process.execPath, [join(bin, name), ...args], { env });
      return stdout;
    };
    expect(await run("kubectl-taffrail", "--help")).toMatch(/^Usage: kubectl taffrail /);
    expect(await run("kubectl-taffrail", "runs", "-o", "name")).toContain("uat.");
    expect(await run("kubectl_complete-taffrail", "ru")).toBe("runs\n:4\n");
    expect(await run("kubectl_complete-taffrail", "logs", "--context", "")).toBe("demo\n:4\n");
  });
});
