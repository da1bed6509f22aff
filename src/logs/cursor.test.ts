import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import { Secret } from "../secret.ts";
import { createCursors } from "./cursor.ts";

const START = Date.parse("2026-01-02T00:00:00Z");
const scope = { caller: "ada", request: "shop/uat.1" };
const position = { line: 7, place: { kind: "bytes", offset: 120 } };

function cursors(keys: readonly string[], ofScope = scope) {
  let now = START;
  return {
    ...createCursors({ keys: keys.map((key) => new Secret(key)), clock: { now: () => now }, scope: ofScope }),
    advance: (ms: number) => {
      now += ms;
    },
  };
}

/** Why a cursor was refused. */
function reasonOf(open: () => unknown): string {
  try {
    open();
  } catch (error) {
    if (error instanceof Failure && error.kind === "bad-request") return error.reason;
    throw error;
  }
  throw new Error("The cursor was taken.");
}

describe("a cursor", () => {
  it("gives back the position that it was made of, on any server with the same key", () => {
    expect(cursors(["key"]).open(cursors(["key"]).seal(position))).toEqual(position);
  });

  it("is short even if it has positions of many logs", () => {
    const pods = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`~${index}-${hash("md5", `${index}`).slice(0, 5)}/main`, "ended"]),
    );
    const cursor = cursors(["key"]).seal(pods);
    expect(cursor.length).toBeLessThan(16_384);
    expect(cursors(["key"]).open(cursor)).toEqual(pods);
    expect(reasonOf(() => cursors(["other"]).open(cursor))).toBe("CURSOR_INVALID");
  });

  it("is read with each key, and signed with the first", () => {
    const before = cursors(["old"]).seal(position);
    const meanwhile = cursors(["new", "old"]);
    expect(meanwhile.open(before)).toEqual(position);
    expect(cursors(["new"]).open(meanwhile.seal(position))).toEqual(position);
    expect(reasonOf(() => cursors(["new"]).open(before))).toBe("CURSOR_INVALID");
  });

  it("is for the caller and the request that it was made for, and nobody and nothing else", () => {
    const cursor = cursors(["key"]).seal(position);
    for (const other of [
      { ...scope, caller: "bob" },
      { ...scope, request: "shop/uat.2" },
    ]) {
      expect(reasonOf(() => cursors(["key"], other).open(cursor))).toBe("CURSOR_FOREIGN");
    }
  });

  it("is refused where any bit of it was changed, and where it is cut", () => {
    const { seal, open } = cursors(["key"]);
    const bytes = Buffer.from(seal(position), "base64url");
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(reasonOf(() => open(changed.toString("base64url")))).toBe("CURSOR_INVALID");
      expect(reasonOf(() => open(bytes.subarray(0, at).toString("base64url")))).toBe("CURSOR_INVALID");
    }
  });

  it.each(["", "rubbish", "AAAA", "é", `${"A".repeat(60)} `])("is not %j", (text) => {
    expect(reasonOf(() => cursors(["key"]).open(text))).toBe("CURSOR_INVALID");
  });

  it("is good for seven days, and not before it was made", () => {
    const made = cursors(["key"]);
    const cursor = made.seal(position);
    made.advance(7 * 86_400_000);
    expect(made.open(cursor)).toEqual(position);
    made.advance(1_000);
    expect(reasonOf(() => made.open(cursor))).toBe("CURSOR_STALE");
    made.advance(-7 * 86_400_000 - 302_000);
    expect(reasonOf(() => made.open(cursor))).toBe("CURSOR_STALE");
  });
});
