import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isNamespaceName, isObjectName } from "./names.ts";

describe("names", () => {
  it.each([
    ["guestbook", true, true],
    ["a", true, true],
    ["0", true, true],
    ["a-b--c", true, true],
    ["a.b", true, false],
    ["1c5989f1-ba2d-4e83-858b-fed0a712755f.robot.1", true, false],
    ["a".repeat(63), true, true],
    ["a".repeat(64), true, false],
    ["a".repeat(253), true, false],
    ["a".repeat(254), false, false],
    ["", false, false],
    ["-a", false, false],
    ["a-", false, false],
    [".a", false, false],
    ["a.", false, false],
    ["a..b", false, false],
    ["a.-b", false, false],
    ["..", false, false],
    ["A", false, false],
    ["a_b", false, false],
    ["a/b", false, false],
    ["a\n", false, false],
    ["ä", false, false],
  ])("of %j: an object's %s, a namespace's %s", (text, object, namespace) => {
    expect(isObjectName(text)).toBe(object);
    expect(isNamespaceName(text)).toBe(namespace);
  });

  it("contain nothing with a meaning in a URL, and every namespace name is also an object name", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("a", "1", "-", ".", "/", "%", "A", " ") }), (text) => {
        if (isObjectName(text)) expect(new URL(`http://h/${text}`).pathname).toBe(`/${text}`);
        expect(isNamespaceName(text) && !isObjectName(text)).toBe(false);
      }),
    );
  });

  it("are checked in no time, however long the text", () => {
    const text = `${"a-".repeat(100_000)}!`;
    const began = performance.now();
    expect(isObjectName(text)).toBe(false);
    expect(isObjectName(`${"a-".repeat(126)}!`)).toBe(false);
    expect(performance.now() - began).toBeLessThan(100);
  });
});
