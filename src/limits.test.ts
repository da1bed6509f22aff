import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Failure } from "./failure.ts";
import { LIMITS, limitExceeded, limitOf } from "./limits.ts";

describe("a limit", () => {
  it.each(Object.keys(LIMITS))("is documented: %s", (limit) => {
    const docs = readFileSync(new URL("../docs/configuration.md", import.meta.url), "utf8");
    const table = docs.slice(docs.indexOf("## Limits"), docs.indexOf("## Sources"));
    expect(table).toContain(`\`${limit}\``);
  });

  it("is named by its refusals", () => {
    const failure = limitExceeded("limits.logBytes", "The log is larger than 5 bytes.", { next: "Read less." });
    expect(failure).toMatchObject({ kind: "too-much", reason: "LIMIT_REACHED", limit: "limits.logBytes" });
    expect(limitOf(failure.with({ message: "Cut." }))).toBe("limits.logBytes");
  });

  it("is the first of its reason where a refusal names none", () => {
    expect(limitOf(new Failure("too-much", "SOURCE_BUSY", "busy"))).toBe("sources.connections");
    expect(limitOf(new Failure("too-much", "NEW_REASON", "?"))).toBeUndefined();
    expect(limitOf(new Failure("too-much", "", "?"))).toBeUndefined();
  });
});
