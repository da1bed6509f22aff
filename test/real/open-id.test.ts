import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { createProviders } from "../../src/identity/providers.ts";
import { Secret } from "../../src/secret.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { SERVER_CERTIFICATE } from "../fakes/certificates.ts";
import { creatingApi } from "../fakes/kube-api.ts";
import { type OpenIdProvider, startOpenIdProvider } from "../fakes/open-id-provider.ts";
import { as, readLog } from "../integration/read-log.ts";
import { READER, TestProject } from "./project.ts";
import { rightsGranted, rightsUsed } from "./rights.ts";
import type { ChildServer } from "./servers/child-server.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { createGatewayAccount } from "./servers/gateway-account.ts";
import { API_AUDIENCE, startKubeApiserver } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const ACCOUNTS = {
  ann: { email: "ann@example.com", email_verified: true, groups: ["testers", "leads"], preferred_username: "ann" },
  bob: { email: "bob@example.com", email_verified: false, groups: ["testers"] },
  cy: { email: "cy@example.com", groups: "testers", preferred_username: ["cy"] },
  dee: { email: "dee@example.com", email_verified: true, groups: [7, { name: "testers" }] },
  eli: { email: 7, groups: [] },
  fay: { email: "fay@example.com", email_verified: "true", groups: null },
  gus: {},
} as const;

/** The provider's settings as ours, and as options of kube-apiserver. */
const SETTINGS = [
  { settings: {}, options: [] },
  {
    settings: { groupsClaim: "groups", groupsPrefix: "oidc:", usernamePrefix: "-" },
    options: ["--oidc-groups-claim=groups", "--oidc-groups-prefix=oidc:", "--oidc-username-prefix=-"],
  },
  {
    settings: { usernameClaim: "email", groupsClaim: "groups" },
    options: ["--oidc-username-claim=email", "--oidc-groups-claim=groups"],
  },
  {
    settings: { usernameClaim: "email", usernamePrefix: "corp:", groupsClaim: "groups", groupsPrefix: "corp:" },
    options: [
      ...["--oidc-username-claim=email", "--oidc-username-prefix=corp:"],
      ...["--oidc-groups-claim=groups", "--oidc-groups-prefix=corp:"],
    ],
  },
  {
    settings: { usernameClaim: "email", usernamePrefix: "-", groupsClaim: "groups", groupsPrefix: "-" },
    options: [
      ...["--oidc-username-claim=email", "--oidc-username-prefix=-"],
      ...["--oidc-groups-claim=groups", "--oidc-groups-prefix=-"],
    ],
  },
  { settings: { usernameClaim: "preferred_username" }, options: ["--oidc-username-claim=preferred_username"] },
] as const;

