import { createClient } from "@connectrpc/connect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { AnalysisRunLogService, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type BrowserAnswer, CookieBrowser } from "../fakes/cookie-browser.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { CLIENT_ID, type SignInProvider, startSignInProvider } from "../fakes/sign-in-provider.ts";
import { createWaits } from "../fakes/waits.ts";
import { PROTOCOLS, type Protocol } from "./protocols.ts";
import { errorOf, readLog } from "./read-log.ts";
import { messagesOf } from "./read-messages.ts";
import { startWorld, type World } from "./world.ts";

const MINUTE = 60_000;
const SAME = { "sec-fetch-site": "same-origin" };
const RECHECK_MS = 4_321;
const protocol = PROTOCOLS[0] as Protocol;

/** Random, so that it does not compress, and too long for one cookie. */
const groupsOf = (count: number) => Array.from({ length: count }, (_, index) => `group-${index}-${"x".repeat(30)}`);

let provider: SignInProvider;
/** Two replicas with one configuration. */
let world: World;
let other: World;
const waits = createWaits();

beforeAll(async () => {
  provider = await startSignInProvider(
    {
      accounts: {
        reader: { email: "reader@example.com", email_verified: true },
        stranger: { email: "stranger@example.com" },
        many: { groups: groupsOf(200) },
        toomany: { groups: groupsOf(400) },
      },
    },
    "cursor-key-2",
  );
  const options = {
    config: {
      cursors: { keys: [{ env: "CURSOR_KEY" }] },
      follow: { recheck: `${RECHECK_MS}ms` },
      limits: { signIns: 100_000, signInsPerAddress: 100_000 },
      identity: {
        providers: [
          { name: "cluster", kubernetes: {} },
          {
            name: "corp",
            oidc: {
              issuer: provider.issuer,
              clientId: CLIENT_ID,
              clientSecret: { env: "OTHER_KEY" },
              scopes: ["openid", "email", "groups"],
              usernamePrefix: "-",
              groupsClaim: "groups",
            },
          },
        ],
      },
    },
    wait: waits.wait,
  };
  world = await startWorld(options);
  other = await startWorld(options);
});
beforeEach(() => provider.serve(world.url, other.url));
afterAll(async () => {
  await Promise.all([world?.close(), other?.close()]);
  await provider?.close();
});

/** Of both replicas. */
function advance(ms: number): void {
  world.clock.advance(ms);
  other.clock.advance(ms);
}

const loginUrl = (next = "/p/shop", at: World = world) =>
  `${at.url}/session/login?${new URLSearchParams({ provider: "corp", next })}`;
const isCallback = (url: string) => url.includes("/session/callback");

/** Signs in as far as the provider's redirect back, which is not followed. */
async function untilCallback(browser: CookieBrowser, account = "reader", next?: string): Promise<string> {
  const form = await browser.follow(await browser.ask(loginUrl(next), { headers: SAME }), isCallback);
  const end = form.location === undefined ? await browser.logIn(form, account, isCallback) : form;
  if (end.location === undefined) throw new Error(`No redirect: ${end.status} ${end.url} ${end.text.slice(0, 500)}`);
  return end.location;
}

async function signedIn(account = "reader", next?: string) {
  const browser = new CookieBrowser();
  const answer = await browser.ask(await untilCallback(browser, account, next));
  return { browser, answer };
}

const whoIs = (browser: CookieBrowser, at: World = world) => browser.ask(`${at.url}/session`, { headers: SAME });
const renew = (browser: CookieBrowser, at: World = world) =>
  browser.ask(`${at.url}/session/renew`, { method: "POST", headers: SAME });

function reasonIn({ status, text }: BrowserAnswer) {
  const { details } = JSON.parse(text) as { details: { debug?: { reason?: string } }[] };
  return [status, details[0]?.debug?.reason];
}

/** Why a sign-in failed, as the page would read it. */
function failureOf(browser: CookieBrowser, { status, location }: BrowserAnswer) {
  const shown = browser.cookies.get("taffrail-sign-in-failure") ?? "";
  const { reason, message, next } = JSON.parse(Buffer.from(shown, "base64url").toString("utf8")) as Record<
    string,
    string
  >;
  const url = new URL(location ?? "");
  expect([status, url.pathname, url.searchParams.get("failed")]).toEqual([303, "/sign-in", reason]);
  return { reason, message, next };
}

const hasSession = (browser: CookieBrowser) =>
  [...browser.cookies.keys()].some((each) => each.startsWith("taffrail-session"));

