import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { unsigned } from "../../../test/fakes/scripted-provider.ts";
import { type SignInWorld, startSignInWorld } from "../../../test/fakes/sign-in-world.ts";
import { plant } from "../../../test/planted/search.ts";

let world: SignInWorld;
beforeEach(async () => {
  world = await startSignInWorld({ audiences: ["taffrail"] });
});
afterEach(() => world.close());

const minutes = (count: number): number => Math.floor(Date.now() / 1_000) + count * 60;

/** A token that the cluster knows, for the audience of the server or for another one. */
function clusterToken(name: string, username: string, claims: object, audience = "taffrail"): string {
  const token = unsigned({ sub: username, ...claims });
  plant(token);
  world.cluster.put({
    apiVersion: "demo.taffrail/v1",
    kind: "Token",
    metadata: { name },
    token,
    audiences: [audience],
    user: { username },
  });
  return token;
}

describe("taffrail login --from-kargo", () => {
  const put = (text: string): void => {
    mkdirSync(join(world.folder, "kargo"), { recursive: true });
    writeFileSync(join(world.folder, "kargo", "config"), text);
  };
  const file = (): string => join(world.folder, "kargo", "config");
  const login = () => world.run(["login", world.url, "--from-kargo", "-p", "shop", "--context", "prod"]);

  it("uses the token of Kargo's command line, and the next one when that has renewed it", async () => {
    put(`apiAddress: https://kargo.example\nbearerToken: ${clusterToken("one", "reader", { exp: minutes(5) })}\n`);
    expect(await login()).toEqual({
      code: 0,
      out: "",
      said: [expect.stringMatching(/^signed in to http:\S+ as reader by context "prod" until 20\S+Z$/)],
    });
    expect(world.signIns()["prod.json"]).toEqual({ kind: "kargo", server: world.url, file: file() });
    expect((await world.run(["whoami"])).out).toContain("identity  Kargo's command line");
    put(`bearerToken: ${clusterToken("two", "stranger", { exp: minutes(5) })}\n`);
    expect((await world.run(["whoami"])).out).toContain("user      stranger");
  });

  it("says that the token has expired, and what renews it: Kargo's refresh token is not used", async () => {
    put(`bearerToken: ${unsigned({ exp: 1 })}\nrefreshToken: refresh-1\n`);
    expect(await login()).toEqual({
      code: 4,
      out: "",
      said: [
        `error: the token in Kargo's ${file()} has expired`,
        "  try     a command of Kargo's, such as `kargo get projects`, which renews it; else kargo login",
      ],
    });
    expect(world.provider.asked).toEqual([]);
  });

  it.each([
    ["", ": it has no bearerToken"],
    ["{", ": it has no bearerToken"],
    ["bearerToken: 7", ": it has no bearerToken"],
    [undefined, " (ENOENT)"],
  ])("says that Kargo has no sign-in: %j", async (text, why) => {
    if (text !== undefined) put(text);
    expect(await login()).toEqual({
      code: 4,
      out: "",
      said: [`error: Kargo's ${file()} holds no sign-in${why}`, "  try     kargo login, or taffrail login"],
    });
  });
});

