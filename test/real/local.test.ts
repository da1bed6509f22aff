import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { FIRST_CLIENT } from "../fakes/certificates.ts";
import { type CliResult, runInProcess } from "../fakes/cli.ts";
import { startHttpProxy } from "../fakes/http-proxy.ts";
import { podObject, terminated } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { startSocksProxy } from "../fakes/socks-proxy.ts";
import { type MadeRun, type Rules, TestProject } from "./project.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { type Kubelet, startKubelet } from "./servers/kubelet.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const NAMESPACE = "laptops";
const METRIC = "robot";
const RBAC = "rbac.authorization.k8s.io";
const rule = (apiGroup: string, resources: readonly string[], verbs = ["get", "list", "watch"]): Rules[number] => ({
  apiGroups: [apiGroup],
  resources,
  verbs,
});
const RUNS = rule("argoproj.io", ["analysisruns"]);
const STAGES = rule("kargo.akuity.io", ["stages"]);
const POD_LOGS = rule("", ["pods", "pods/log"]);
/** Who has which rights in the project. */
const PEOPLE = {
  anna: [RUNS, STAGES, POD_LOGS],
  podless: [RUNS, STAGES],
  stageless: [RUNS, POD_LOGS],
  runless: [STAGES, POD_LOGS],
} satisfies Readonly<Record<string, Rules>>;