describe("signing in with an identity provider", () => {
  it("leads to the provider with state, nonce and PKCE, and back to the line that was open", async () => {
    const browser = new CookieBrowser();
    const begun = await browser.ask(loginUrl("/p/shop/runs/uat.run-1?wrap=1#L120"), { headers: SAME });
    const { searchParams: query, pathname } = new URL(begun.location ?? "");
    expect([begun.status, pathname]).toEqual([303, "/auth"]);
    expect(Object.fromEntries(query)).toEqual({
      client_id: CLIENT_ID,
      redirect_uri: `${world.url}/session/callback`,
      response_type: "code",
      scope: "openid email groups",
      state: expect.stringMatching(/^[-\w]{43}$/),
      nonce: expect.stringMatching(/^[-\w]{43}$/),
      code_challenge: expect.stringMatching(/^[-\w]{43}$/),
      code_challenge_method: "S256",
    });
    expect(begun.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^taffrail-sign-in-[-\w]{8}=[-\w.]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
    ]);

    const callback = (await browser.logIn(await browser.follow(begun), "reader", isCallback)).location ?? "";
    const answer = await browser.ask(callback);
    expect([answer.status, answer.location]).toEqual([303, `${world.url}/p/shop/runs/uat.run-1?wrap=1#L120`]);
    expect([answer.headers.get("referrer-policy"), answer.headers.get("cache-control")]).toEqual([
      "no-referrer",
      "no-store",
    ]);
    expect(answer.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^taffrail-session=[-\w.]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=43200$/),
      expect.stringMatching(/^taffrail-sign-in-[-\w]{8}=; .*Max-Age=0$/),
    ]);
    const now = world.clock.now();
    expect(JSON.parse((await whoIs(browser)).text)).toEqual({
      username: "reader",
      expires: new Date(now + 10 * MINUTE).toISOString(),
      expiresIn: 600,
      ends: new Date(now + 720 * MINUTE).toISOString(),
    });
  });

  it("gives the rights of the user, and no others, at every replica", async () => {
    const { browser } = await signedIn("reader");
    const read = (headers: Record<string, string>, at = world) =>
      readLog(at.transport(protocol), at.addLog(sends("line\n")), { headers });
    for (const at of [world, other]) {
      expect(await read({ cookie: browser.cookie, ...SAME }, at)).toMatchObject({ text: "line\n", error: undefined });
    }
    const { browser: another } = await signedIn("stranger");
    expect((await read({ cookie: another.cookie, ...SAME })).error).toMatchObject({ reason: "ACCESS_DENIED" });
    // As for every session.
    expect((await read({ cookie: browser.cookie, "sec-fetch-site": "cross-site" })).error).toMatchObject({
      reason: "ORIGIN_REFUSED",
    });
  });

  it("can be finished at another replica", async () => {
    const browser = new CookieBrowser();
    const callback = await untilCallback(browser);
    // Whatever replica the proxy chooses, it has the same address.
    const answer = await browser.ask(callback.replace(world.url, other.url));
    expect([answer.status, hasSession(browser)]).toEqual([303, true]);
  });

  it.each([
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["https://evil.example/", "/"],
    ["javascript:alert(1)", "/"],
    ["/a\r\nset-cookie: x", "/"],
    [`/${"x".repeat(1_500)}`, "/"],
    ["", "/"],
  ])("never leads to another site: %j", async (next, location) => {
    const { answer } = await signedIn("reader", next);
    expect([answer.status, answer.headers.get("location")]).toEqual([303, location]);
  });

  it("cannot be begun by another site", async () => {
    const browser = new CookieBrowser();
    const answer = await browser.ask(loginUrl(), { headers: { "sec-fetch-site": "cross-site" } });
    expect(failureOf(browser, answer)).toMatchObject({ reason: "ORIGIN_REFUSED" });
    expect([...browser.cookies.keys()]).toEqual(["taffrail-sign-in-failure"]);
  });

  it("cannot be finished in another browser, so that nobody is signed in as somebody else", async () => {
    const callback = await untilCallback(new CookieBrowser(), "stranger");
    const victim = new CookieBrowser();
    const failed = { reason: "SIGN_IN_UNKNOWN", message: "This sign-in was not begun in this browser, or is over." };
    expect(failureOf(victim, await victim.ask(callback))).toMatchObject(failed);
    expect(hasSession(victim)).toBe(false);
    // Nor with the victim's own sign-in under way.
    await victim.ask(loginUrl(), { headers: SAME });
    expect(failureOf(victim, await victim.ask(callback))).toMatchObject(failed);
    expect(hasSession(victim)).toBe(false);
  });

  it("cannot be finished twice, too late, or with another state", async () => {
    const browser = new CookieBrowser();
    const callback = await untilCallback(browser);
    const wrong = new URL(callback);
    const state = wrong.searchParams.get("state") ?? "";
    wrong.searchParams.set("state", `${state.slice(0, -1)}${state.endsWith("A") ? "B" : "A"}`);
    expect(failureOf(browser, await browser.ask(wrong.href))).toMatchObject({ reason: "SIGN_IN_UNKNOWN" });
    const kept = new Map(browser.cookies);
    expect((await browser.ask(callback)).location).toBe(`${world.url}/p/shop`);
    expect(failureOf(browser, await browser.ask(callback))).toMatchObject({ reason: "SIGN_IN_UNKNOWN" });
    // Even with the cookie: the provider accepts a code once.
    const replaying = new CookieBrowser();
    for (const [name, value] of kept) replaying.cookies.set(name, value);
    expect(failureOf(replaying, await replaying.ask(callback))).toMatchObject({ reason: "SIGN_IN_REFUSED" });

    const late = new CookieBrowser();
    const lateCallback = await untilCallback(late);
    advance(10 * MINUTE);
    expect(failureOf(late, await late.ask(lateCallback))).toMatchObject({ reason: "SIGN_IN_UNKNOWN" });
    expect(hasSession(late)).toBe(false);
  });

  it("is possible in several tabs at once", async () => {
    const browser = new CookieBrowser();
    const first = await untilCallback(browser, "reader", "/p/one");
    const second = await untilCallback(browser, "reader", "/p/two");
    expect((await browser.ask(first)).location).toBe(`${world.url}/p/one`);
    expect((await browser.ask(second)).location).toBe(`${world.url}/p/two`);
    for (let tab = 0; tab < 20; tab += 1) await browser.ask(loginUrl(), { headers: SAME });
    expect([...browser.cookies.keys()].filter((each) => each.startsWith("taffrail-sign-in-")).length).toBeLessThan(5);
  });

  it("fails if the user cancels, the provider is unknown or down", async () => {
    const browser = new CookieBrowser();
    const form = await browser.follow(await browser.ask(loginUrl("/p/a#L1"), { headers: SAME }));
    const canceled = await browser.follow(await browser.ask(`${form.url}/abort`), isCallback);
    const answer = await browser.ask(canceled.location ?? "");
    expect(failureOf(browser, answer)).toEqual({
      reason: "SIGN_IN_REFUSED",
      message: 'The sign-in at "corp" was canceled or denied.',
      next: "Sign in again.",
    });
    expect(new URL(answer.location ?? "").searchParams.get("next")).toBe("/p/a#L1");

    const unknown = await browser.ask(`${world.url}/session/login?provider=cluster`, { headers: SAME });
    expect(failureOf(browser, unknown)).toMatchObject({ reason: "IDENTITY_PROVIDER_UNKNOWN" });

    const callback = await untilCallback(browser);
    provider.fail();
    expect(failureOf(browser, await browser.ask(callback))).toEqual({
      reason: "IDENTITY_PROVIDER_UNAVAILABLE",
      message: 'The identity provider "corp" is not available, so you cannot sign in with it.',
      next: expect.stringMatching(/^Try again in a moment\. Reference: [0-9a-f]{8}\.$/),
    });

    // Although its addresses are known from a moment ago.
    advance(6_000);
    const again = await browser.ask(loginUrl(), { headers: SAME });
    expect(failureOf(browser, again).reason).toBe("IDENTITY_PROVIDER_UNAVAILABLE");
  });

  it("is only possible by GET", async () => {
    for (const path of ["login", "callback"]) {
      const response = await fetch(`${world.url}/session/${path}`, { method: "POST", headers: SAME });
      expect([response.status, response.headers.get("allow")]).toEqual([405, "GET"]);
    }
  });

  it("keeps up to three cookies, and says what to leave out of a larger session", async () => {
    const { browser } = await signedIn("many");
    const names = [...browser.cookies.keys()].filter((each) => each.startsWith("taffrail-session"));
    expect(names).toEqual(["taffrail-session", "taffrail-session.1", "taffrail-session.2"]);
    expect(JSON.parse((await whoIs(browser)).text)).toMatchObject({ username: "many" });
    expect((await renew(browser)).status).toBe(200);

    const { browser: large, answer } = await signedIn("toomany");
    expect(failureOf(large, answer)).toEqual({
      reason: "SESSION_TOO_LARGE",
      message: expect.stringMatching(/^The session is \d+ bytes larger than browsers keep\.$/),
      next: expect.stringMatching(
        /^Ask an administrator to have the identity provider shorten or leave out: the claim "groups" \(\d+ bytes\), the refresh token \(43 bytes\), the claim "sub" \(9 bytes\)\.$/,
      ),
    });
    expect(hasSession(large)).toBe(false);
  });
});

