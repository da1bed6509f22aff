import { once } from "node:events";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CALLBACK_PATH } from "../../test/fakes/cli-sign-in-provider.ts";
import { corp, pageAt, type SignInWorld, startSignInWorld } from "../../test/fakes/sign-in-world.ts";
import { fakeTimer } from "../../test/fakes/timers.ts";
import { TOKENS } from "../../test/integration/objects.ts";
import { contextFilePath } from "./context-file.ts";

let world: SignInWorld;
beforeEach(async () => {
  world = await startSignInWorld();
});
afterEach(() => world.close());

const host = (): string => new URL(world.url).host;
const contextFile = (): string => contextFilePath({ XDG_CONFIG_HOME: world.folder });

describe("taffrail login", () => {
  it("ends although the browser keeps a connection on which it asks for nothing", async () => {
    let idle: Socket | undefined;
    const { code } = await world.browsing(["login", world.url], async (address) => {
      const callback = await world.provider.browse(address, "reader");
      idle = connect(Number(new URL(callback).port), "127.0.0.1");
      await once(idle, "connect");
      return (await fetch(callback)).text();
    });
    expect(code).toBe(0);
    if (idle?.closed === false) await once(idle.resume(), "close");
    expect(idle?.closed).toBe(true);
  });

  it("signs in with the browser, and every command then reads as that user", async () => {
    const { code, out, said, page } = await world.inBrowser(["login", world.url, "-p", "shop"], "reader");
    expect([code, out]).toEqual([0, ""]);
    expect(said).toEqual([
      "To sign in to corp, open this link in a browser on this computer (elsewhere: --device):",
      expect.stringMatching(/^ {2}http:\/\/127\.0\.0\.1:\d+\/auth\?.*code_challenge_method=S256/),
      `signed in to ${world.url} as reader@example.com by context "${host()}"`,
    ]);
    expect(page).toContain("You are signed in. You can close this page.");
    expect(readFileSync(contextFile(), "utf8")).toBe(
      `current: ${host()}\ncontexts:\n  ${host()}:\n    server: ${world.url}\n    project: shop\n`,
    );
    expect(Object.values(world.signIns())).toMatchObject([{ kind: "oidc", server: world.url, provider: "corp" }]);
    expect(await world.run(["runs"])).toMatchObject({ code: 0, said: ["note: project shop has no matching runs"] });
    expect(await world.run(["runs", "-n", "elsewhere"])).toMatchObject({ code: 4 });
  });

  it("asks for PKCE, state, nonce, the server's scopes and offline access, at a loopback address", async () => {
    const { said } = await world.inBrowser(["login", world.url], "reader");
    const query = Object.fromEntries(new URL(said[1]?.trim() ?? "").searchParams);
    expect(query).toEqual({
      client_id: "taffrail-cli",
      response_type: "code",
      redirect_uri: expect.stringMatching(/^http:\/\/localhost:\d+\/auth\/callback$/),
      scope: "openid email offline_access",
      state: expect.stringMatching(/^.{40,}$/),
      nonce: expect.stringMatching(/^.{40,}$/),
      code_challenge: expect.stringMatching(/^.{43}$/),
      code_challenge_method: "S256",
    });
  });

  it("keeps tokens in a file that only its owner can read, and the comments of the context file", async () => {
    mkdirSync(join(world.folder, "taffrail"));
    const mine = `# mine\ncurrent: prod\ncontexts:\n  # tests\n  prod:\n    server: ${world.url} # since May\n    token: demo\n`;
    writeFileSync(contextFile(), mine);
    await world.inBrowser(["login"], "reader");
    const [name = ""] = Object.keys(world.signIns());
    const file = join(world.folder, "taffrail", "sign-ins", name);
    expect([name, statSync(file).mode & 0o777]).toEqual(["prod.json", 0o600]);
    expect(statSync(join(file, "..")).mode & 0o777).toBe(0o700);
    // The context's own token has been replaced.
    expect(readFileSync(contextFile(), "utf8")).toBe(mine.replace("    token: demo\n", ""));
  });

  it("prints the link if there is no browser and no terminal, and stops waiting after five minutes", async () => {
    const { timer, passLong } = fakeTimer(15_000);
    const said = Promise.withResolvers<void>();
    const running = world.run(["login", world.url], {
      timer: (ms, fire) => {
        if (ms === 300_000) said.resolve();
        return timer(ms, fire);
      },
    });
    await said.promise;
    passLong();
    const result = await running;
    expect(result.code).toBe(4);
    expect(result.said.slice(2)).toEqual([
      expect.stringMatching(
        /^note: still waiting\. If the browser shows an error, the provider must allow http:\/\/localhost:\d+\/auth\/callback for the client "taffrail-cli"/,
      ),
      "error: nobody has signed in within 5 minutes",
      "  try     taffrail login; without a browser on this computer: taffrail login --device",
    ]);
  });

  it("ends at Ctrl-C while it waits for the browser", async () => {
    const interrupt = new AbortController();
    const result = await world.run(["login", world.url], {
      signal: interrupt.signal,
      openPage: () => interrupt.abort(),
    });
    expect(result.code).toBe(130);
    expect(result.said).toHaveLength(2);
  });

  it("says that the user has denied it", async () => {
    const { code, said, page } = await world.inBrowser(["login", world.url], "reader", false);
    expect([code, said.slice(2)]).toEqual([
      4,
      [
        'error: the sign-in was denied at the identity provider "corp"',
        '  said    "End-User aborted interaction"',
        "  try     taffrail login",
      ],
    ]);
    expect(page).toContain("You are not signed in. The terminal says why.");
  });

  it("ignores an answer with another state, says so, and takes the right one", async () => {
    const { code, said, page } = await world.browsing(["login", world.url], async (address) => {
      const right = await world.provider.browse(address, "reader");
      const wrong = new URL(right);
      wrong.searchParams.set("state", "made-up");
      const pages = [await pageAt(wrong.href), await pageAt(new URL("/", right).href), await pageAt(right)];
      return pages.join("; ");
    });
    expect(code).toBe(0);
    expect(said[2]).toBe("note: ignored an answer that belongs to another sign-in (wrong state)");
    expect(page.split("; ")).toEqual([
      "400 This answer belongs to another sign-in. Open the link in the terminal again.",
      "404 Not found.",
      "200 You are signed in. You can close this page.",
    ]);
  });

  it("does not answer pages that reach it under another name", async () => {
    const { code, page } = await world.browsing(["login", world.url], async (address) => {
      const right = await world.provider.browse(address, "reader");
      const rebound = await request(right, { headers: { host: "evil.example" } });
      await rebound.body.dump();
      return `${rebound.statusCode}, ${await pageAt(right)}`;
    });
    expect([code, page]).toEqual([0, "404, 200 You are signed in. You can close this page."]);
  });

  it("rejects a code that has been used before", async () => {
    let used = "";
    await world.browsing(["login", world.url], async (address) => {
      const right = await world.provider.browse(address, "reader");
      used = new URL(right).searchParams.get("code") ?? "";
      return pageAt(right);
    });
    const { code, said } = await world.browsing(["login", world.url], async (address) => {
      const right = new URL(await world.provider.browse(address, "reader"));
      right.searchParams.set("code", used);
      return pageAt(right.href);
    });
    expect([code, said.slice(2)]).toEqual([
      4,
      [
        'error: the identity provider "corp" does not accept the code: it has been used or has expired',
        "  try     taffrail login",
      ],
    ]);
  });

  it.each([
    [400, { error: "unauthorized_client" }, {}],
    [401, { error: "invalid_client" }, { "www-authenticate": 'Basic realm="id"' }],
  ])("says that the provider does not let its client sign in: %i %j", async (status, body, headers) => {
    world.provider.intercept((request, response) => {
      if (request.url !== "/token") return "passed";
      response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
      return "handled";
    });
    const { code, said } = await world.inBrowser(["login", world.url], "reader");
    expect([code, said.slice(2)]).toEqual([
      1,
      [
        'error: the identity provider "corp" does not let the client "taffrail-cli" sign in this way',
        "  try     --token-stdin, or ask the server's operator to correct its identity provider",
      ],
    ]);
  });

  it.each([500, 503])("says that the provider has a fault: %i", async (status) => {
    world.provider.intercept((_, response) => {
      response.writeHead(status).end("<html>");
      return "handled";
    });
    expect(await world.run(["login", world.url])).toEqual({
      code: 6,
      out: "",
      said: [`error: the identity provider "corp" responded with status ${status}`, "  try     again later"],
    });
  });

  it("says that its port is in use, and listens on another one if told so", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const port = (taken.address() as AddressInfo).port;
    const refused = await world.run(["login", world.url, "--port", String(port)]);
    expect(refused).toEqual({
      code: 1,
      out: "",
      said: [
        `error: cannot listen on port ${port} of this computer (EADDRINUSE)`,
        "  try     taffrail login --port PORT with another one, if your identity provider allows it",
        "          taffrail login --device, which needs none",
      ],
    });
    await new Promise((resolve) => taken.close(resolve));
    const { code, said } = await world.inBrowser(["login", world.url, "--port", String(port)], "reader");
    expect([code, decodeURIComponent(said[1] ?? "")]).toEqual([
      0,
      expect.stringContaining(`redirect_uri=http://localhost:${port}${CALLBACK_PATH}&`),
    ]);
  });

  it("says that the identity provider does not answer, and ends at Ctrl-C meanwhile", async () => {
    const asked = Promise.withResolvers<void>();
    world.provider.intercept(() => {
      asked.resolve();
      return "handled";
    });
    const { timer, passLong } = fakeTimer(15_000);
    const running = world.run(["login", world.url], { timer });
    await asked.promise;
    passLong();
    expect(await running).toEqual({
      code: 6,
      out: "",
      said: ['error: the identity provider "corp" did not answer within 15 s', "  try     again later"],
    });
    const interrupt = new AbortController();
    world.provider.intercept(() => {
      interrupt.abort();
      return "handled";
    });
    expect(await world.run(["login", world.url], { signal: interrupt.signal })).toEqual({
      code: 130,
      out: "",
      said: [],
    });
  });

  it("says that the identity provider cannot be reached", async () => {
    world.provider.intercept((request) => {
      request.socket.destroy();
      return "handled";
    });
    const { code, said } = await world.run(["login", world.url]);
    expect([code, said[0]]).toEqual([
      6,
      expect.stringMatching(/^error: the identity provider "corp" cannot be reached \(\w+\)$/),
    ]);
  });

  it("says so if the server's issuer has a slash too many at its end", async () => {
    const slash = await startSignInWorld({
      providers: (issuer) => [{ name: "corp", oidc: { ...corp(issuer).oidc, issuer: `${issuer}/` } }],
    });
    const { code, said } = await slash.run(["login", slash.url]);
    expect([code, said[0]]).toEqual([
      1,
      `error: the identity provider "corp" names another issuer than the server does: "${slash.provider.issuer}" instead of "${slash.provider.issuer}/"`,
    ]);
    await slash.close();
  });

  it.each([
    ["something else", 404, "there is no Taffrail server at URL (HTTP 404)"],
    ["a page", 405, "there is no Taffrail server at URL (HTTP 405)"],
  ])("says that the address is that of %s", async (_, status, message) => {
    const server = createHttpServer((_request, response) => response.writeHead(status).end()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { code, said } = await world.run(["login", url]);
    expect([code, said]).toEqual([
      1,
      [`error: ${message.replace("URL", url)}`, "  try     the address of Taffrail, without the path of a page"],
    ]);
    server.close();
    server.closeAllConnections();
    await once(server, "close");
    expect((await world.run(["login", url])).said).toEqual([
      `error: ${url} cannot be reached (ECONNREFUSED)`,
      "  try     again, and check the address",
    ]);
  });

  it("does not trust a discovery that names another issuer", async () => {
    world.provider.intercept((_, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ issuer: "https://evil.example", token_endpoint: "https://evil.example/token" }));
      return "handled";
    });
    expect(await world.run(["login", world.url])).toEqual({
      code: 1,
      out: "",
      said: [
        'error: the identity provider "corp" names another issuer than the server does',
        "  try     ask the server's operator to correct its identity provider",
      ],
    });
  });

  it.each([
    ["redirects", 302, ""],
    ["answers with a page", 200, "<html>"],
    ["sends more than a megabyte", 200, "x".repeat(1_100_000)],
  ])("says that the provider is none if it %s", async (_, status, body) => {
    world.provider.intercept((_request, response) => {
      response.writeHead(status, { location: "https://evil.example" }).end(body);
      return "handled";
    });
    const { code, said } = await world.run(["login", world.url]);
    expect([code, said[0]]).toEqual([
      1,
      expect.stringMatching(/^error: the identity provider "corp" does not respond as an OpenID provider does/),
    ]);
  });

  it("keeps nothing if the server does not accept the token", async () => {
    const { code, said } = await world.run(["login", world.url, "--token-stdin"], { input: "no-such-token\n" });
    expect([code, said[0]]).toEqual([
      4,
      "error: The cluster rejected the token: it is invalid or has expired. (TOKEN_REFUSED)",
    ]);
    expect(await world.run(["context", "list", "-o", "name"])).toMatchObject({ out: "" });
  });

  it("reads a token from stdin", async () => {
    const { code, said } = await world.run(["login", world.url, "--token-stdin", "--context", "mine", "-p", "shop"], {
      input: `${TOKENS.reader}\n`,
    });
    expect([code, said]).toEqual([0, [`signed in to ${world.url} by context "mine"`]]);
    expect(await world.run(["runs"])).toMatchObject({ code: 0 });
    expect(await world.run(["login", world.url, "--token-stdin"], { input: "" })).toMatchObject({
      code: 2,
      said: ["error: the token on stdin is empty"],
    });
  });

  it("says that a token in the environment takes precedence", async () => {
    const { said } = await world.run(["login", world.url, "--token-stdin"], {
      input: TOKENS.reader,
      env: { TAFFRAIL_TOKEN: TOKENS.stranger },
    });
    expect(said.at(-1)).toBe(
      "note: TAFFRAIL_TOKEN or TAFFRAIL_TOKEN_FILE is set, and takes precedence over the sign-in",
    );
  });

  it("signs in to the context of the server, else to a new one that becomes the current one", async () => {
    const names = async () => (await world.run(["context", "list", "-o", "name"])).out.trim().split("\n");
    await world.run(["context", "set", "a", "--server", "https://a.example"]);
    await world.run(["context", "set", "mine", "--server", `${world.url}/`]);
    const login = (...args: readonly string[]) =>
      world.run(["login", ...args, "--token-stdin"], { input: TOKENS.reader });
    expect((await login(world.url)).said).toEqual([
      `the current context is now "mine", in ${contextFile()}`,
      `signed in to ${world.url} by context "mine"`,
    ]);
    expect(await names()).toEqual(["a", "mine"]);
    await login(world.url, "--context", "second");
    expect(Object.keys(world.signIns()).sort()).toEqual(["mine.json", "second.json"]);
    expect(await login(world.url, "--context", "a")).toEqual({
      code: 2,
      out: "",
      said: [
        'error: the context "a" has another server',
        `  try     another context, or first: taffrail context set a --server ${world.url}`,
      ],
    });
    expect(await login("--context", "gone")).toMatchObject({
      code: 2,
      said: ['error: there is no context "gone"', "  known: a, mine, second"],
    });
    expect(await world.run(["login", "--device"], { env: { XDG_CONFIG_HOME: "/nowhere" } })).toEqual({
      code: 2,
      out: "",
      said: ["error: no server given", "  try     taffrail login https://taffrail.example.com"],
    });
  });

  it("takes one way to sign in", async () => {
    expect(await world.run(["login", world.url, "--device", "--from-kargo"])).toMatchObject({
      code: 2,
      said: ["error: choose one way to sign in", "  try     taffrail login --help"],
    });
    expect(await world.run(["login", world.url, "--kube-context", "x"])).toMatchObject({ code: 2 });
    expect(await world.run(["login", world.url, "--port", "x"])).toMatchObject({ code: 2 });
  });
});

