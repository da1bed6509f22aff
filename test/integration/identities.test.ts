import { type Client, createClient } from "@connectrpc/connect";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KargoService } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import {
  AnalysisRunLogService,
  CallerRights,
  EndReason,
  SignInMethod,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import {
  createSigningKey,
  type ScriptedProvider,
  type SigningKey,
  signByHmac,
  signToken,
  startScriptedProvider,
} from "../fakes/scripted-provider.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { GATEWAY_TOKEN, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { messagesOf } from "./read-messages.ts";
import { ADMIN_KEY, type LogRef, startWorld, type World } from "./world.ts";

const LOG = "for those who may\n";
const RECHECK_MS = 4_321;
const isRecheck = (ms: number): boolean => ms === RECHECK_MS;
const RBAC = "rbac.authorization.k8s.io/v1";
const SAME = { "sec-fetch-site": "same-origin" };

const waits = createWaits();
let corp: ScriptedProvider;
let kargo: ScriptedProvider;
let world: World;
const changed: KubeObject[] = [];

const providers = () => [
  { name: "cluster", kubernetes: {} },
  {
    name: "corp",
    oidc: {
      issuer: corp.issuer,
      clientId: "taffrail",
      cliClientId: "taffrail-cli",
      usernameClaim: "email",
      usernamePrefix: "oidc:",
      groupsClaim: "groups",
      groupsPrefix: "oidc:",
    },
  },
  { name: "kargo", kargo: { issuer: kargo.issuer, clientId: "kargo", globalNamespaces: ["kargo"] } },
  {
    name: "admin",
    kargoAdmin: { issuer: "https://kargo.example.com", audience: "kargo", signingKey: { env: "ADMIN_KEY" } },
  },
];
const configOf = (more: object = {}) => ({
  identity: { providers: providers() },
  follow: { recheck: `${RECHECK_MS}ms` },
  ...more,
});

beforeAll(async () => {
  [corp, kargo] = await Promise.all([startScriptedProvider(), startScriptedProvider()]);
  world = await startWorld({ config: configOf(), wait: waits.wait });
  for (const object of clusterObjects()) world.cluster.put(object);
});
afterEach(() => {
  for (const object of changed.splice(0)) world.cluster.put(object);
  for (const each of [corp, kargo]) each.publish(each.key);
  // Lets everything that is cached expire.
  world.clock.advance(60_000);
});
afterAll(async () => {
  await world?.close();
  await Promise.all([corp?.close(), kargo?.close()]);
});

const account = (namespace: string, name: string, annotations: Record<string, string>): KubeObject => ({
  apiVersion: "v1",
  kind: "ServiceAccount",
  metadata: { namespace, name, annotations },
});
const bind = (name: string, namespace: string, subject: object): KubeObject => ({
  apiVersion: RBAC,
  kind: "RoleBinding",
  metadata: { name, namespace },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
  subjects: [subject],
});
const GATEWAY = { token: GATEWAY_TOKEN, user: { username: "system:serviceaccount:taffrail:taffrail" } };
const ACCOUNT = account("shop", "viewer", { "rbac.kargo.akuity.io/claims": '{"groups":["devops"]}' });
const ACCOUNT_BINDING = bind("kargo", "shop", { kind: "ServiceAccount", namespace: "shop", name: "viewer" });
const USER_BINDING = bind("corp", "shop", { kind: "User", name: "oidc:ann@example.com" });
const TOKEN_BINDING: KubeObject = bind("reader", "shop", { kind: "User", name: "reader" });

const clusterObjects = (): readonly KubeObject[] => [
  USER_BINDING,
  bind("corp-group", "shop", { kind: "Group", name: "oidc:testers" }),
  ACCOUNT,
  ACCOUNT_BINDING,
  account("kargo", "everywhere", { "rbac.kargo.akuity.io/claim.email": "boss@example.com, other@example.com" }),
  bind("kargo-global", "elsewhere", { kind: "ServiceAccount", namespace: "kargo", name: "everywhere" }),
  account("shop", "rubbish", { "rbac.kargo.akuity.io/claims": '{"groups":"hackers"}' }),
  bind("rubbish", "shop", { kind: "ServiceAccount", namespace: "shop", name: "rubbish" }),
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "kargo" } },
  // Kargo's users have no rights of their own, whatever their names.
  bind("no-user", "shop", { kind: "User", name: "mallory@example.com" }),
  bind("no-group", "shop", { kind: "Group", name: "system:authenticated-by-kargo" }),
  bind("all-accounts", "elsewhere", { kind: "Group", name: "system:serviceaccounts:shop" }),
];

