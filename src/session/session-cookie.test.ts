import { describe, expect, it } from "vitest";
import { clearSessionCookies, excessOf, sessionCookie, setSessionCookies } from "./session-cookie.ts";

/** What a browser sends after these `set-cookie` headers, on top of what it had. */
function jarAfter(set: readonly string[], before = ""): string {
  const jar = new Map(before === "" ? [] : before.split("; ").map((each) => each.split("=", 2) as [string, string]));
  for (const each of set) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
    if (each.endsWith("Max-Age=0")) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}

const sealedOf = (length: number) => Array.from({ length }, (_, index) => "abc.-_"[index % 6]).join("");

describe("the cookies of a session", () => {
  it.each([10, 4_000, 4_069, 4_070, 8_000, 12_000, 12_207])("hold one of %i bytes, in at most three", (length) => {
    const sealed = sealedOf(length);
    const set = setSessionCookies(sealed, true, 600, undefined);
    expect(set.length).toBe(Math.ceil(length / 4_069));
    for (const each of set) {
      const [pair = ""] = each.split(";", 1);
      expect(pair.replace("=", "").length).toBeLessThanOrEqual(4_096);
      expect(each).toMatch(
        /^__Host-taffrail-session(\.[12])?=[-\w.~]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
      );
    }
    expect(sessionCookie(jarAfter(set), true)).toBe(sealed);
    expect(excessOf(sealed)).toBe(0);
  });

  it("hold no more than that", () => {
    expect(excessOf(sealedOf(12_208))).toBe(1);
  });

  it("of a shorter session replace those of a longer one", () => {
    const before = jarAfter(setSessionCookies(sealedOf(12_000), false, 600, undefined));
    const set = setSessionCookies("short", false, 600, before);
    expect(set).toHaveLength(3);
    const after = jarAfter(set, before);
    expect([after, sessionCookie(after, false)]).toEqual(["taffrail-session=short", "short"]);
    // Even if the browser kept one.
    expect(sessionCookie(`${after}; taffrail-session.1=rest`, false)).toBe("short");
  });

  it("are incomplete if one is missing", () => {
    const jar = jarAfter(setSessionCookies(sealedOf(9_000), false, 600, undefined));
    expect(sessionCookie(jar.split("; ").slice(0, 2).join("; "), false)?.length).toBeLessThan(9_000);
  });

  it("are all deleted, under both names", () => {
    for (const secure of [true, false]) {
      const before = jarAfter(setSessionCookies(sealedOf(12_000), secure, 600, undefined));
      const cleared = clearSessionCookies(before);
      expect(cleared).toHaveLength(4);
      expect(jarAfter(cleared, before)).toBe("");
    }
    expect(clearSessionCookies(undefined)).toHaveLength(2);
  });
});
