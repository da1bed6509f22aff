import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { errorOf, readLog } from "./read-log.ts";
import { messagesOf } from "./read-messages.ts";
import { startWorld, useWorld, type World } from "./world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SAME = { "sec-fetch-site": "same-origin" };

/** Signs in, and returns the response with the cookie as a browser would send it. */
async function signIn(
  { url }: { readonly url: string },
  token: string,
  headers: Readonly<Record<string, string>> = {},
) {
  const response = await fetch(`${url}/session`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ token }),
    redirect: "manual",
  });
  const set = response.headers.getSetCookie();
  return { response, set, cookie: set[0]?.split(";", 1)[0] ?? "" };
}

const errorIn = async (response: Response) => {
  const { code, message, details } = (await response.json()) as {
    code: string;
    message: string;
    details: { debug?: { reason?: string } }[];
  };
  return { status: response.status, code, message, reason: details[0]?.debug?.reason };
};

/** A token in the form of a JWT with an expiry time. */
function jwt(world: World, expiresAt: number, padding = ""): string {
  const claims = Buffer.from(JSON.stringify({ exp: expiresAt / 1_000, padding })).toString("base64url");
  const token = `e30.${claims}.c2ln`;
  const metadata = { name: `jwt-${token.length}-${expiresAt}` };
  world.cluster.put({ apiVersion: "demo.taffrail/v1", kind: "Token", metadata, token, user: { username: "reader" } });
  return token;
}