describe("a token of an OpenID provider", () => {
  let provider: OpenIdProvider;
  let caFile: string;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    provider = await startOpenIdProvider({ accounts: ACCOUNTS, tls: SERVER_CERTIFICATE });
    caFile = join(inject("folder"), "open-id-ca.pem");
    await writeFile(caFile, SERVER_CERTIFICATE.cert);
    for (const account of Object.keys(ACCOUNTS)) tokens[account] = await provider.signIn(account, "taffrail");
    tokens.other = await provider.signIn("ann", "other");
    tokens.changed = `${tokens.ann?.slice(0, -8)}AAAAAAAA`;
  });
  afterAll(() => provider?.close());

  const oidcOf = (settings: object) => ({ issuer: provider.issuer, clientId: "taffrail", caFile, ...settings });

  describe.each(SETTINGS)("with $settings", ({ settings, options }) => {
    let cluster: { readonly admin: KubeClient; readonly server: ChildServer };
    beforeAll(async () => {
      const { access, server } = await startKubeApiserver(
        `open-id-${SETTINGS.findIndex((each) => each.settings === settings)}`,
        inject("etcdUrl"),
        inject("folder"),
        [`--oidc-issuer-url=${provider.issuer}`, "--oidc-client-id=taffrail", `--oidc-ca-file=${caFile}`, ...options],
      );
      cluster = { admin: new KubeClient(access), server };
      // kube-apiserver reads the provider's keys some time after it is ready.
      await server.waitFor(() => knownToCluster(tokens.ann ?? ""));
    });
    afterAll(async () => {
      await cluster?.admin.close();
      await cluster?.server.stop();
    });

    /** What kube-apiserver makes of a token: the user name and groups, if it accepts it. */
    const knownToCluster = async (token: string) => {
      const { body } = await cluster.admin.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token },
      });
      const { authenticated, user } = (
        body as { status: { authenticated?: boolean; user: { username: string; groups: string[] } } }
      ).status;
      return authenticated ? { username: user.username, groups: user.groups.toSorted() } : undefined;
    };
    const knownToUs = async (token: string) => {
      const text = JSON.stringify({ identity: { providers: [{ name: "corp", oidc: oidcOf(settings) }] } });
      const { providers, egress } = parseConfig(text, { name: "t.yaml", folder: ".", env: {}, clock: systemClock });
      const kube = creatingApi(() => undefined);
      const log = createLog("silent");
      const opened = createProviders(providers, { kube, egress, clock: systemClock, log, audiences: [] });
      try {
        const identity = await opened.verifiers[0]?.verify(new Secret(token));
        return identity && { username: identity.username, groups: identity.groups.toSorted() };
      } catch {
        return undefined;
      } finally {
        await opened.close();
      }
    };

    it.each([...Object.keys(ACCOUNTS), "other", "changed"])(
      "gives %s the user name and groups that kube-apiserver gives",
      async (account) => {
        const token = tokens[account] ?? "";
        const cluster = await knownToCluster(token);
        expect(await knownToUs(token)).toEqual(cluster);
        if (account === "ann") expect(cluster?.groups).toContain("system:authenticated");
        if (account === "other" || account === "changed") expect(cluster).toBeUndefined();
      },
    );
  });

  describe("on a cluster that does not know the provider", () => {
    const kubernetes = inject("kubernetes");
    const admin = new KubeClient(kubernetes);
    const NAMESPACE = "open-id";
    const LOG = "for those who signed in\n";
    const account = "with-open-id";
    let kargo: OpenIdProvider;
    let gateway: Gateway;
    let run: string;
    const kargoTokens: Record<string, string> = {};

    beforeAll(async () => {
      kargo = await startOpenIdProvider({
        accounts: {
          ann: { email: "ann@example.com", groups: ["devops"] },
          boss: { email: "boss@example.com", groups: [] },
          bob: { email: "bob@example.com", groups: ["others"] },
          grouped: { email: "grouped@example.com", groups: ["grouped"] },
        },
        tls: SERVER_CERTIFICATE,
      });
      for (const name of ["ann", "boss", "bob", "grouped"]) kargoTokens[name] = await kargo.signIn(name, "taffrail");

      const project = await TestProject.create(admin, NAMESPACE, inject("store").files);
      await project.addStage("uat");
      const made = await project.addRun("uat.run", "uat", ["robot"]);
      run = made.name;
      await project.storeLog(made.jobOf("robot"), LOG);
      await admin.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "open-id-global" } });
      const annotated = (namespace: string, name: string, claims: object) =>
        admin.create({
          apiVersion: "v1",
          kind: "ServiceAccount",
          metadata: { namespace, name, annotations: { "rbac.kargo.akuity.io/claims": JSON.stringify(claims) } },
        });
      await annotated(NAMESPACE, "viewer", { groups: ["devops"] });
      await annotated("open-id-global", "boss", { email: ["boss@example.com"] });
      await annotated("open-id-global", "grouped", { groups: ["grouped"] });
      const metadata = { name: "open-id", namespace: NAMESPACE };
      await admin.create({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata, rules: READER });
      const group = "rbac.authorization.k8s.io";
      await admin.create({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: group, kind: "Role", name: "open-id" },
        subjects: [
          { apiGroup: group, kind: "Group", name: "corp:testers" },
          { kind: "ServiceAccount", namespace: NAMESPACE, name: "viewer" },
          { kind: "ServiceAccount", namespace: "open-id-global", name: "boss" },
          { apiGroup: group, kind: "User", name: "bob@example.com" },
        ],
      });
      // A right of all accounts of a namespace, which Kargo does not count.
      await admin.create({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name: "open-id-all", namespace: NAMESPACE },
        roleRef: { apiGroup: group, kind: "Role", name: "open-id" },
        subjects: [{ apiGroup: group, kind: "Group", name: "system:serviceaccounts:open-id-global" }],
      });

      await createGatewayAccount(admin, account, ["taffrail", "taffrail-kargo"]);
      const providers = [
        { name: "cluster", kubernetes: {} },
        {
          name: "corp",
          oidc: oidcOf({ usernameClaim: "email", groupsClaim: "groups", groupsPrefix: "corp:" }),
        },
        {
          name: "kargo",
          kargo: { issuer: kargo.issuer, clientId: "taffrail", caFile, globalNamespaces: ["open-id-global"] },
        },
      ];
      const sources = [
        {
          name: "archive",
          http: { url: `${inject("store").url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` },
        },
      ];
      gateway = await startGateway({
        folder: inject("folder"),
        config: JSON.stringify({ identity: { providers }, sources }),
        kubernetes: { ...kubernetes, token: await admin.createToken("taffrail", account, [API_AUDIENCE]) },
      });
    });
    afterAll(async () => {
      await gateway?.server.stop();
      await kargo?.close();
      await admin.close();
    });

    const read = async (token = "") => {
      const transport = createGrpcTransport({ baseUrl: gateway.url });
      const { text, error } = await readLog(transport, { namespace: NAMESPACE, name: run }, as(token));
      return error?.reason ?? text;
    };

    it("has the rights that RBAC gives to the user and groups", async () => {
      expect(await read(tokens.ann)).toBe(LOG);
      expect(await read(tokens.cy)).toBe(LOG);
      expect(await read(tokens.gus)).toBe("TOKEN_REFUSED");
      expect(await read(tokens.bob)).toBe("TOKEN_REFUSED");
      expect(await read(tokens.other)).toBe("TOKEN_REFUSED");
    });

    it("of Kargo's has the rights of the accounts that are annotated with its claims", async () => {
      expect(await read(kargoTokens.ann)).toBe(LOG);
      expect(await read(kargoTokens.boss)).toBe(LOG);
      expect(await read(kargoTokens.bob)).toBe("ACCESS_DENIED");
      expect(await read(kargoTokens.grouped)).toBe("ACCESS_DENIED");
    });

    it("is accepted beside tokens of the cluster", async () => {
      expect(await read(await admin.createToken(NAMESPACE, "viewer", [API_AUDIENCE]))).toBe(LOG);
      expect(await read("made.up.token")).toBe("TOKEN_REFUSED");
    });

    // Runs last: it checks everything that the gateway did.
    it("needs no permissions but those in deploy/cluster-role.yaml and deploy/cluster-role-kargo.yaml", async () => {
      const { used, refused } = await rightsUsed(kubernetes.auditLog, `system:serviceaccount:taffrail:${account}`);
      const granted = await rightsGranted("cluster-role.yaml", "cluster-role-kargo.yaml");
      expect(refused).toEqual([]);
      expect(used).toContain("list /serviceaccounts");
      for (const right of used) expect(granted).toContain(right);
    });
  });
});