/** Removes an object until the end of the test. */
function remove(object: KubeObject): void {
  changed.push(object);
  world.cluster.remove(object);
}

const seconds = () => world.clock.now() / 1_000;
const tokenOf = ({ issuer, key }: ScriptedProvider, claims: object, by: SigningKey = key) =>
  signToken(by, { iss: issuer, sub: "7", iat: seconds(), exp: seconds() + 3_600, ...claims });
const ofCorp = (claims: object = {}, by?: SigningKey) =>
  tokenOf(corp, { aud: "taffrail", email: "ann@example.com", ...claims }, by);
const ofKargo = (claims: object = {}, by?: SigningKey) =>
  tokenOf(kargo, { aud: "kargo", email: "ann@example.com", groups: ["devops"], ...claims }, by);
const ofAdmin = (claims: object = {}, key = ADMIN_KEY) =>
  signByHmac(key, {
    iss: "https://kargo.example.com",
    aud: "kargo",
    sub: "admin",
    iat: seconds(),
    exp: seconds() + 3_600,
    ...claims,
  });
let clusterTokens = 0;
/** A token that the cluster knows. */
function ofCluster(username: string, exp = seconds() + 3_600): string {
  clusterTokens += 1;
  const token = signByHmac("any", { iss: "https://kubernetes.default.svc", exp, jti: clusterTokens });
  world.cluster.put({
    apiVersion: "demo.taffrail/v1",
    kind: "Token",
    metadata: { name: `own-${clusterTokens}` },
    token,
    user: { username },
  });
  return token;
}

interface Row {
  readonly identity: string;
  readonly allowed: () => string;
  /** Nothing is denied to Kargo's admin. */
  readonly denied?: () => string;
  /** A token that expires in ten seconds. */
  readonly short: () => string;
  /** Takes the right to read away. */
  readonly revoke?: () => void;
  readonly provider?: () => ScriptedProvider;
  /** Signs a token that may with another key. */
  readonly signedBy?: (key: SigningKey) => string;
}

const IDENTITIES: readonly Row[] = [
  {
    identity: "the cluster",
    allowed: () => ofCluster("reader"),
    denied: () => TOKENS.stranger,
    short: () => ofCluster("reader", seconds() + 10),
    revoke: () => remove(TOKEN_BINDING),
  },
  {
    identity: "an OpenID provider",
    allowed: ofCorp,
    denied: () => ofCorp({ email: "bob@example.com" }),
    short: () => ofCorp({ exp: seconds() + 10 }),
    revoke: () => remove(USER_BINDING),
    provider: () => corp,
    signedBy: (key) => ofCorp({}, key),
  },
  {
    identity: "an OpenID provider, by a group",
    allowed: () => ofCorp({ email: "cy@example.com", groups: ["others", "testers"] }),
    denied: () => ofCorp({ email: "cy@example.com", groups: ["others"] }),
    short: () => ofCorp({ email: "cy@example.com", groups: "testers", exp: seconds() + 10 }),
    provider: () => corp,
    signedBy: (key) => ofCorp({ email: "cy@example.com", groups: ["testers"] }, key),
  },
  {
    identity: "Kargo's claims",
    allowed: ofKargo,
    denied: () => ofKargo({ groups: ["Devops", "hackers"], email: "mallory@example.com" }),
    short: () => ofKargo({ exp: seconds() + 10 }),
    revoke: () => remove(ACCOUNT),
    provider: () => kargo,
    signedBy: (key) => ofKargo({}, key),
  },
  {
    identity: "Kargo's admin",
    allowed: ofAdmin,
    short: () => ofAdmin({ exp: seconds() + 10 }),
  },
];

const client = (at: World = world): Client<typeof AnalysisRunLogService> =>
  createClient(AnalysisRunLogService, at.transport(PROTOCOLS[0] as (typeof PROTOCOLS)[number]));
const grpc = () => world.transport(PROTOCOLS[0] as (typeof PROTOCOLS)[number]);

