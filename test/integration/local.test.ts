import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalWorld, startLocalWorld, tokenOf } from "./local-world.ts";

let world: LocalWorld;
beforeAll(async () => {
  world = await startLocalWorld();
});
afterAll(() => world?.close());

/** A run of the demo whose log is in the archive, and whose pod is there. */
const LOG = /FAIL|\| /;

describe("taffrail logs --local", () => {
  it("reads a pod's log with the kubeconfig alone, in the namespace of its context", async () => {
    const { code, out, said } = await world.run("anna", ["logs", "@failed", "--local"]);
    expect(said.join("\n")).toMatch(/^showing run=/m);
    expect([code, said.filter((line) => line.startsWith("error"))]).toEqual([0, []]);
    expect(out).toMatch(LOG);
  });

  it("reads an archive of a configuration file after reviews of the run and its Stage", async () => {
    const config = world.storeConfig();
    const pods = await world.run("anna", ["logs", "@failed", "--local", "-o", "raw"]);
    for (const person of ["anna", "podless", "logless"] as const) {
      const { code, out, said } = await world.run(person, [
        "logs",
        "@failed",
        "--config",
        config,
        "--local",
        "-o",
        "raw",
      ]);
      expect([person, code, out, said.at(-1)]).toEqual([person, 0, pods.out, expect.any(String)]);
    }
  });

  it("lets Kubernetes deny each read, in its own words, with status 4", async () => {
    const { code, out, said } = await world.run("outsider", ["logs", "uat.any", "--local"]);
    expect([code, out]).toEqual([4, ""]);
    expect(said[0]).toBe(
      'error: Kubernetes denies it: analysisruns.argoproj.io "uat.any" is forbidden: User "outsider" cannot get resource "analysisruns" in API group "argoproj.io" in the namespace "guestbook" (ACCESS_DENIED)',
    );
    for (const args of [["runs"], ["logs", "@failed"], ["why", "@failed"], ["runs", "--watch"]]) {
      expect(await world.run("outsider", [...args, "--local"])).toMatchObject({ code: 4, out: "" });
    }
    expect(await world.run("anna", ["runs", "--local", "-n", "storefront"])).toMatchObject({ code: 4, out: "" });
  });

  it("denies an archive without the right to the Stage, although the pods' log may be read", async () => {
    const pods = await world.run("stageless", ["logs", "@failed", "--local"]);
    expect(pods.code).toBe(0);
    const { code, out, said } = await world.run("stageless", [
      "logs",
      "@failed",
      "--local",
      "--config",
      world.storeConfig(),
    ]);
    expect([code, out]).toEqual([4, ""]);
    expect(said.join("\n")).toMatch(
      /source "archive" was not asked: Kubernetes says that you may not get the Stage "uat" in namespace "guestbook"/,
    );
  });

  it("requires the right to analysisruns/log for an archive where the configuration does", async () => {
    const config = join(world.folder, "subresource.yaml");
    writeFileSync(config, world.storeText({ access: { subresource: "log" } }));
    const { code, out, said } = await world.run("podless", ["logs", "@failed", "--local", "--config", config]);
    expect([code, out]).toEqual([4, ""]);
    expect(said.join("\n")).toContain('you may not get analysisruns/log in namespace "guestbook"');
  });

  it("follows an archive although pods may not be listed or watched", async () => {
    const config = join(world.folder, "both.yaml");
    const both = world.storeText().replace("sources:\n", "sources:\n  - { name: pods, kubernetes: {} }\n");
    writeFileSync(config, both);
    const args = ["logs", "@failed", "-f", "--local", "--config", config];
    const { code, out, said } = await world.run("podless", args);
    expect([code, out, said.join("\n")]).toEqual([
      0,
      expect.stringMatching(LOG),
      expect.not.stringContaining("error:"),
    ]);
  });

  it("ends a follow once the right to the run is lost", async () => {
    const config = join(world.folder, "follow.yaml");
    writeFileSync(config, "sources: [{ name: pods, kubernetes: {} }]\nfollow: { recheck: 50ms }\n");
    const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" } as const;
    const args = ["logs", "dev.01kkh78mj0ybmgq052an9t2aa5.dd78add", "-f", "--local", "--config", config];
    const { code, out, said } = await world.run("leaver", args, {
      onPiece: () => world.cluster.remove({ ...binding, metadata: { name: "leaver", namespace: "guestbook" } }),
    });
    expect(out).not.toBe("");
    expect([code, said.join("\n")]).toEqual([4, expect.stringMatching(/AUTHORIZATION_LOST|ACCESS_DENIED/)]);
  });

  it("says that pods are denied, rather than that there are none", async () => {
    const list = await world.run("podless", ["logs", "@failed", "--local"]);
    expect(list.code).toBe(4);
    expect(list.said.join("\n")).toContain(
      'was not asked: Kubernetes says that you may not list pods in namespace "guestbook"',
    );
    const log = await world.run("logless", ["logs", "@failed", "--local"]);
    expect(log.code).toBe(4);
    expect(log.said.join("\n")).toContain('cannot get resource "pods/log"');
  });

  it("explains, lists and completes as with a server", async () => {
    const why = await world.run("anna", ["why", "@failed", "--local"]);
    expect([why.code, why.out]).toEqual([0, expect.stringContaining("next: taffrail logs ")]);
    const runs = await world.run("podless", ["runs", "--local", "-o", "name"]);
    expect(runs.code).toBe(0);
    expect(runs.out.split("\n").length).toBeGreaterThan(5);
    const complete = async (...words: readonly string[]) =>
      (await world.run("anna", ["complete", "--", ...words], { timer: () => () => {} })).out;
    expect(await complete("logs", "--local", "uat")).toContain("uat.");
    expect(await complete("logs", "--local", "--context", "")).toBe("demo\n");
    // Without the right to list namespaces, the context's own one is known.
    expect(await complete("logs", "--local", "-n", "")).toBe("guestbook\n");
  });

  it("resumes where an earlier command stopped, by a key that only its user can read", async () => {
    const limited = await world.run("anna", ["logs", "@failed", "--local", "-o", "json", "--limit-lines", "2"]);
    const { end } = JSON.parse(limited.out.trim().split("\n").at(-1) ?? "");
    const key = join(world.env.XDG_STATE_HOME ?? "", "taffrail", "cursor-key");
    expect((statSync(key).mode & 0o777).toString(8)).toBe("600");
    const args = ["logs", "@failed", "--local", "-o", "json"];
    const rest = await world.run("anna", [...args, "--limit-lines", "2", "--cursor", end.cursor]);
    expect(JSON.parse(rest.out.split("\n")[0] ?? "")).toMatchObject({ line: 3 });
    const other = await world.run("podless", [
      ...args,
      "--limit-lines",
      "2",
      "--cursor",
      end.cursor,
      "--config",
      world.storeConfig(),
    ]);
    expect(other).toMatchObject({ code: 2, out: "" });
  });

  it("takes a credential plugin, and says what is wrong with one", async () => {
    const plugin = join(world.folder, "plugin.sh");
    const exec = (command: string) => ({ exec: { apiVersion: "client.authentication.k8s.io/v1", command } });
    const use = (command: string) =>
      world.run("anna", ["runs", "--local", "-o", "name"], {
        env: { KUBECONFIG: world.kubeconfig("anna", { user: exec(command) }) },
      });
    writeFileSync(plugin, `#!/bin/sh\necho '{"status":{"token":"${tokenOf("anna")}"}}'\n`, { mode: 0o755 });
    expect(await use(plugin)).toMatchObject({ code: 0 });
    writeFileSync(plugin, "#!/bin/sh\necho 'Your session has expired. Run: sso login' >&2\nexit 1\n");
    expect(await use(plugin)).toEqual({
      code: 4,
      out: "",
      said: [
        `error: the kubeconfig's credential plugin "${plugin}" failed (status 1): Your session has expired. Run: sso login`,
        "  try     Sign in to the cluster again, as for kubectl: `kubectl get pods` should work.",
      ],
    });
    expect(await use("no-such-plugin")).toEqual({
      code: 2,
      out: "",
      said: [
        'error: the kubeconfig\'s credential plugin "no-such-plugin" is not installed, or not in PATH',
        "  try     Install it.",
      ],
    });
  });

  it.each<[string, (at: LocalWorld) => Record<string, string>, string[], number, string]>([
    ["no kubeconfig", () => ({ KUBECONFIG: "" }), [], 2, "error: No kubeconfig was found"],
    [
      "an unknown context",
      () => ({}),
      ["--context", "prod"],
      2,
      'error: the kubeconfig has no context "prod". Its contexts: demo',
    ],
    [
      "rubbish",
      (at) => ({ KUBECONFIG: rubbish(at) }),
      [],
      2,
      "error: the kubeconfig cannot be read: unexpected end of the stream within a flow collection (1:56)",
    ],
    [
      "an unreachable cluster",
      (at) => ({ KUBECONFIG: at.kubeconfig("anna", { cluster: { server: "http://127.0.0.1:1" } }) }),
      [],
      6,
      "error: the Kubernetes API server could not be reached (ECONNREFUSED) (KUBERNETES_UNAVAILABLE)",
    ],
    [
      "expired credentials",
      (at) => ({ KUBECONFIG: at.kubeconfig("anna", { user: { token: "expired" } }) }),
      [],
      4,
      "error: the cluster does not accept the kubeconfig's credentials: they are invalid or have expired (KUBECONFIG_REFUSED)",
    ],
    [
      "a configuration with a fault",
      (at) => ({ FILE: at.folder }),
      ["--config", "/nowhere/taffrail.yaml"],
      2,
      "error: cannot read /nowhere/taffrail.yaml (ENOENT)",
    ],
    ["a server as well", () => ({}), ["--server", "http://127.0.0.1:1"], 2, "error: use either --server or --local"],
  ])("reports %s in one sentence, with the next step", async (_, env, args, code, message) => {
    const result = await world.run("anna", ["runs", "--local", ...args], { env: env(world) });
    expect([result.code, result.out, result.said[0]]).toEqual([code, "", message]);
    if (message !== "error: use either --server or --local") expect(result.said[1]).toMatch(/^ {2}try {5}./);
    expect(result.said.join("\n")).not.toContain(tokenOf("anna"));
  });

  it("is what a context says, with its configuration", async () => {
    const config = world.storeConfig();
    const kubeconfig = world.kubeconfig("podless");
    const env = { ...world.env, KUBECONFIG: "", XDG_CONFIG_HOME: join(world.folder, "contexts") };
    mkdirSync(env.XDG_CONFIG_HOME, { recursive: true });
    const set = ["context", "set", "mine", "--local", "--kubeconfig", kubeconfig, "--config", config, "--use"];
    expect(await world.run("podless", set, { env })).toMatchObject({ code: 0 });
    expect(await world.run("podless", ["logs", "@failed"], { env })).toMatchObject({ code: 0 });
    expect(readFileSync(join(env.XDG_CONFIG_HOME, "taffrail", "config.yaml"), "utf8")).not.toContain("token");
  });

  it("is the chosen context also where --local says so, unless a flag names another cluster", async () => {
    const kubeconfig = world.kubeconfig("anna");
    const folder = mkdtempSync(join(world.folder, "contexts-"));
    // kubectl would read as somebody else.
    const env = { ...world.env, KUBECONFIG: world.kubeconfig("outsider"), XDG_CONFIG_HOME: folder };
    const set = ["context", "set", "mine", "--local", "--kubeconfig", kubeconfig, "--use"];
    await world.run("outsider", set, { env });
    const user = async (args: readonly string[], more = {}) =>
      (await world.run("outsider", ["whoami", ...args], { env: { ...env, ...more } })).out.split("\n")[0];
    expect(await user([])).toBe("user      anna");
    expect(await user(["--local"])).toBe("user      anna");
    expect(await user(["--local", "--context", "demo"])).toBe("user      outsider");
    expect(await user(["--kubeconfig", env.KUBECONFIG])).toBe("user      outsider");
    await world.run("outsider", ["context", "set", "server", "--server", "http://127.0.0.1:1", "--use"], { env });
    expect(await user(["--local"])).toBe("user      outsider");
    expect(await user(["--local"], { TAFFRAIL_CONTEXT: "mine" })).toBe("user      anna");
  });

  it("prints no link to a page that ends with the command", async () => {
    expect(await world.run("anna", ["link", "@failed", "--local"])).toEqual({
      code: 2,
      out: "",
      said: [
        "error: without a server there is no page to link to",
        "  try     taffrail ui, which opens the page on this computer",
      ],
    });
  });
});

function rubbish({ folder }: LocalWorld): string {
  const path = join(folder, "rubbish");
  writeFileSync(path, `users: [{ name: anna, user: { token: ${tokenOf("anna")}`);
  return path;
}
