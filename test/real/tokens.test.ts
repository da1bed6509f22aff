import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { PROTOCOLS } from "../integration/protocols.ts";
import { as, readLog } from "../integration/read-log.ts";
import { type MadeRun, READER, TestProject } from "./project.ts";
import { type Gateway, startGateway } from "./servers/gateway.ts";
import { API_AUDIENCE } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";

const NAMESPACE = "tokens";
const LOG = "for those whom the cluster knows\n";
const OWN_AUDIENCE = "taffrail.example.com";

describe("a token of a real API server", () => {
  const kubernetes = inject("kubernetes");
  const admin = new KubeClient(kubernetes);
  let gateway: Gateway;
  /** A gateway that accepts only tokens for its own audience. */
  let particular: Gateway;
  let run: MadeRun;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    const token = await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]);
    const sources = [
      {
        name: "archive",
        http: { url: `${inject("store").url}/\${{ project }}/\${{ jobName }}/\${{ container }}.log` },
      },
    ];
    const start = (config: object) =>
      startGateway({
        folder: inject("folder"),
        config: JSON.stringify({ sources, ...config }),
        kubernetes: { ...kubernetes, token },
      });
    gateway = await start({});
    particular = await start({ identity: { audiences: ["other.example.com", OWN_AUDIENCE] } });

    const project = await TestProject.create(admin, NAMESPACE, inject("store").files);
    await project.addStage("uat");
    run = await project.addRun("uat.run", "uat", ["robot"]);
    await project.storeLog(run.jobOf("robot"), LOG);

    tokens.good = await project.addUser("reader", READER);
    tokens.own = await admin.createToken(NAMESPACE, "reader", [OWN_AUDIENCE]);
    tokens.both = await admin.createToken(NAMESPACE, "reader", [API_AUDIENCE, OWN_AUDIENCE]);
    tokens.foreign = await admin.createToken(NAMESPACE, "reader", ["vault.example.com"]);
    const dismiss = (name: string) =>
      admin.request("DELETE", `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${name}`);
    tokens.deleted = await project.addUser("leaver", READER);
    await dismiss("leaver");
    // An account with that name and those permissions exists again, but it is another object.
    tokens.replaced = await project.addUser("heir", READER);
    await dismiss("heir");
    await admin.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "heir", namespace: NAMESPACE } });

    // Tokens live for at least ten minutes, so this one is forged with the API server's own key.
    const key = createPrivateKey(kubernetes.accountKey);
    const now = Math.floor(Date.now() / 1000);
    tokens.remade = signAgain(tokens.good, key, {});
    tokens.expired = signAgain(tokens.good, key, { iat: now - 7200, nbf: now - 7200, exp: now - 3600 });
    tokens.early = signAgain(tokens.good, key, { nbf: now + 3600, exp: now + 7200 });
    tokens.forged = signAgain(tokens.good, generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, {});
    tokens.otherIssuer = signAgain(tokens.good, key, { iss: "https://elsewhere.example.com" });
    tokens.promoted = changed(tokens.good, { sub: "system:serviceaccount:kube-system:admin" });
    tokens.unsigned = `${encode({ alg: "none", typ: "JWT" })}.${tokens.good.split(".")[1]}.`;
    tokens.rubbish = "made.up.token";
  });

  afterAll(async () => {
    await gateway?.server.stop();
    await particular?.server.stop();
    await admin.close();
  });

  const GOOD = ["good", "both", "remade"];
  const BAD = [
    "rubbish",
    "own",
    "foreign",
    "expired",
    "early",
    "deleted",
    "replaced",
    "forged",
    "otherIssuer",
    "promoted",
    "unsigned",
  ];
  const ref = () => ({ namespace: NAMESPACE, name: run.name });
  const raw = async (url: string, header?: string) => {
    const headers = header === undefined ? undefined : { authorization: header };
    const answer = await fetch(`${url}/raw/${NAMESPACE}/${run.name}`, { ...(headers && { headers }) });
    return { status: answer.status, text: await answer.text() };
  };

  describe.each(PROTOCOLS)("over $name", (protocol) => {
    let way: ReturnType<typeof protocol.open>;
    beforeAll(() => {
      way = protocol.open(gateway.url);
    });
    afterAll(() => way?.close());

    it.each(GOOD)("is accepted: %s", async (kind) => {
      expect(await readLog(way.transport, ref(), as(tokens[kind] ?? ""))).toMatchObject({
        text: LOG,
        error: undefined,
      });
    });

    it("is accepted after a lower-case scheme", async () => {
      const headers = { authorization: `bearer ${tokens.good}` };
      expect((await readLog(way.transport, ref(), { headers })).text).toBe(LOG);
    });

    it.each(BAD)("is rejected: %s", async (kind) => {
      const { kinds, error } = await readLog(way.transport, ref(), as(tokens[kind] ?? ""));
      expect(kinds).toEqual([]);
      expect(error).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_REFUSED" });
      expect(error?.whole).not.toMatch(/127\.0\.0|https?:|serviceaccount|expired at|audience/);
    });

    it("is required", async () => {
      const { error } = await readLog(way.transport, ref(), {});
      expect(error).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_MISSING" });
    });
  });

  it("is accepted and rejected alike on the raw route", async () => {
    for (const kind of GOOD)
      expect(await raw(gateway.url, `bearer ${tokens[kind]}`)).toEqual({ status: 200, text: LOG });
    for (const kind of BAD) {
      const { status, text } = await raw(gateway.url, `Bearer ${tokens[kind]}`);
      expect([kind, status, text]).toEqual([kind, 401, expect.stringContaining("(TOKEN_REFUSED)")]);
    }
    expect(await raw(gateway.url)).toMatchObject({ status: 401, text: expect.stringContaining("(TOKEN_MISSING)") });
    expect(await raw(gateway.url, `Bearer ${"x".repeat(64 * 1024)}`)).toEqual({
      status: 431,
      text: expect.stringContaining("HEADERS_TOO_LARGE"),
    });
  });

  it("must have one of the gateway's audiences if any are configured", async () => {
    const transport = createGrpcTransport({ baseUrl: particular.url });
    for (const kind of ["own", "both"]) {
      expect((await readLog(transport, ref(), as(tokens[kind] ?? ""))).text).toBe(LOG);
      expect((await raw(particular.url, `Bearer ${tokens[kind]}`)).text).toBe(LOG);
    }
    for (const kind of ["good", "foreign", "rubbish", "expired"]) {
      expect((await readLog(transport, ref(), as(tokens[kind] ?? ""))).error?.reason).toBe("TOKEN_REFUSED");
      expect((await raw(particular.url, `Bearer ${tokens[kind]}`)).status).toBe(401);
    }
  });
});

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function claims(token: string): object {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as object;
}

/** The token with other claims and its old signature. */
function changed(token: string, change: object): string {
  const [head, , signature] = token.split(".");
  return `${head}.${encode({ ...claims(token), ...change })}.${signature}`;
}

/** The token with other claims, signed with this key under the old key's id. */
function signAgain(token: string, key: KeyObject, change: object): string {
  const [head] = token.split(".");
  const text = `${head}.${encode({ ...claims(token), ...change })}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}