/** What each way to read says to the owner of a token: "yes", or the reason of its refusal. */
async function answersOf(token: string, ref: LogRef): Promise<Readonly<Record<string, string>>> {
  const options = as(token);
  const { namespace, name } = ref;
  const rpc = (work: Promise<unknown>) =>
    work.then(
      () => "yes",
      async (error: unknown) => (await errorOf(Promise.reject(error))).reason ?? "",
    );
  const path = async (at: string, headers: Record<string, string>) => {
    const answer = await fetch(`${world.url}${at}`, { headers, redirect: "manual" });
    const text = await answer.text();
    return answer.ok ? "yes" : (/\(([A-Z_]+)\)/.exec(text)?.[1] ?? `${answer.status}`);
  };
  const firstOf = async (messages: AsyncIterable<unknown>) => {
    for await (const _ of messages) return;
  };
  const signedIn = await fetch(`${world.url}/session`, {
    method: "POST",
    headers: { "content-type": "application/json", ...SAME },
    body: JSON.stringify({ token }),
  });
  const cookie = signedIn.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
  const bearer = { authorization: `Bearer ${token}` };
  const logs = await Promise.all(
    PROTOCOLS.map(async (protocol) => {
      const { text, error } = await readLog(world.transport(protocol), ref, options);
      return [protocol.name, text === LOG ? "yes" : (error?.reason ?? "")] as const;
    }),
  );
  const leave = new AbortController();
  const watching = { ...options, signal: leave.signal };
  const answers = {
    ...Object.fromEntries(logs),
    run: await rpc(client().getAnalysisRun(ref, options)),
    list: await rpc(client().listAnalysisRuns({ namespace }, options)),
    watch: await rpc(firstOf(client().watchAnalysisRuns({ namespace, name }, watching))),
    kargo: await rpc(firstOf(createClient(KargoService, grpc()).getAnalysisRunLogs(ref, options))),
    raw: await path(`/raw/${namespace}/${name}`, bearer),
    session: await path(`/raw/${namespace}/${name}`, { cookie, ...SAME }),
    // Beyond the right to read: no such report is configured.
    link: (await path(`/links/${namespace}/${name}?title=x`, bearer)).replace("LINK_NOT_FOUND", "yes"),
  };
  leave.abort();
  return answers;
}

const all = (answers: Readonly<Record<string, string>>) => [...new Set(Object.values(answers))];
const projectsOf = async (token: string) =>
  (await client().listProjects({}, as(token))).projects.map(({ name }) => name);

