import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { signInPath } from "../../src/cli/sign-in/stored-sign-in.ts";
import { readClaims } from "../../src/cli/sign-in/token-claims.ts";
import { runInProcess } from "../fakes/cli.ts";
import { fakeTimer } from "../fakes/timers.ts";
import { plant } from "../planted/search.ts";
import { READER, TestProject } from "./project.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const NAMESPACE = "login";
const AUDIENCE = "taffrail.example.com";
const RBAC = "rbac.authorization.k8s.io";

describe("taffrail login --from-kubeconfig, with a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  const folder = mkdtempSync(join(tmpdir(), "taffrail-login-"));
  let gateway: Gateway;
  let own: string;

  beforeAll(async () => {
    const token = await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]);
    const config = JSON.stringify({ sources: [], identity: { audiences: [AUDIENCE] } });
    gateway = await startGateway({ folder: inject("folder"), config, kubernetes: { ...kubernetes, token } });
    const project = await TestProject.create(admin, NAMESPACE, inject("store").files);
    own = await project.addUser("ci", READER);
    const kubeconfig = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "ci",
      clusters: [
        {
          name: "c",
          cluster: {
            server: kubernetes.url,
            "certificate-authority-data": Buffer.from(kubernetes.ca).toString("base64"),
          },
        },
      ],
      users: [{ name: "ci", user: { token: own } }],
      contexts: [{ name: "ci", context: { cluster: "c", user: "ci" } }],
    };
    writeFileSync(join(folder, "kubeconfig"), JSON.stringify(kubeconfig));
  });
  afterAll(async () => {
    await gateway?.server.stop();
    await admin.close();
    rmSync(folder, { recursive: true });
  });

  const run = (...args: readonly string[]) =>
    runInProcess(args, { env: { XDG_CONFIG_HOME: folder }, timer: fakeTimer(15_000).timer });
  const login = () =>
    run("login", gateway.url, "--context", "real", "--from-kubeconfig", "--kubeconfig", join(folder, "kubeconfig"));

  it("gets a ServiceAccount a token for the gateway's audience alone, if RBAC lets it", async () => {
    expect(await login()).toEqual({
      code: 4,
      out: "",
      said: [
        `error: the ServiceAccount ${NAMESPACE}/ci may not create a token for this server`,
        `  try     ask for the permission to create serviceaccounts/token ci in ${NAMESPACE}`,
        "          --local, which needs no server",
      ],
    });
    const rule = { apiGroups: [""], resources: ["serviceaccounts/token"], resourceNames: ["ci"], verbs: ["create"] };
    const metadata = { name: "own-token", namespace: NAMESPACE };
    await admin.create({ apiVersion: `${RBAC}/v1`, kind: "Role", metadata, rules: [rule] });
    await admin.create({
      apiVersion: `${RBAC}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: RBAC, kind: "Role", name: "own-token" },
      subjects: [{ kind: "ServiceAccount", name: "ci", namespace: NAMESPACE }],
    });
    await expect.poll(login, { timeout: 20_000 }).toMatchObject({ code: 0 });
    const { issued } = JSON.parse(readFileSync(signInPath({ XDG_CONFIG_HOME: folder }, "real"), "utf8")) as {
      readonly issued: string;
    };
    plant(issued);
    expect(readClaims(issued)).toMatchObject({ aud: [AUDIENCE], sub: `system:serviceaccount:${NAMESPACE}:ci` });
    const { code, out } = await run("whoami");
    expect([code, out]).toEqual([0, expect.stringContaining(`user      system:serviceaccount:${NAMESPACE}:ci\n`)]);
    expect(out).toContain(`projects  ${NAMESPACE}\n`);
  });
});