describe("taffrail login --from-kubeconfig", () => {
  let cluster: Server;
  let asked: { readonly path: string; readonly authorization: string; readonly body: unknown }[];
  let answer: () => { readonly status: number; readonly body: object };
  beforeEach(async () => {
    asked = [];
    answer = () => ({ status: 403, body: { kind: "Status", reason: "Forbidden" } });
    cluster = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
      const body: unknown = JSON.parse(Buffer.concat(parts).toString());
      asked.push({ path: request.url ?? "", authorization: request.headers.authorization ?? "", body });
      const { status, body: sent } = answer();
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(sent));
    });
    await new Promise<void>((resolve) => {
      cluster.listen(0, "127.0.0.1", resolve);
    });
  });
  afterEach(() => {
    cluster.close();
    cluster.closeAllConnections();
  });

  /** Writes a kubeconfig with the contexts `mine`, of this user, and `none`. */
  function kubeconfig(user: object): string {
    const file = join(world.folder, "kubeconfig");
    const server = `http://127.0.0.1:${(cluster.address() as AddressInfo).port}`;
    const config = {
      apiVersion: "v1",
      kind: "Config",
      "current-context": "mine",
      clusters: [{ name: "c", cluster: { server } }],
      users: [
        { name: "me", user },
        { name: "nobody", user: {} },
      ],
      contexts: [
        { name: "mine", context: { cluster: "c", user: "me" } },
        { name: "none", context: { cluster: "c", user: "nobody" } },
      ],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }
  const login = (user: object, ...args: readonly string[]) =>
    world.run([
      "login",
      world.url,
      "--from-kubeconfig",
      "--kubeconfig",
      kubeconfig(user),
      "--context",
      "prod",
      "-p",
      "shop",
      ...args,
    ]);
  const ACCOUNT = "system:serviceaccount:shop:ci";

  it("gets a token for the server alone for a ServiceAccount, and a new one before it expires", async () => {
    const own = clusterToken("own", ACCOUNT, {}, "api");
    const issued = clusterToken("issued", "reader", { iat: minutes(0), exp: minutes(60) });
    answer = () => ({ status: 201, body: { status: { token: issued } } });
    expect(await login({ token: own })).toMatchObject({
      code: 0,
      said: [`signed in to ${world.url} as reader by context "prod"`],
    });
    const request = {
      path: "/api/v1/namespaces/shop/serviceaccounts/ci/token",
      authorization: `Bearer ${own}`,
      body: {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { audiences: ["taffrail"], expirationSeconds: 3_600 },
      },
    };
    expect(asked).toEqual([request]);
    expect(world.signIns()["prod.json"]).toMatchObject({ kind: "kubeconfig", kubeContext: "mine", issued });
    expect(await world.run(["runs"])).toMatchObject({ code: 0 });
    expect(asked).toHaveLength(1);
    await world.run(["runs"], { now: () => Date.now() + 3_550_000 });
    expect(asked).toEqual([request, request]);
  });

  it("says that a token is good for the cluster's API too if the server has no audiences", async () => {
    const open = await startSignInWorld();
    const issued = clusterToken("issued", "reader", { iat: minutes(0), exp: minutes(60) });
    open.cluster.put({
      apiVersion: "demo.taffrail/v1",
      kind: "Token",
      metadata: { name: "issued" },
      token: issued,
      user: { username: "reader" },
    });
    answer = () => ({ status: 201, body: { status: { token: issued } } });
    const file = kubeconfig({ token: clusterToken("own", ACCOUNT, {}) });
    expect(await open.run(["login", open.url, "--from-kubeconfig", "--kubeconfig", file])).toMatchObject({
      code: 0,
      said: [
        "note: the token is good for the cluster's API too, since the server has no audiences of its own",
        expect.stringMatching(/^signed in /),
      ],
    });
    expect(asked[0]?.body).toMatchObject({ spec: { expirationSeconds: 3_600 } });
    await open.close();
  });

  it("works in every folder", async () => {
    const file = relative(process.cwd(), kubeconfig({ token: clusterToken("person", "reader", {}) }));
    expect(await world.run(["login", world.url, "--from-kubeconfig", "--kubeconfig", file])).toMatchObject({ code: 0 });
    const [signIn] = Object.values(world.signIns());
    expect(signIn).toMatchObject({ kubeconfig: join(world.folder, "kubeconfig") });
  });

  it("reaches the API server through the proxy of the environment, as kubectl does", async () => {
    const targets: string[] = [];
    const proxy = createServer().on("connect", ({ url = "" }, socket) => {
      targets.push(url);
      socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n");
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const file = kubeconfig({ token: clusterToken("own", ACCOUNT, {}) });
    writeFileSync(file, readFileSync(file, "utf8").replace(/"server":"[^"]+"/, '"server":"https://kube.example:6443"'));
    const { code, said } = await world.run(["login", world.url, "--from-kubeconfig", "--kubeconfig", file], {
      env: { HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    });
    expect([code, said[0], targets]).toEqual([
      6,
      expect.stringContaining("the API server of the kubeconfig cannot be used"),
      ["kube.example:6443"],
    ]);
    proxy.close();
  });

  it("sends the ServiceAccount's own token if it may create none, with a note", async () => {
    const own = clusterToken("own", ACCOUNT, { aud: ["taffrail"] });
    const { code, said } = await login({ token: own });
    expect([code, said[0]]).toEqual([
      0,
      "note: the ServiceAccount's own token is sent, as it may not create serviceaccounts/token ci in shop",
    ]);
    expect(JSON.stringify(world.signIns())).not.toContain(own);
  });

  it("says what permission is missing if the server would not accept the own token", async () => {
    expect(await login({ token: clusterToken("own", ACCOUNT, { aud: ["api"] }, "api") })).toEqual({
      code: 4,
      out: "",
      said: [
        "error: the ServiceAccount shop/ci may not create a token for this server",
        "  try     ask for the permission to create serviceaccounts/token ci in shop",
        "          --local, which needs no server",
      ],
    });
  });

  it("sends a person's token as it is, read from the kubeconfig each time", async () => {
    const token = clusterToken("person", "reader", {});
    expect(await login({ token })).toMatchObject({ code: 0 });
    expect(JSON.stringify(world.signIns())).not.toContain(token);
    expect((await world.run(["whoami"])).out).toContain("identity  the kubeconfig's context mine");
    kubeconfig({ token: clusterToken("other", "stranger", {}) });
    expect((await world.run(["whoami"])).out).toContain("user      stranger");
    expect(asked).toEqual([]);
  });

  it("sends what a credential plugin issues", async () => {
    const token = clusterToken("plugin", "reader", {});
    const plugin = join(world.folder, "plugin.sh");
    const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token } };
    writeFileSync(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
    chmodSync(plugin, 0o755);
    const exec = { apiVersion: credential.apiVersion, command: plugin, interactiveMode: "Never" };
    expect(await login({ exec })).toMatchObject({ code: 0 });
    expect(await world.run(["runs"])).toMatchObject({ code: 0 });
  });

  it.each<[string, object, readonly string[], string]>([
    [
      "a client certificate",
      { "client-certificate-data": "eA==", "client-key-data": "eA==" },
      [],
      'the kubeconfig\'s user "me" has a client certificate, and no token that could be sent',
    ],
    ["nothing", {}, ["--kube-context", "none"], 'the kubeconfig\'s user "nobody" has no token'],
    ["a password", { username: "me", password: "s3cret!" }, [], 'the kubeconfig\'s user "me" has no token'],
    [
      "another one's name",
      { token: "t", as: "admin" },
      [],
      'the kubeconfig\'s user "me" impersonates another one, which only Kubernetes itself can allow',
    ],
  ])("names --local for a user with %s", async (_, user, args, message) => {
    expect(await login(user, ...args)).toEqual({
      code: 2,
      out: "",
      said: [`error: ${message}`, "  try     --local with the command, which reads with the kubeconfig itself"],
    });
  });

  it("says what is wrong with the kubeconfig, or with its cluster", async () => {
    expect(await login({}, "--kube-context", "gone")).toMatchObject({
      code: 2,
      said: [
        'error: The kubeconfig has no context "gone". Its contexts: mine, none.',
        "  try     Choose one of them with --context.",
      ],
    });
    answer = () => ({ status: 500, body: {} });
    expect(await login({ token: clusterToken("own", ACCOUNT, {}) })).toMatchObject({
      code: 4,
      said: [
        "error: Kubernetes issues no token for shop/ci (HTTP 500)",
        "  try     kubectl get pods, which uses the same kubeconfig",
      ],
    });
  });
});