describe.each(IDENTITIES)(
  "a caller identified by $identity",
  ({ allowed, denied, short, revoke, provider, signedBy }) => {
    it("reads what RBAC allows, by every route", async () => {
      const ref = world.addLog(sends(LOG));
      const token = allowed();
      const answers = await answersOf(token, ref);
      expect(answers).toMatchObject({ run: "yes" });
      expect(all(answers)).toEqual(["yes"]);
      expect(await projectsOf(token)).toContain("shop");
    });

    it.runIf(denied)("reads nothing that RBAC denies, by any route, whether or not it exists", async () => {
      const ref = world.addLog(sends(LOG));
      const token = denied?.() ?? "";
      expect(all(await answersOf(token, ref))).toEqual(["ACCESS_DENIED"]);
      expect(all(await answersOf(token, { namespace: "shop", name: "missing" }))).toEqual(["ACCESS_DENIED"]);
      expect(all(await answersOf(token, { namespace: "no-such-project", name: "missing" }))).toEqual(["ACCESS_DENIED"]);
      expect(await projectsOf(token)).not.toContain("shop");
    });

    const open = async (token: string, ref = world.addLog(sendsThenHangs("begin\n"))) => {
      const messages = messagesOf(grpc(), ref, as(token));
      for (let message = await messages.next(); message.value?.text !== "begin\n"; ) message = await messages.next();
      await waits.until(isRecheck);
      return messages;
    };
    const endOf = async (messages: ReturnType<typeof messagesOf>) => {
      let ended = await messages.next();
      while (ended.value?.end === undefined) ended = await messages.next();
      return { reason: ended.value.end.reason, cursor: ended.value.cursor, error: await errorOf(messages.next()) };
    };

    it("has a stream ended with TOKEN_EXPIRED when the token expires, and can resume with a new one", async () => {
      const ref = world.addLog(sendsThenHangs("begin\n"));
      const messages = await open(short(), ref);
      world.clock.advance(10_000);
      waits.pass(isRecheck);
      const { reason, error, cursor } = await endOf(messages);
      expect({ reason, error }).toMatchObject({
        reason: EndReason.TOKEN_EXPIRED,
        error: { code: "Unauthenticated", reason: "TOKEN_EXPIRED" },
      });
      const leave = new AbortController();
      const resumed = messagesOf(grpc(), { ...ref, cursor }, { ...as(allowed()), signal: leave.signal });
      expect(await resumed.next()).toMatchObject({ done: false });
      leave.abort();
      await errorOf(resumed.next());
      await waits.untilNone();
    });

    it("is refused with an expired token, even if it was good a moment ago", async () => {
      const ref = world.addLog(sends(LOG));
      const token = short();
      expect((await readLog(grpc(), ref, as(token))).text).toBe(LOG);
      world.clock.advance(10_000);
      const { error } = await readLog(grpc(), ref, as(token));
      // The cluster in these tests does not look at times, but streams do.
      expect(error).toMatchObject({ code: "Unauthenticated", message: expect.stringContaining("expired") });
    });

    it.runIf(revoke)("has a stream ended with AUTHORIZATION_LOST when the right is taken away", async () => {
      const messages = await open(allowed());
      revoke?.();
      waits.pass(isRecheck);
      expect(await endOf(messages)).toMatchObject({
        reason: EndReason.AUTHORIZATION_LOST,
        error: { code: "PermissionDenied", reason: "AUTHORIZATION_LOST" },
      });
      await waits.untilNone();
    });

    it.runIf(provider)("goes on reading while the provider is down, and streams go on", async () => {
      const ref = world.addLog(sends(LOG));
      expect((await readLog(grpc(), ref, as(allowed()))).text).toBe(LOG);
      provider?.().fail();
      world.clock.advance(6 * 60_000);
      const token = allowed();
      const leave = new AbortController();
      const messages = messagesOf(grpc(), world.addLog(sendsThenHangs("begin\n")), {
        ...as(token),
        signal: leave.signal,
      });
      for (let message = await messages.next(); message.value?.text !== "begin\n"; ) message = await messages.next();
      for (let round = 0; round < 2; round += 1) {
        await waits.until(isRecheck);
        waits.pass(isRecheck);
      }
      await waits.until(isRecheck);
      expect(all(await answersOf(allowed(), ref))).toEqual(["yes"]);
      leave.abort();
      await errorOf(messages.next());
      await waits.untilNone();
    });

    it.runIf(provider)("is told that the provider is down if its keys are not known, by every route", async () => {
      provider?.().fail();
      // Beyond the bound for keys that were known.
      world.clock.advance(25 * 3_600_000);
      const answers = await answersOf(allowed(), world.addLog(sends(LOG)));
      expect(all({ ...answers, session: "" }).filter(Boolean)).toEqual(["IDENTITY_PROVIDER_UNAVAILABLE"]);
      expect(answers.session).toBe("TOKEN_MISSING");
    });

    it.runIf(signedBy)("is accepted at once when the provider has rotated its keys", async () => {
      const ref = world.addLog(sends(LOG));
      expect((await readLog(grpc(), ref, as(allowed()))).text).toBe(LOG);
      const next = createSigningKey("next");
      provider?.().publish(next);
      world.clock.advance(10_000);
      expect((await readLog(grpc(), ref, as(signedBy?.(next) ?? ""))).text).toBe(LOG);
      expect((await readLog(grpc(), ref, as(allowed()))).error).toMatchObject({ reason: "TOKEN_REFUSED" });
    });
  },
);

describe("while the cluster does not answer this server", () => {
  it("nobody is let in whose rights it decides, and each is told why", async () => {
    remove({ apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name: "gateway" }, ...GATEWAY });
    const ref = world.addLog(sends(LOG));
    const errors = await Promise.all(
      [ofCluster("reader"), ofCorp(), ofKargo()].map(async (token) => (await readLog(grpc(), ref, as(token))).error),
    );
    expect(errors.map((error) => error?.reason)).toEqual(Array(3).fill("KUBERNETES_REFUSED"));
  });
});

describe("a user of Kargo's", () => {
  it("has the rights of global accounts in the projects that these have them", async () => {
    const boss = ofKargo({ groups: undefined, email: "boss@example.com" });
    expect(await projectsOf(boss)).toEqual(["elsewhere"]);
    expect(await projectsOf(ofKargo())).toEqual(["shop"]);
  });

  it("loses the rights of an account that is no longer annotated within ten seconds", async () => {
    const ref = world.addLog(sends(LOG));
    const token = ofKargo();
    expect((await readLog(grpc(), ref, as(token))).text).toBe(LOG);
    changed.push(ACCOUNT);
    world.cluster.put({ ...ACCOUNT, metadata: { ...ACCOUNT.metadata, annotations: {} } });
    world.clock.advance(10_001);
    expect((await readLog(grpc(), ref, as(token))).error).toMatchObject({ reason: "ACCESS_DENIED" });
  });
});