describe("a session", () => {
  const world = useWorld();

  it("starts with a token, and its cookie is HttpOnly and SameSite", async () => {
    const { response, set } = await signIn(world(), TOKENS.reader, SAME);
    expect(response.status).toBe(200);
    const timeIn = (ms: number) => new Date(world().clock.now() + ms).toISOString();
    const times = { expires: timeIn(10 * MINUTE), expiresIn: 600, ends: timeIn(12 * HOUR) };
    expect(await response.json()).toEqual({ username: "reader", ...times });
    expect(set).toEqual([
      expect.stringMatching(/^taffrail-session=[-\w.]+; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
    ]);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  it("has a Secure cookie if the browser uses TLS", async () => {
    const { set } = await signIn(world(), TOKENS.reader, { ...SAME, origin: "https://127.0.0.1" });
    expect(set[0]).toMatch(/^__Host-taffrail-session=[-\w.]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=/);
  });

  it("has a Secure cookie if a proxy ends TLS, but only if there is one", async () => {
    const forwarded = { ...SAME, "x-forwarded-proto": "https" };
    const behind = await startWorld({ config: { limits: { proxies: 1 } } });
    expect((await signIn(behind, TOKENS.reader, forwarded)).set[0]).toMatch(/^__Host-taffrail-session=/);
    await behind.close();
    expect((await signIn(world(), TOKENS.reader, forwarded)).set[0]).toMatch(/^taffrail-session=/);
  });

  it("starts on the page of another host only if a proxy says that it is this server's", async () => {
    const from = { origin: "http://logs.example.com", "x-forwarded-host": "logs.example.com" };
    const behind = await startWorld({ config: { limits: { proxies: 1 } } });
    expect((await signIn(behind, TOKENS.reader, from)).response.status).toBe(200);
    const forged = { ...from, "x-forwarded-host": "logs.example.com, inner.example.com" };
    expect(await errorIn((await signIn(behind, TOKENS.reader, forged)).response)).toMatchObject({
      reason: "ORIGIN_REFUSED",
    });
    await behind.close();
    expect(await errorIn((await signIn(world(), TOKENS.reader, from)).response)).toMatchObject({
      reason: "ORIGIN_REFUSED",
    });
  });

  it("can start with a form, which redirects only to paths of this server", async () => {
    for (const [next, location] of [
      ["/p/shop/runs?phase=failed", "/p/shop/runs?phase=failed"],
      ["//evil.example", "/"],
      ["/\\evil.example", "/"],
      ["https://evil.example", "/"],
      ["/a\r\nset-cookie: x", "/"],
    ] as const) {
      const response = await fetch(`${world().url}/session`, {
        method: "POST",
        body: new URLSearchParams({ token: TOKENS.reader, next }),
        redirect: "manual",
      });
      expect([response.status, response.headers.get("location")]).toEqual([303, location]);
      expect(response.headers.getSetCookie()).toHaveLength(1);
    }
  });

  it("ends no later than the token", async () => {
    const hour = world().clock.now() + HOUR;
    const { response } = await signIn(world(), jwt(world(), hour));
    expect(await response.json()).toMatchObject({ expiresIn: 600, ends: new Date(hour).toISOString() });
    const minute = world().clock.now() + MINUTE;
    const { response: short, set } = await signIn(world(), jwt(world(), minute));
    expect(await short.json()).toMatchObject({ expiresIn: 60, ends: new Date(minute).toISOString() });
    expect(set[0]).toMatch(/Max-Age=60$/);
  });

  it("lasts for ten minutes, and for ten more each time that it is renewed", async () => {
    const { clock, url } = world();
    const renew = (cookie: string) => fetch(`${url}/session/renew`, { method: "POST", headers: { cookie, ...SAME } });
    let { cookie } = await signIn(world(), TOKENS.reader);
    for (let minutes = 0; minutes < 12 * 60; minutes += 9) {
      clock.advance(9 * MINUTE);
      const renewed = await renew(cookie);
      if (minutes + 9 >= 12 * 60) {
        expect(await errorIn(renewed)).toMatchObject({ status: 401, reason: "TOKEN_MISSING" });
        return;
      }
      expect(await renewed.json()).toMatchObject({ expiresIn: Math.min(600, (12 * 60 - minutes - 9) * 60) });
      cookie = renewed.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "";
    }
    expect.unreachable();
  });

  it("cannot be renewed once it has expired, or its token is no longer valid", async () => {
    const { clock, url } = world();
    const renew = (cookie: string) => fetch(`${url}/session/renew`, { method: "POST", headers: { cookie, ...SAME } });
    const { cookie } = await signIn(world(), TOKENS.reader);
    clock.advance(10 * MINUTE);
    const late = await renew(cookie);
    expect(await errorIn(late)).toMatchObject({ status: 401, reason: "SESSION_EXPIRED" });
    expect(late.headers.getSetCookie().every((each) => each.endsWith("Max-Age=0"))).toBe(true);
    expect(await errorIn(await fetch(`${url}/session`, { headers: { cookie } }))).toMatchObject({
      reason: "SESSION_EXPIRED",
    });

    const gone = jwt(world(), clock.now() + 5 * HOUR);
    const { cookie: goneCookie } = await signIn(world(), gone);
    const metadata = { name: `jwt-${gone.length}-${clock.now() + 5 * HOUR}` };
    world().cluster.remove({ apiVersion: "demo.taffrail/v1", kind: "Token", metadata });
    clock.advance(MINUTE);
    expect(await errorIn(await renew(goneCookie))).toMatchObject({ status: 401, reason: "TOKEN_REFUSED" });
    expect(await errorIn(await renew(""))).toMatchObject({ status: 401, reason: "TOKEN_MISSING" });
  });

  it("is refused for an unknown token, a missing one, and one too long for cookies", async () => {
    expect(await errorIn((await signIn(world(), "rubbish")).response)).toMatchObject({
      status: 401,
      reason: "TOKEN_REFUSED",
    });
    for (const [token, message] of [
      ["", "The request contains no token."],
      [" \n", "The request contains no token."],
      ["ü", "The token contains a character that no token has."],
    ] as const) {
      const told = await errorIn((await signIn(world(), token)).response);
      expect(told).toMatchObject({ status: 400, reason: "REQUEST_INVALID", message });
    }
    const fits = jwt(world(), world().clock.now() + HOUR, "x".repeat(6_600));
    const large = await signIn(world(), fits);
    expect([large.response.status, large.set.length]).toEqual([200, 3]);
    const { response, set } = await signIn(world(), jwt(world(), world().clock.now() + HOUR, "x".repeat(7_000)));
    expect(set).toEqual([]);
    expect(await errorIn(response)).toMatchObject({
      status: 400,
      reason: "SESSION_TOO_LARGE",
      message: expect.stringMatching(/^The session is \d+ bytes larger than browsers keep\.$/),
    });
  });

  it("accepts a token that was copied with blanks and line breaks in it", async () => {
    const half = Math.floor(TOKENS.reader.length / 2);
    const token = ` ${TOKENS.reader.slice(0, half)} \r\n  ${TOKENS.reader.slice(half)}\n`;
    expect((await signIn(world(), token)).response.status).toBe(200);
  });

  it("cannot be started or ended by a page of another site", async () => {
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://evil.example" }]) {
      const { response, set } = await signIn(world(), TOKENS.reader, headers as Record<string, string>);
      expect([await errorIn(response), set]).toMatchObject([{ status: 403, reason: "ORIGIN_REFUSED" }, []]);
      const end = await fetch(`${world().url}/session`, {
        method: "DELETE",
        headers: headers as Record<string, string>,
      });
      expect([end.status, end.headers.getSetCookie()]).toEqual([403, []]);
    }
  });

  it("is refused for a request that is too large, of another content type or of another method", async () => {
    const post = (type: string, body: string) =>
      fetch(`${world().url}/session`, { method: "POST", headers: { "content-type": type }, body });
    expect((await post("text/plain", JSON.stringify({ token: TOKENS.reader }))).status).toBe(400);
    expect((await post("application/json", "{")).status).toBe(400);
    expect((await post("application/json", `"${"x".repeat(70_000)}"`)).status).toBe(400);
    const put = await fetch(`${world().url}/session`, { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, "GET, HEAD, POST, DELETE"]);
  });

  it("names its user, and ends on sign-out", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const who = await fetch(`${world().url}/session`, { headers: { cookie } });
    expect(await who.json()).toMatchObject({ username: "reader" });
    expect(await errorIn(await fetch(`${world().url}/session`))).toMatchObject({
      status: 401,
      reason: "TOKEN_MISSING",
    });
    const out = await fetch(`${world().url}/session`, { method: "DELETE", headers: SAME });
    expect(out.status).toBe(204);
    expect(out.headers.getSetCookie()).toEqual([
      "__Host-taffrail-session=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0",
      "taffrail-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    ]);
  });

  it("opens the raw log, even from a link on another site", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const { namespace, name } = world().addLog(sends("line\n"));
    const headers = { cookie, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
    const url = `${world().url}/raw/${namespace}/${name}`;
    const raw = await fetch(url, { headers });
    expect([raw.status, await raw.text()]).toEqual([200, "line\n"]);
    // The other site could tell from a download whether its visitor may read the run, and hold streams open.
    for (const parameter of ["download=1", "follow=1"]) {
      const refused = await fetch(`${url}?${parameter}`, { headers });
      expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining("(ORIGIN_REFUSED)")]);
      const own = await fetch(`${url}?${parameter}`, { headers: { ...headers, ...SAME } });
      expect([own.status, await own.text()]).toEqual([200, "line\n"]);
    }
  });

  it("is taken over TLS only from the cookie that no other host can set", async () => {
    const secure = { ...SAME, origin: "https://127.0.0.1" };
    const { cookie } = await signIn(world(), TOKENS.reader, secure);
    const sealed = cookie.replace(/^__Host-/, "");
    expect(sealed).toMatch(/^taffrail-session=/);
    const statusOf = async (headers: Readonly<Record<string, string>>) =>
      (await fetch(`${world().url}/session`, { headers })).status;
    expect(await statusOf({ cookie, ...secure })).toBe(200);
    expect(await statusOf({ cookie: sealed, ...secure })).toBe(401);
    expect(await statusOf({ cookie: `${sealed}; ${cookie}`, ...secure })).toBe(200);
    expect(await statusOf({ cookie: sealed })).toBe(200);
  });

  it("that was tampered with is cleared by the raw route's response", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const { namespace, name } = world().addLog(sends("line\n"));
    const raw = await fetch(`${world().url}/raw/${namespace}/${name}`, { headers: { cookie: `${cookie}x` } });
    expect(raw.status).toBe(401);
    expect(await raw.text()).toContain("TOKEN_MISSING");
    expect(raw.headers.getSetCookie().every((each) => each.endsWith("Max-Age=0"))).toBe(true);
    expect(raw.headers.getSetCookie()).toHaveLength(2);
  });

  it("never logs its token", () => {
    expect(JSON.stringify(world().log)).not.toContain(TOKENS.reader);
  });
});