describe("without a server, on a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  const folder = mkdtempSync(join(inject("folder"), "local-"));
  const env = { XDG_CONFIG_HOME: join(folder, "config"), XDG_STATE_HOME: join(folder, "state"), HOME: folder };
  const config = join(folder, "taffrail.yaml");
  const tokens: Record<string, string> = {};
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  let kubelet: Kubelet;
  let project: TestProject;
  let run: MadeRun;
  let files = 0;

  beforeAll(async () => {
    const store = inject("store");
    writeFileSync(
      config,
      `sources: [{ name: archive, http: { url: "${store.url}/\${{ project }}/\${{ jobName }}/main.log" } }]`,
    );
    kubelet = await startKubelet(admin, "laptop-node");
    project = await TestProject.create(admin, NAMESPACE, store.files);
    await project.addStage("uat");
    for (const [name, rules] of Object.entries(PEOPLE)) tokens[name] = await project.addUser(name, rules);
    run = await project.addRun("uat.run", "uat", [METRIC]);
    await project.storeLog(run.jobOf(METRIC), "from the archive\n");
    const spec = { nodeName: kubelet.node };
    const pod = podObject({
      namespace: NAMESPACE,
      uid: run.uid,
      job: run.jobOf(METRIC),
      phase: "Failed",
      containers: { main: terminated(1) },
      spec,
    });
    await admin.create(pod);
    const ref = { namespace: NAMESPACE, name: pod.metadata.name };
    kubelet.answer(ref, "main", sends("2026-01-01T00:00:00.000000000Z from the pod\n"));
    // A user who is known by a certificate, and a group that is impersonated.
    const metadata = { name: "others", namespace: NAMESPACE };
    await admin.create({ apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules: PEOPLE.anna });
    await admin.create({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: RBAC, kind: "Role", name: "others" },
      subjects: [
        { apiGroup: RBAC, kind: "User", name: "first" },
        { apiGroup: RBAC, kind: "Group", name: "testers" },
      ],
    });
  });

  afterAll(async () => {
    await kubelet?.close();
    await admin.close();
  });

  /** Writes a kubeconfig of one user. */
  const kubeconfig = (user: object, cluster: object = {}): string => {
    files += 1;
    const path = join(folder, `kubeconfig-${files}`);
    const own = { server: kubernetes.url, "certificate-authority-data": base64(kubernetes.ca), ...cluster };
    const config = {
      clusters: [{ name: "real", cluster: own }],
      users: [{ name: "me", user }],
      contexts: [{ name: "real", context: { cluster: "real", user: "me", namespace: NAMESPACE } }],
      "current-context": "real",
    };
    writeFileSync(path, JSON.stringify(config));
    return path;
  };
  const ofPerson = (name: string): string => kubeconfig({ token: tokens[name] });
  const logs = (KUBECONFIG: string, ...args: readonly string[]): Promise<CliResult> =>
    runInProcess(["logs", "uat.run", "--local", "-o", "raw", ...args], { env: { ...env, KUBECONFIG } });

  it("reads a pod's log as who a token, a client certificate, a credential plugin or an impersonation says", async () => {
    const plugin = join(folder, "plugin");
    writeFileSync(plugin, `#!/bin/sh\necho '{"status":{"token":"${tokens.anna}"}}'\n`, { mode: 0o755 });
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "./plugin", interactiveMode: "Never" };
    const certificate = {
      "client-certificate-data": base64(FIRST_CLIENT.cert),
      "client-key-data": base64(FIRST_CLIENT.key),
    };
    const impersonation = { token: kubernetes.adminToken, as: "tina", "as-groups": ["testers"] };
    for (const user of [{ token: tokens.anna }, certificate, { exec }, impersonation]) {
      const { code, out, said } = await logs(kubeconfig(user));
      expect([said.find((line) => line.startsWith("error")), code, out]).toEqual([undefined, 0, "from the pod\n"]);
    }
    // Without its group, the impersonated user is nobody.
    expect(await logs(kubeconfig({ token: kubernetes.adminToken, as: "tina" }))).toMatchObject({ code: 4, out: "" });
  });

  it.each([
    ["an HTTP proxy", () => startHttpProxy()],
    ["a SOCKS proxy", startSocksProxy],
  ])("reaches the cluster through %s that the kubeconfig names", async (_, start) => {
    const proxy = await start();
    const path = kubeconfig({ token: tokens.anna }, { "proxy-url": proxy.url });
    // As a process of its own, which has warnings to itself.
    const args = [MAIN, "logs", "uat.run", "--local", "-o", "raw"];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      env: { ...process.env, ...env, KUBECONFIG: path },
    });
    expect([stdout, stderr]).toEqual(["from the pod\n", expect.not.stringContaining("Warning")]);
    expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${new URL(kubernetes.url).host}`]));
    await proxy.close();
    expect(await logs(path)).toMatchObject({ code: 6, out: "" });
  });

  it("lets RBAC decide about pods, and reviews of the run and its Stage about archives", async () => {
    const table: (readonly [person: string, pods: string, archive: string])[] = [
      ["anna", "from the pod\n", "from the archive\n"],
      ["podless", "denied", "from the archive\n"],
      ["stageless", "from the pod\n", "denied"],
      ["runless", "denied", "denied"],
    ];
    for (const [person, pods, archive] of table) {
      const read = async (...args: readonly string[]) => {
        const { code, out } = await logs(ofPerson(person), ...args);
        return code === 4 && out === "" ? "denied" : out;
      };
      expect([person, await read(), await read("--config", config)]).toEqual([person, pods, archive]);
    }
  });

  it("says in Kubernetes' words what it denies, whether or not there is such a run", async () => {
    const said = async (name: string) => {
      const env_ = { ...env, KUBECONFIG: ofPerson("runless") };
      return (await runInProcess(["logs", name, "--local"], { env: env_ })).said[0]?.replaceAll(name, "RUN");
    };
    expect(await said("uat.run")).toMatch(
      /^error: Kubernetes denies it: .*User "system:serviceaccount:laptops:runless" cannot get resource "analysisruns"/,
    );
    expect(await said("uat.gone")).toBe(await said("uat.run"));
  });

  it("says what is wrong with expired credentials, a certificate authority, and a cluster that is down", async () => {
    const first = async (path: string) => {
      const { code, said } = await logs(path);
      return [code, said[0]];
    };
    expect(await first(kubeconfig({ token: "expired" }))).toEqual([
      4,
      "error: the cluster does not accept the kubeconfig's credentials: they are invalid or have expired (KUBECONFIG_REFUSED)",
    ]);
    const token = { token: tokens.anna };
    expect(await first(kubeconfig(token, { "certificate-authority-data": base64(FIRST_CLIENT.cert) }))).toEqual([
      6,
      expect.stringMatching(
        /^error: the Kubernetes API server could not be verified \([A-Z_]+\) \(KUBERNETES_UNTRUSTED\)$/,
      ),
    ]);
    expect(await first(kubeconfig(token, { server: "https://127.0.0.1:1" }))).toEqual([
      6,
      "error: the Kubernetes API server could not be reached (ECONNREFUSED) (KUBERNETES_UNAVAILABLE)",
    ]);
  });

  it.skipIf(spawnSync("kubectl").error !== undefined)("works as a plugin of a real kubectl", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    const launcher = join(import.meta.dirname, "../../src/kubectl-taffrail.js");
    chmodSync(launcher, 0o755);
    symlinkSync(launcher, join(bin, "kubectl-taffrail"));
    symlinkSync(process.execPath, join(bin, "node"));
    const kubectl = (...args: readonly string[]) =>
      promisify(execFile)("kubectl", ["taffrail", ...args], {
        env: { ...env, PATH: `${bin}:${process.env.PATH}`, KUBECONFIG: "/nowhere" },
      });
    const flags = ["-n", NAMESPACE, "--context", "real", "--kubeconfig", ofPerson("anna")];
    expect((await kubectl("logs", "uat.run", ...flags)).stdout).toBe("from the pod\n");
    await expect(kubectl("logs", "uat.run", ...flags, "--namespace", "default")).rejects.toMatchObject({ code: 4 });
  });
});
