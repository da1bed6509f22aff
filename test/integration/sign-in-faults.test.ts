import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type BrowserAnswer, CookieBrowser } from "../fakes/cookie-browser.ts";
import {
  createSigningKey,
  DISCOVERY,
  JWKS,
  type ScriptedProvider,
  signToken,
  startScriptedProvider,
  unsigned,
} from "../fakes/scripted-provider.ts";
import { type Answer, refuses } from "../fakes/scripted-store.ts";
import { startWorld, type World } from "./world.ts";

const MINUTE = 60_000;
const SAME = { "sec-fetch-site": "same-origin" };

let provider: ScriptedProvider;
let world: World;
/** The forms that the token endpoint received. */
let forms: URLSearchParams[] = [];

beforeAll(async () => {
  provider = await startScriptedProvider();
  world = await startWorld({
    config: {
      limits: { signIns: 100_000, signInsPerAddress: 100_000 },
      identity: {
        providers: [{ name: "corp", oidc: { issuer: provider.issuer, clientId: "taffrail", usernamePrefix: "-" } }],
      },
    },
  });
});
beforeEach(() => {
  forms = [];
  world.clock.advance(5 * MINUTE);
  discover();
});
afterAll(async () => {
  await world?.close();
  await provider?.close();
});

function json(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** Publishes a discovery document with these changes. */
function discover(change: object = {}): void {
  const { issuer } = provider;
  const document = {
    issuer,
    jwks_uri: issuer + JWKS,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    ...change,
  };
  provider.server.answer(DISCOVERY, (response) => json(response, document));
}

function claims(change: object = {}): object {
  const seconds = Math.floor(world.clock.now() / 1_000);
  return { iss: provider.issuer, aud: "taffrail", sub: "reader", iat: seconds, exp: seconds + 3_600, ...change };
}

/** Has the token endpoint answer like this; `nonce` is that of the sign-in. */
function grant(answer: (response: ServerResponse, request: IncomingMessage) => void): void {
  const record: Answer = (response, request) => {
    void text(request).then((body) => {
      forms.push(new URLSearchParams(body));
      answer(response, request);
    });
  };
  provider.server.answer("/token", record);
}

const tokens = (idToken: string | undefined, more: object = {}) => ({
  access_token: "acc3ss",
  token_type: "Bearer",
  ...(idToken !== undefined && { id_token: idToken }),
  ...more,
});

interface Begun {
  readonly browser: CookieBrowser;
  readonly query: URLSearchParams;
}

async function begin(): Promise<Begun> {
  const browser = new CookieBrowser();
  const answer = await browser.ask(`${world.url}/session/login?provider=corp`, { headers: SAME });
  return { browser, query: new URL(answer.location ?? "").searchParams };
}

const finish = ({ browser, query }: Begun, answer: Record<string, string> = { code: "c0de" }) =>
  browser.ask(`${world.url}/session/callback?${new URLSearchParams({ state: query.get("state") ?? "", ...answer })}`);

function failureOf(browser: CookieBrowser, { status, location }: BrowserAnswer) {
  expect([status, new URL(location ?? "").pathname]).toEqual([303, "/sign-in"]);
  expect([...browser.cookies.keys()].filter((each) => each.startsWith("taffrail-session"))).toEqual([]);
  const shown = browser.cookies.get("taffrail-sign-in-failure") ?? "";
  return JSON.parse(Buffer.from(shown, "base64url").toString("utf8")) as Record<string, string>;
}

const UNAVAILABLE = {
  reason: "IDENTITY_PROVIDER_UNAVAILABLE",
  message: 'The identity provider "corp" is not available, so you cannot sign in with it.',
};
const REFUSED = { reason: "IDENTITY_PROVIDER_REFUSED", message: 'The identity provider "corp" refused this server.' };
const NOT_OURS = {
  reason: "SIGN_IN_REFUSED",
  message: 'The answer of the identity provider "corp" does not belong to this sign-in.',
};

describe("a provider's answer to a code", () => {
  it("signs in, and the ID token, the access token and the code are in no cookie and no log line", async () => {
    const begun = await begin();
    const token = signToken(provider.key, claims({ nonce: begun.query.get("nonce") }));
    grant((response) => json(response, tokens(token)));
    const answer = await finish(begun);
    expect([answer.status, answer.location]).toEqual([303, `${world.url}/`]);
    expect(Object.fromEntries(forms[0] ?? [])).toMatchObject({
      grant_type: "authorization_code",
      client_id: "taffrail",
      code: "c0de",
      redirect_uri: `${world.url}/session/callback`,
      code_verifier: expect.stringMatching(/^[-\w]{43}$/),
    });
    const who = await begun.browser.ask(`${world.url}/session`);
    // Without a refresh token, it ends with the ID token.
    const ends = new Date(Math.floor(world.clock.now() / 1_000) * 1_000 + 60 * MINUTE).toISOString();
    expect(JSON.parse(who.text)).toMatchObject({ username: "reader", expiresIn: 600, ends });
    expect(JSON.stringify(world.log)).not.toMatch(/c0de|acc3ss|eyJ/);
  });

  it.each<[string, (begun: Begun) => string | undefined, object]>([
    ["another nonce", () => signToken(provider.key, claims({ nonce: "other" })), NOT_OURS],
    ["no nonce", () => signToken(provider.key, claims()), NOT_OURS],
    ["no ID token", () => undefined, NOT_OURS],
    ["an ID token for another client", ours({ aud: "other" }), NOT_OURS],
    ["an ID token of another issuer", ours({ iss: "https://evil.example" }), NOT_OURS],
    ["an ID token that has expired", ours({ exp: 1 }), NOT_OURS],
    ["an ID token without a signature", ({ query }) => unsigned(claims({ nonce: query.get("nonce") })), NOT_OURS],
    [
      "an ID token of another key",
      ({ query }) => signToken(createSigningKey("first"), claims({ nonce: query.get("nonce") })),
      { reason: "TOKEN_REFUSED", message: "The token is not signed with a key of its issuer." },
    ],
    [
      "a reserved user name",
      ours({ sub: "system:admin" }),
      { reason: "TOKEN_REFUSED", message: "The user name of the token is reserved for Kubernetes itself." },
    ],
  ])("is refused with %s", async (_, tokenOf, failure) => {
    const begun = await begin();
    grant((response) => json(response, tokens(tokenOf(begun))));
    expect(failureOf(begun.browser, await finish(begun))).toMatchObject(failure);
  });

  it.each<[string, (response: ServerResponse) => void, object]>([
    [
      "an error of the code",
      (response) => json(response, { error: "invalid_grant" }, 400),
      { reason: "SIGN_IN_REFUSED" },
    ],
    ["an error of the client", (response) => json(response, { error: "invalid_client" }, 401), REFUSED],
    ["an error of its own", (response) => json(response, { error: "server_error" }, 500), UNAVAILABLE],
    [
      "a proxy's error page",
      (response) => response.writeHead(502, { "content-type": "text/html" }).end("<p>"),
      UNAVAILABLE,
    ],
    ["a page", (response) => response.writeHead(200, { "content-type": "text/html" }).end("<p>"), UNAVAILABLE],
    ["a redirect", (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(), UNAVAILABLE],
    ["a reset", (response) => response.socket?.destroy(), UNAVAILABLE],
    ["too much", (response) => json(response, { access_token: "x".repeat(2 * 1024 * 1024) }), UNAVAILABLE],
    ["nothing", () => undefined, UNAVAILABLE],
  ])(
    "is a typed failure if it is %s",
    async (_, answer, failure) => {
      const begun = await begin();
      grant(answer);
      expect(failureOf(begun.browser, await finish(begun))).toMatchObject(failure);
      expect(JSON.stringify(world.log)).not.toMatch(/c0de|acc3ss/);
    },
    20_000,
  );

  it.each<[Record<string, string>, string]>([
    [{ error: "access_denied" }, "SIGN_IN_REFUSED"],
    [{ error: "temporarily_unavailable" }, "IDENTITY_PROVIDER_UNAVAILABLE"],
    [{ error: "invalid_scope", error_description: "<b>" }, "IDENTITY_PROVIDER_REFUSED"],
    [{ error: "<script>" }, "IDENTITY_PROVIDER_REFUSED"],
    [{ code: "c0de", iss: "https://evil.example" }, "SIGN_IN_REFUSED"],
    [{}, "SIGN_IN_REFUSED"],
  ])("in the address may be %j", async (query, reason) => {
    const begun = await begin();
    const failure = failureOf(begun.browser, await finish(begun, query));
    expect(failure.reason).toBe(reason);
    expect(JSON.stringify(failure)).not.toMatch(/<|evil/);
    expect(forms).toEqual([]);
  });
});

describe("a provider's discovery document", () => {
  it.each<[string, object]>([
    ["has no endpoint for tokens", { token_endpoint: undefined }],
    ["has a script as its page", { authorization_endpoint: "javascript:alert(1)" }],
    ["has a page without TLS elsewhere", { authorization_endpoint: "http://evil.example/auth" }],
    ["names another issuer", { issuer: "https://evil.example" }],
  ])("is of no use if it %s", async (_, change) => {
    discover(change);
    const browser = new CookieBrowser();
    const answer = await browser.ask(`${world.url}/session/login?provider=corp`, { headers: SAME });
    expect(failureOf(browser, answer)).toMatchObject(UNAVAILABLE);
  });

  it("may lead to tokens at another host only with TLS", async () => {
    discover({ token_endpoint: "http://127.0.0.1:1/token" });
    const begun = await begin();
    expect(failureOf(begun.browser, await finish(begun))).toMatchObject(UNAVAILABLE);
  });
});

describe("a provider's answer to a refresh token", () => {
  async function signedIn() {
    const begun = await begin();
    const token = signToken(provider.key, claims({ nonce: begun.query.get("nonce") }));
    grant((response) => json(response, tokens(token, { refresh_token: "r3fresh" })));
    await finish(begun);
    return begun.browser;
  }
  const renew = (browser: CookieBrowser) =>
    browser.ask(`${world.url}/session/renew`, { method: "POST", headers: SAME });
  const hasSession = (browser: CookieBrowser) => browser.cookies.has("taffrail-session");

  it("may have no ID token and no new refresh token: both stay", async () => {
    const browser = await signedIn();
    grant((response) => json(response, tokens(undefined)));
    for (let count = 0; count < 2; count += 1) {
      world.clock.advance(11 * MINUTE);
      expect(JSON.parse((await renew(browser)).text)).toMatchObject({ username: "reader", expiresIn: 600 });
    }
    expect(forms.slice(1).map((form) => form.get("refresh_token"))).toEqual(["r3fresh", "r3fresh"]);
  });

  it("brings a new refresh token even if the ID token cannot be verified at that moment", async () => {
    const browser = await signedIn();
    const key = createSigningKey("second");
    provider.server.answer(JWKS, refuses(503));
    grant((response) => json(response, tokens(signToken(key, claims()), { refresh_token: "n3w" })));
    world.clock.advance(MINUTE);
    expect(JSON.parse((await renew(browser)).text)).toMatchObject({ username: "reader", expiresIn: 600 });
    provider.publish(key);
    discover();
    world.clock.advance(MINUTE);
    expect((await renew(browser)).status).toBe(200);
    expect(forms.at(-1)?.get("refresh_token")).toBe("n3w");
    provider.publish(provider.key);
  });

  it("brings the user's new claims", async () => {
    const browser = await signedIn();
    const token = signToken(provider.key, claims({ exp: Math.floor(world.clock.now() / 1_000) + 120 }));
    grant((response) => json(response, tokens(token, { refresh_token: "n3w" })));
    // It is good for no longer than its ID token.
    expect(JSON.parse((await renew(browser)).text)).toMatchObject({ expiresIn: 120 });
    world.clock.advance(MINUTE);
    await renew(browser);
    expect(forms.at(-1)?.get("refresh_token")).toBe("n3w");
  });

  it.each<[string, (response: ServerResponse) => void, number]>([
    ["is for another user", (response) => json(response, tokens(signToken(provider.key, claims({ sub: "ann" })))), 401],
    [
      "has a token of another key",
      (response) => json(response, tokens(signToken(createSigningKey("first"), claims()))),
      401,
    ],
    ["refuses it", (response) => json(response, { error: "invalid_grant" }, 400), 401],
    ["refuses this server", (response) => json(response, { error: "invalid_client" }, 401), 502],
    ["is an error", (response) => json(response, {}, 503), 503],
    ["is lost", (response) => response.socket?.destroy(), 503],
    ["never comes", () => undefined, 503],
  ])(
    "signs nobody out while the session is good if it %s",
    async (_, answer, status) => {
      const browser = await signedIn();
      grant(answer);
      expect((await renew(browser)).status).toBe(status);
      expect((await browser.ask(`${world.url}/session`)).status).toBe(200);
      world.clock.advance(11 * MINUTE);
      expect((await renew(browser)).status).toBe(status);
      // A provider that is down may come back.
      expect(hasSession(browser)).toBe(status !== 401);
      expect(JSON.stringify(world.log)).not.toMatch(/r3fresh|acc3ss|eyJ/);
    },
    30_000,
  );
});

/** An ID token for the sign-in, with these claims changed. */
function ours(change: object) {
  return ({ query }: Begun) => signToken(provider.key, claims({ nonce: query.get("nonce"), ...change }));
}