describe.each(PROTOCOLS)("a session, over $name", (protocol) => {
  const RECHECK_MS = 4_321;
  const waits = createWaits();
  const keys = { cursors: { keys: [{ env: "CURSOR_KEY" }] } };
  const world = useWorld({ config: { ...keys, follow: { recheck: `${RECHECK_MS}ms` } }, wait: waits.wait });
  const transport = () => world().transport(protocol);
  const read = (headers: Record<string, string>) => readLog(transport(), world().addLog(sends("line\n")), { headers });

  it("works like a token on every replica with the same key, and on no other", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const headers = { cookie, ...SAME };
    expect(await read(headers)).toMatchObject({ text: "line\n", error: undefined });
    const list = { namespace: "shop" };
    const same = createClient(AnalysisRunLogService, await world().replica(protocol));
    expect((await same.listAnalysisRuns(list, { headers })).analysisRuns.length).toBeGreaterThan(0);
    const other = createClient(
      AnalysisRunLogService,
      await world().replica(protocol, { cursors: { keys: [{ env: "OTHER_KEY" }] } }),
    );
    expect(await errorOf(other.listAnalysisRuns(list, { headers }))).toMatchObject({ reason: "TOKEN_MISSING" });
  });

  it("is ignored if the request has a token", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const header = (token: string) => ({ cookie, ...SAME, authorization: `Bearer ${token}` });
    expect((await read(header(TOKENS.stranger))).error).toMatchObject({ reason: "ACCESS_DENIED" });
    expect((await read(header("rubbish"))).error).toMatchObject({ reason: "TOKEN_REFUSED" });
    expect((await read({ ...header(TOKENS.reader), "sec-fetch-site": "cross-site" })).text).toBe("line\n");
  });

  it("is refused for pages of other sites and for requests without an origin", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const { host } = new URL(world().url);
    for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://evil.example" }, {}]) {
      const { error } = await read({ cookie, ...(headers as Record<string, string>) });
      expect(error).toMatchObject({ code: "PermissionDenied", reason: "ORIGIN_REFUSED" });
    }
    expect((await read({ cookie, origin: `http://${host}` })).text).toBe("line\n");
  });

  it("is cleared if it was tampered with, or it or its token has expired", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const changed = await read({ cookie: `${cookie}x`, ...SAME });
    expect(changed.error).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_MISSING" });
    expect(changed.error?.whole + changed.headers).toContain(
      "taffrail-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0",
    );

    const gone = jwt(world(), world().clock.now() + 2 * HOUR);
    const { cookie: goneCookie } = await signIn(world(), gone);
    const metadata = { name: `jwt-${gone.length}-${world().clock.now() + 2 * HOUR}` };
    world().cluster.remove({ apiVersion: "demo.taffrail/v1", kind: "Token", metadata });
    world().clock.advance(60_000);
    const refused = await read({ cookie: goneCookie, ...SAME });
    expect(refused.error).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_REFUSED" });
    expect(refused.error?.whole + refused.headers).toContain("Max-Age=0");

    world().clock.advance(12 * HOUR);
    expect((await read({ cookie, ...SAME })).error).toMatchObject({ reason: "TOKEN_MISSING" });
  });

  it("that expires in the middle of a log ends it with TOKEN_EXPIRED", async () => {
    const { cookie } = await signIn(world(), TOKENS.reader);
    const options = { headers: { cookie, ...SAME } };
    const messages = messagesOf(transport(), world().addLog(sendsThenHangs("begin\n")), options);
    for (let message = await messages.next(); message.value?.text !== "begin\n"; ) message = await messages.next();
    await waits.until((ms) => ms === RECHECK_MS);
    world().clock.advance(12 * HOUR);
    waits.pass((ms) => ms === RECHECK_MS);
    let ended = await messages.next();
    while (ended.value?.end === undefined) ended = await messages.next();
    expect(ended.value.end.reason).toBe(EndReason.TOKEN_EXPIRED);
    expect(await errorOf(messages.next())).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_EXPIRED" });
  });
});

