import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CookieBrowser } from "../fakes/cookie-browser.ts";
import { oidcOf, type SignInProvider, startSignInProvider } from "../fakes/sign-in-provider.ts";
import { startWorld, type World } from "./world.ts";

let provider: SignInProvider;
const worlds: World[] = [];
beforeAll(async () => {
  provider = await startSignInProvider({ accounts: { reader: {} } }, "cursor-key-2");
  provider.serve("https://logs.example.com/logs");
});
afterAll(async () => {
  await Promise.all(worlds.map((each) => each.close()));
  await provider?.close();
});

async function gatewayWith(config: object, more: object = {}): Promise<string> {
  const oidc = { ...more, ...oidcOf(provider.issuer, "OTHER_KEY") };
  const world = await startWorld({ config: { identity: { providers: [{ name: "corp", oidc }] }, ...config } });
  worlds.push(world);
  return world.url;
}

/** Begins a sign-in with these headers, as a proxy would send them. */
async function begin(url: string, headers: Record<string, string> = {}, more: Record<string, string> = {}) {
  const browser = new CookieBrowser();
  const query = new URLSearchParams({ provider: "corp", next: "/logs/p/shop#L7", ...more });
  const answer = await browser.ask(`${url}/session/login?${query}`, {
    headers: { "sec-fetch-site": "same-origin", ...headers },
  });
  const location = new URL(answer.location ?? "");
  return { browser, answer, location, redirectUri: location.searchParams.get("redirect_uri") };
}

const FORWARDED = { "x-forwarded-proto": "https", "x-forwarded-host": "logs.example.com" };

describe("the address that a provider sends browsers back to", () => {
  it("is that of the request, and not what the request says of proxies that there are not", async () => {
    const url = await gatewayWith({});
    expect((await begin(url)).redirectUri).toBe(`${url}/session/callback`);
    expect((await begin(url, FORWARDED)).redirectUri).toBe(`${url}/session/callback`);
  });

  it("is what the configured proxies say", async () => {
    const url = await gatewayWith({ limits: { proxies: 1 }, basePath: "/logs" });
    expect((await begin(url, FORWARDED)).redirectUri).toBe("https://logs.example.com/logs/session/callback");
    const forged = { "x-forwarded-proto": "http, https", "x-forwarded-host": "evil.example, logs.example.com" };
    expect((await begin(url, forged)).redirectUri).toBe("https://logs.example.com/logs/session/callback");
    for (const host of ["evil.example/?", "user@evil.example", "a b", "evil.example#"]) {
      const { location } = await begin(url, { ...FORWARDED, "x-forwarded-host": host });
      expect([location.pathname, location.searchParams.get("failed")]).toEqual(["/logs/sign-in", "REQUEST_INVALID"]);
    }
  });

  it("is the configured one, whatever the request says", async () => {
    const publicUrl = "https://logs.example.com:8443";
    const url = await gatewayWith({ publicUrl, basePath: "/logs", limits: { proxies: 1 } });
    const other = { "x-forwarded-proto": "http", "x-forwarded-host": "evil.example" };
    expect((await begin(url, other)).redirectUri).toBe(`${publicUrl}/logs/session/callback`);
  });
});

describe("the page of a provider", () => {
  it("is asked for with the configured parameters, and for a user again where one wants to be another", async () => {
    const offline = { access_type: "offline", prompt: "consent" };
    const url = await gatewayWith({}, { authorizationParameters: offline });
    const parametersOf = async (more?: Record<string, string>) =>
      Object.fromEntries((await begin(url, {}, more)).location.searchParams);
    expect(await parametersOf()).toMatchObject({ ...offline, response_type: "code", scope: "openid" });
    expect(await parametersOf({ again: "1" })).toMatchObject({ ...offline, prompt: "login consent" });
    const plain = await gatewayWith({});
    const { prompt } = Object.fromEntries((await begin(plain, {}, { again: "1" })).location.searchParams);
    expect(prompt).toBe("login");
  });
});

const publicUrl = "https://logs.example.com";

describe("a sign-in behind a proxy that ends TLS", () => {
  it.each([
    ["is configured", { publicUrl }, {}],
    ["is what the proxy says", { limits: { proxies: 1 } }, FORWARDED],
  ])(
    "works under a base path, with cookies that only this host can set over TLS, where the address %s",
    async (_, config, proxy) => {
      const url = await gatewayWith({ ...config, basePath: "/logs" });
      const { browser, answer, location } = await begin(url, proxy);
      const secure = /^__Host-taffrail-sign-in-[-\w]{8}=[-\w.]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/;
      expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(secure)]);
      const isCallback = (each: string) => each.startsWith(publicUrl);
      const form = await browser.follow(await browser.ask(location.href), isCallback);
      const callback = (await browser.logIn(form, "reader", isCallback)).location ?? "";
      expect(callback).toMatch(/^https:\/\/logs\.example\.com\/logs\/session\/callback\?code=/);

      // A cookie without the prefix may have been set by anybody on the network.
      const downgraded = new CookieBrowser();
      for (const [name, value] of browser.cookies) downgraded.cookies.set(name.replace("__Host-", ""), value);
      const refused = await downgraded.ask(callback.replace(publicUrl, url), { headers: proxy });
      expect(refused.location).toContain("failed=SIGN_IN_UNKNOWN");

      const finished = await browser.ask(callback.replace(publicUrl, url), { headers: proxy });
      expect([finished.status, finished.headers.get("location")]).toEqual([303, "/logs/p/shop#L7"]);
      expect(finished.headers.getSetCookie()[0]).toMatch(
        /^__Host-taffrail-session=[-\w.]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=43200$/,
      );
      // A page's own GET has no origin, and not every proxy says that it has ended TLS.
      for (const headers of [{ origin: publicUrl, host: "logs.example.com" }, {}]) {
        const who = await browser.ask(`${url}/logs/session`, {
          headers: { "sec-fetch-site": "same-origin", ...proxy, ...headers },
        });
        expect(JSON.parse(who.text)).toMatchObject({ username: "reader" });
      }
      const rpc = await browser.ask(`${url}/logs/taffrail.v1.AnalysisRunLogService/GetCaller`, {
        method: "POST",
        headers: { "sec-fetch-site": "same-origin", "content-type": "application/json", ...proxy },
        body: "{}",
      });
      expect(JSON.parse(rpc.text)).toMatchObject({ username: "reader" });
      const renewed = await browser.ask(`${url}/logs/session/renew`, {
        method: "POST",
        headers: { "sec-fetch-site": "same-origin", origin: publicUrl, ...proxy },
      });
      expect(renewed.headers.getSetCookie()[0]).toMatch(/^__Host-taffrail-session=/);
      const out = await browser.ask(`${url}/logs/session`, {
        method: "DELETE",
        headers: { "sec-fetch-site": "same-origin", ...proxy },
      });
      const { signOutUrl } = JSON.parse(out.text) as { signOutUrl: string };
      expect(new URL(signOutUrl).searchParams.get("post_logout_redirect_uri")).toBe(`${publicUrl}/logs/sign-in`);
    },
  );
});