describe("callers of one name whom two providers vouch for", () => {
  it("are not taken for each other: neither's decisions, nor projects, nor cursors", async () => {
    const ref = world.addLog(sends(LOG));
    const ann = ofCorp({ email: "ann@example.com" });
    // Of the same user name, by Kargo's provider.
    const namesake = ofKargo({ email: "oidc:ann@example.com", groups: [] });
    let cursor = "";
    for await (const message of messagesOf(grpc(), ref, as(ann))) cursor = message.cursor || cursor;
    expect(await projectsOf(ann)).toEqual(["shop"]);
    expect((await readLog(grpc(), ref, as(namesake))).error).toMatchObject({ reason: "ACCESS_DENIED" });
    expect(await projectsOf(namesake)).toEqual([]);
    const mapped = ofKargo({ email: "oidc:ann@example.com" });
    expect((await readLog(grpc(), ref, as(mapped))).text).toBe(LOG);
    expect(await projectsOf(mapped)).toEqual(["shop"]);
    expect((await readLog(grpc(), { ...ref, cursor }, as(mapped))).error).toMatchObject({ reason: "CURSOR_FOREIGN" });
    expect((await readLog(grpc(), { ...ref, cursor }, as(ofCorp({ jti: "another" })))).error).toBeUndefined();
  });
});

describe("a caller whose groups the provider left out", () => {
  const OVERAGE = { _claim_names: { groups: "src1" }, _claim_sources: { src1: { endpoint: "https://graph.example" } } };

  it("is told so instead of a bare denial, by every route", async () => {
    const ref = world.addLog(sends(LOG));
    for (const token of [ofCorp({ email: "cy@example.com", ...OVERAGE }), ofKargo({ groups: undefined, ...OVERAGE })]) {
      expect(all(await answersOf(token, ref))).toEqual(["GROUPS_OMITTED"]);
      const { error } = await readLog(grpc(), ref, as(token));
      expect(error).toMatchObject({ code: "PermissionDenied", reason: "GROUPS_OMITTED" });
      expect(error?.message).toMatch(/^Your identity provider left your groups out of your token/);
      expect(await errorOf(client().listProjects({}, as(token)))).toMatchObject({ reason: "GROUPS_OMITTED" });
    }
  });

  it("reads what the user may without them", async () => {
    expect((await readLog(grpc(), world.addLog(sends(LOG)), as(ofCorp(OVERAGE)))).text).toBe(LOG);
  });
});

describe("a token", () => {
  it.each<[string, () => string]>([
    ["a stranger signed", () => ofCorp({}, createSigningKey("first"))],
    ["is for another client", () => ofCorp({ aud: "other" })],
    ["was issued to another client", () => ofCorp({ azp: "other" })],
    ["has a number as its user name", () => ofCorp({ email: 7 })],
    ["has objects as its groups", () => ofCorp({ groups: [{ name: "testers" }] })],
    ["is Kargo's, for another audience", () => ofKargo({ aud: "taffrail" })],
    ["is Kargo's admin's, for another audience", () => ofAdmin({ aud: "other" })],
    ["is Kargo's admin's, by another key", () => ofAdmin({}, `${ADMIN_KEY}x`)],
    ["nobody here issued", () => signToken(corp.key, { iss: "https://elsewhere.example.com", sub: "7" })],
    ["is no JWT", () => "opaque-and-unknown"],
  ])("that %s is refused by every route", async (_, make) => {
    const answers = await answersOf(make(), world.addLog(sends(LOG)));
    expect(all({ ...answers, session: "" }).filter(Boolean)).toEqual(["TOKEN_REFUSED"]);
    expect(JSON.stringify(world.log)).not.toMatch(/eyJ[\w-]{20,}\./);
  });

  it("never reaches the store, nor the cluster if it is none of the cluster's", async () => {
    const [first] = PROTOCOLS;
    if (first === undefined) throw new Error("There are no protocols.");
    const sent: string[] = [];
    const ref = world.addLog((response, request) => {
      sent.push(JSON.stringify([request.url, request.rawHeaders]));
      sends(LOG)(response, request);
    });
    const alone = await world.replica(first, { identity: { providers: providers().slice(1) } });
    for (const token of [ofCorp(), ofKargo(), ofAdmin()]) {
      expect((await readLog(alone, ref, as(token))).text).toBe(LOG);
      expect(sent.join()).not.toContain(token.split(".")[2]);
    }
    expect(sent).toHaveLength(3);
    // Without `kubernetes`, nobody asks the cluster about tokens.
    for (const token of [ofCluster("reader"), TOKENS.reader]) {
      expect((await readLog(alone, ref, as(token))).error).toMatchObject({
        reason: "TOKEN_REFUSED",
        message: "No identity provider of this server issued the token.",
      });
    }
  });
});

