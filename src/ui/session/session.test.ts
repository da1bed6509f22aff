import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type * as session from "./session.ts";

const WHO = { username: "ann", expiresIn: null, expires: null, ends: null };

let answers: (readonly [status: number, body: object])[] = [];
let page: typeof session;
beforeEach(async () => {
  vi.resetModules();
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("document", { querySelector: () => null });
  vi.stubGlobal("fetch", async () => {
    const [status, body] = answers.shift() ?? [200, WHO];
    return new Response(JSON.stringify(body), { status });
  });
  page = await import("./session.ts");
});
afterEach(() => {
  answers = [];
  vi.unstubAllGlobals();
});

describe("the page's session", () => {
  it.each([500, 502, 503, 429])("is not over because the server answers %i", async (status) => {
    answers = [[status, {}]];
    await page.findSession();
    // The next call is made, and says what is wrong.
    expect(page.sessionState().kind).toBe("in");
  });

  it("is over if the server says so", async () => {
    answers = [[401, { details: [] }]];
    await page.findSession();
    expect(page.sessionState().kind).toBe("out");
  });

  it("is not over if the server did not end it", async () => {
    await page.findSession();
    answers = [[403, {}]];
    await expect(page.signOut({ stay: true })).rejects.toThrow("HTTP 403");
    expect(page.sessionState().kind).toBe("in");
    await page.signOut({ stay: true });
    expect(page.sessionState().kind).toBe("out");
  });
});