describe("a session of an identity provider", () => {
  it("is renewed by its refresh token at any replica, even after it has expired", async () => {
    const { browser } = await signedIn();
    for (const at of [world, other, world]) {
      const before = browser.cookie;
      advance(9 * MINUTE);
      const renewed = await renew(browser, at);
      expect([renewed.status, JSON.parse(renewed.text)]).toMatchObject([200, { username: "reader", expiresIn: 600 }]);
      expect(browser.cookie).not.toBe(before);
    }
    advance(11 * MINUTE);
    expect(reasonIn(await whoIs(browser))).toEqual([401, "SESSION_EXPIRED"]);
    expect(hasSession(browser)).toBe(true);
    expect((await renew(browser)).status).toBe(200);
    expect((await whoIs(browser)).status).toBe(200);
  });

  it("ends after session.lifetime, however often it is renewed", async () => {
    const { browser } = await signedIn();
    advance(715 * MINUTE);
    expect(JSON.parse((await renew(browser)).text)).toMatchObject({ expiresIn: 300 });
    advance(5 * MINUTE);
    expect(reasonIn(await renew(browser))).toEqual([401, "TOKEN_MISSING"]);
    expect(hasSession(browser)).toBe(false);
  });

  it("is renewed once if two tabs ask at the same time", async () => {
    const { browser } = await signedIn();
    const before = provider.asked.filter((each) => each === "/token").length;
    const tabs = [new CookieBrowser(), new CookieBrowser()];
    for (const tab of tabs) for (const [name, value] of browser.cookies) tab.cookies.set(name, value);
    const answers = await Promise.all(tabs.map((tab) => renew(tab)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(provider.asked.filter((each) => each === "/token").length - before).toBe(1);
    // Either of them can be renewed again.
    advance(MINUTE);
    expect((await renew(tabs[1] ?? browser)).status).toBe(200);
  });

  it("stays until it expires if its refresh token was already used", async () => {
    const { browser } = await signedIn();
    const copy = new CookieBrowser();
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    expect((await renew(browser)).status).toBe(200);
    // Another replica does not know the answer.
    expect(reasonIn(await renew(copy, other))).toEqual([401, "SIGN_IN_REFUSED"]);
    expect([(await whoIs(copy)).status, hasSession(copy)]).toEqual([200, true]);
    advance(10 * MINUTE);
    expect(reasonIn(await whoIs(copy))).toEqual([401, "SESSION_EXPIRED"]);
    expect(reasonIn(await renew(copy, other))).toEqual([401, "SIGN_IN_REFUSED"]);
    expect(hasSession(copy)).toBe(false);
  });

  it("stays until it expires if the provider's answer is lost, or the provider is down", async () => {
    const { browser } = await signedIn();
    provider.loseNextAnswer("/token");
    expect(reasonIn(await renew(browser))).toEqual([503, "IDENTITY_PROVIDER_UNAVAILABLE"]);
    // The token was used up.
    expect(reasonIn(await renew(browser))).toEqual([401, "SIGN_IN_REFUSED"]);
    expect([(await whoIs(browser)).status, hasSession(browser)]).toEqual([200, true]);

    const { browser: second } = await signedIn();
    provider.fail();
    advance(11 * MINUTE);
    expect(reasonIn(await renew(second))).toEqual([503, "IDENTITY_PROVIDER_UNAVAILABLE"]);
    expect(hasSession(second)).toBe(true);
    provider.resume();
    expect((await renew(second)).status).toBe(200);
  });

  it("is not good for anything once it was changed, or with another key", async () => {
    const { browser } = await signedIn();
    const [name = "", value = ""] = [...browser.cookies].find(([each]) => each === "taffrail-session") ?? [];
    for (const bad of [`${value}x`, value.slice(0, -5), value.slice(5)]) {
      browser.cookies.set(name, bad);
      expect(reasonIn(await renew(browser))).toEqual([401, "TOKEN_MISSING"]);
      expect(hasSession(browser)).toBe(false);
    }
    // What is sealed for a sign-in is no session, either.
    await browser.ask(loginUrl(), { headers: SAME });
    const pending = [...browser.cookies].find(([each]) => each.startsWith("taffrail-sign-in-"))?.[1] ?? "";
    browser.cookies.set("taffrail-session", pending);
    expect(reasonIn(await whoIs(browser))).toEqual([401, "TOKEN_MISSING"]);
  });

  it("is not renewed for other sites", async () => {
    const { browser } = await signedIn();
    const answer = await browser.ask(`${world.url}/session/renew`, {
      method: "POST",
      headers: { "sec-fetch-site": "cross-site" },
    });
    expect(reasonIn(answer)).toEqual([403, "ORIGIN_REFUSED"]);
    expect((await browser.ask(`${world.url}/session/renew`, { headers: SAME })).status).toBe(405);
  });

  it("ends here and at the provider, and a copy of it dies at its expiry", async () => {
    const { browser } = await signedIn();
    const copy = new CookieBrowser();
    for (const [name, value] of browser.cookies) copy.cookies.set(name, value);
    const out = await browser.ask(`${world.url}/session`, { method: "DELETE", headers: SAME });
    expect(out.status).toBe(200);
    expect(hasSession(browser)).toBe(false);
    const { signOutUrl } = JSON.parse(out.text) as { signOutUrl: string };
    const query = new URLSearchParams({ client_id: CLIENT_ID, post_logout_redirect_uri: `${world.url}/sign-in` });
    expect(signOutUrl).toBe(`${provider.issuer}/session/end?${query}`);
    const confirm = await browser.ask(signOutUrl);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(confirm.text)?.[1] ?? "";
    const ended = await browser.ask(`${provider.issuer}/session/end/confirm`, {
      method: "POST",
      body: new URLSearchParams({ xsrf, logout: "yes" }),
    });
    expect(ended.location).toBe(`${world.url}/sign-in`);
    // The provider asks for the user again.
    const again = await browser.follow(await browser.ask(loginUrl(), { headers: SAME }), isCallback);
    expect(again.location).toBeUndefined();

    expect((await whoIs(copy)).status).toBe(200);
    await expect.poll(() => provider.asked.includes("/token/revocation")).toBe(true);
    expect(reasonIn(await renew(copy))).toEqual([401, "SIGN_IN_REFUSED"]);
    advance(10 * MINUTE);
    expect(reasonIn(await whoIs(copy))).toEqual([401, "SESSION_EXPIRED"]);
    expect(reasonIn(await renew(copy))).toEqual([401, "SIGN_IN_REFUSED"]);
  });

  it("that expires in the middle of a log ends it with TOKEN_EXPIRED, and resumes it once renewed", async () => {
    const { browser } = await signedIn();
    const headers = () => ({ cookie: browser.cookie, ...SAME });
    const log = world.addLog(sendsThenHangs("begin\n"));
    const messages = messagesOf(world.transport(protocol), log, { headers: headers() });
    for (let message = await messages.next(); message.value?.text !== "begin\n"; ) message = await messages.next();
    const pass = async () => {
      await waits.until((ms) => ms === RECHECK_MS);
      waits.pass((ms) => ms === RECHECK_MS);
    };
    // Rights are checked again without a token.
    await pass();
    await waits.until((ms) => ms === RECHECK_MS);
    advance(10 * MINUTE);
    await pass();
    let ended = await messages.next();
    while (ended.value?.end === undefined) ended = await messages.next();
    expect(ended.value.end.reason).toBe(EndReason.TOKEN_EXPIRED);
    expect(await errorOf(messages.next())).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_EXPIRED" });
    const client = createClient(AnalysisRunLogService, world.transport(protocol));
    const list = () => client.listAnalysisRuns({ namespace: "shop" }, { headers: headers() });
    expect(await errorOf(list())).toMatchObject({ code: "Unauthenticated", reason: "SESSION_EXPIRED" });
    expect((await renew(browser)).status).toBe(200);
    expect((await list()).analysisRuns.length).toBeGreaterThan(0);
  });

  it("leaves no code, state or token in the log", async () => {
    const browser = new CookieBrowser();
    const callback = new URL(await untilCallback(browser));
    await browser.ask(callback.href);
    await browser.ask(callback.href);
    const log = JSON.stringify([...world.log, ...other.log]);
    for (const name of ["code", "state"]) expect(log).not.toContain(callback.searchParams.get(name));
    expect(log).not.toMatch(/eyJ|cursor-key-2|refresh_token|code=/);
    expect(log).toContain("SIGN_IN_UNKNOWN");
  });
});