describe("the choice of an identity provider", () => {
  const withProviders = async (providers: (issuer: string) => readonly object[], ...args: readonly string[]) => {
    const other = await startSignInWorld({ providers });
    try {
      return await other.inBrowser(["login", other.url, ...args], "reader");
    } finally {
      await other.close();
    }
  };
  const two = (issuer: string) => [
    corp(issuer),
    { name: "second", oidc: { issuer: "https://login.example.com", clientId: "taffrail" } },
  ];

  it("is asked for if there are several", async () => {
    expect(await withProviders(two)).toMatchObject({
      code: 2,
      said: [
        "error: the server has several identity providers",
        '  known: "corp", "second"',
        "  try     taffrail login --provider corp",
      ],
    });
    expect(await withProviders(two, "--provider", "third")).toMatchObject({
      code: 2,
      said: ['error: the server has no identity provider "third"', '  known: "corp", "second"'],
    });
    expect(await withProviders(two, "--provider", "corp")).toMatchObject({ code: 0 });
  });

  it("is impossible if there is none: other ways are named", async () => {
    expect(await withProviders(() => [])).toMatchObject({
      code: 2,
      said: [
        "error: the server has no identity provider to sign in with, and takes the cluster's tokens",
        "  try     taffrail login --from-kubeconfig",
        "          kubectl create token ACCOUNT | taffrail login --token-stdin",
      ],
    });
  });
});