describe("signing in", () => {
  it("is limited per minute and address, before the request is read", async () => {
    const world = await startWorld({ config: { limits: { signInsPerAddress: 2 } } });
    expect((await signIn(world, "rubbish")).response.status).toBe(401);
    expect((await signIn(world, TOKENS.reader)).response.status).toBe(200);
    const { response, set } = await signIn(world, TOKENS.reader);
    expect([response.headers.get("retry-after"), response.headers.get("content-type"), set]).toEqual([
      "30",
      "application/json",
      [],
    ]);
    expect(await errorIn(response)).toEqual({
      status: 429,
      code: "resource_exhausted",
      reason: "TOO_MANY_SIGN_INS",
      message: "More sign-ins from your network than 2 per minute, the limit: try again in 30 s.",
    });
    // An existing session is not affected.
    world.clock.advance(30_000);
    const { cookie } = await signIn(world, TOKENS.reader);
    expect((await fetch(`${world.url}/session`, { headers: { cookie } })).status).toBe(200);
    await world.close();
  });

  it("is limited over all addresses, and ignores addresses that callers forge", async () => {
    const world = await startWorld({ config: { limits: { signIns: 3, signInsPerAddress: 2 } } });
    const from = async (address: string) =>
      (await signIn(world, TOKENS.reader, { "x-forwarded-for": address })).response.status;
    expect([await from("192.0.2.1"), await from("192.0.2.2"), await from("192.0.2.3")]).toEqual([200, 200, 429]);
    await world.close();

    const behind = await startWorld({ config: { limits: { signIns: 3, signInsPerAddress: 2, proxies: 1 } } });
    const through = async (address: string) =>
      (await signIn(behind, TOKENS.reader, { "x-forwarded-for": `192.0.2.9, ${address}` })).response.status;
    expect([await through("192.0.2.1"), await through("192.0.2.1"), await through("192.0.2.1")]).toEqual([
      200, 200, 429,
    ]);
    expect([await through("192.0.2.2"), await through("192.0.2.3")]).toEqual([200, 429]);
    await behind.close();
  });
});