describe("GetServerInfo", () => {
  it("says how to sign in", async () => {
    const { signInMethods, identityProviders } = await client().getServerInfo({});
    expect(signInMethods).toEqual([SignInMethod.BEARER_TOKEN, SignInMethod.OIDC]);
    expect(identityProviders).toMatchObject([
      {
        name: "corp",
        issuer: corp.issuer,
        clientId: "taffrail",
        cliClientId: "taffrail-cli",
        scopes: ["openid", "profile", "email"],
      },
      {
        name: "kargo",
        issuer: kargo.issuer,
        clientId: "kargo",
        cliClientId: "kargo",
        scopes: ["openid", "profile", "email", "groups"],
      },
    ]);
  });

  it("names no provider where only the cluster's tokens are accepted", async () => {
    const plain = await startWorld();
    try {
      const { signInMethods, identityProviders } = await client(plain).getServerInfo({});
      expect([signInMethods, identityProviders]).toEqual([[SignInMethod.BEARER_TOKEN], []]);
    } finally {
      await plain.close();
    }
  });
});

describe("GetCaller", () => {
  it.each([
    [
      "a user of an OpenID provider, with prefixes",
      (): string => ofCorp({ groups: ["testers", "all"] }),
      {
        username: "oidc:ann@example.com",
        groups: ["oidc:testers", "oidc:all", "system:authenticated"],
        rights: CallerRights.USER,
      },
      (): string => corp.issuer,
    ],
    [
      "a user whose provider left the groups out",
      (): string => ofCorp({ _claim_names: { groups: "src1" } }),
      { username: "oidc:ann@example.com", groups: ["system:authenticated"], groupsOmitted: true },
      (): string => corp.issuer,
    ],
    [
      "a user of Kargo's",
      (): string => ofKargo(),
      { username: "ann@example.com", rights: CallerRights.SERVICE_ACCOUNTS },
      (): string => kargo.issuer,
    ],
    [
      "Kargo's admin",
      (): string => ofAdmin(),
      { rights: CallerRights.SERVER },
      (): string => "https://kargo.example.com",
    ],
    [
      "a user of the cluster",
      (): string => ofCluster("reader"),
      { username: "reader", rights: CallerRights.USER },
      (): string => "",
    ],
  ])("says who the caller is: %s", async (_, token, caller, issuer) => {
    const answer = await client().getCaller({}, as(token()));
    expect(answer).toMatchObject({ ...caller, issuer: issuer() });
    expect(answer.expireTime).toBeDefined();
  });
});

describe("GetStatus", () => {
  it("tells how the providers are, without addresses, and the rights that they need", async () => {
    await readLog(grpc(), world.addLog(sends(LOG)), as(ofCorp()));
    const good = await client().getStatus({}, as(ofAdmin()));
    expect(good.identityProviders).toMatchObject([
      { name: "cluster", kind: "kubernetes", keys: 0, lastFailureMessage: "" },
      { name: "corp", kind: "oidc", keys: 1, lastFailureMessage: "" },
      { name: "kargo", kind: "kargo" },
      { name: "admin", kind: "kargoAdmin" },
    ]);
    expect(good.identityProviders[1]?.lastSuccessTime).toBeDefined();
    expect(good.rights.map(({ verb, resource }) => `${verb} ${resource}`)).toContain("list serviceaccounts");
    corp.fail();
    world.clock.advance(6 * 60_000);
    await readLog(grpc(), world.addLog(sends(LOG)), as(ofCorp()));
    const [, down] = (await client().getStatus({}, as(TOKENS.operator))).identityProviders;
    expect(down).toMatchObject({ keys: 1, lastFailureMessage: "responded with status 503" });
    expect(down?.lastFailureTime).toBeDefined();
    expect(world.log).toContainEqual(
      expect.objectContaining({ provider: "corp", msg: "the keys of the identity provider cannot be read" }),
    );
    expect(JSON.stringify(good.settings)).not.toContain(ADMIN_KEY);
  });
});
