import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMatch } from "./match.ts";

const facts = { project: "shop", metric: "smoke", stage: "prod-eu", shard: undefined };

describe("createMatch", () => {
  it("matches every run without patterns", () => {
    expect(createMatch({})(facts)).toBe(true);
    expect(createMatch({ stage: undefined })(facts)).toBe(true);
  });

  it("requires all patterns to match", () => {
    expect(createMatch({ project: "shop", stage: "prod-*", metric: "*smoke*" })(facts)).toBe(true);
    expect(createMatch({ project: "shop", stage: "prod-*", metric: "load" })(facts)).toBe(false);
  });

  it("matches labels of the run", () => {
    const labelled = { ...facts, labels: { team: "payments", "app.kubernetes.io/name": "smoke" } };
    expect(createMatch({ labels: { team: "pay*", "app.kubernetes.io/name": "smoke" } })(labelled)).toBe(true);
    expect(createMatch({ labels: { team: "pay*", "app.kubernetes.io/name": "load" } })(labelled)).toBe(false);
    expect(createMatch({ labels: { constructor: "*" } })(labelled)).toBe(false);
    expect(createMatch({ labels: { team: "*" } })(facts)).toBe(false);
  });

  it("does not match a pattern for what a run does not have", () => {
    expect(createMatch({ shard: "*" })(facts)).toBe(false);
  });

  it.each([
    ["shop", true],
    ["sho", false],
    ["shop*", true],
    ["*op", true],
    ["s*p", true],
    ["s*h*o*p", true],
    ["sho*op", false],
    ["*o*o*", false],
    ["sh.p", false],
    ["SHOP", false],
    ["", false],
  ])("matches %j against shop", (project, expected) => {
    expect(createMatch({ project })(facts)).toBe(expected);
  });

  it("agrees with a regular expression", () => {
    const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom("a", "b", "*", "*"), maxLength });
    fc.assert(
      fc.property(letters(8), fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 }), (pattern, project) => {
        const expected = new RegExp(`^${pattern.replace(/\*+/g, ".*")}$`).test(project);
        expect(createMatch({ project: pattern })({ project, metric: "m" })).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("is fast for a pattern that would make backtracking explode", () => {
    const match = createMatch({ project: `${"a*".repeat(5_000)}b` });
    expect(match({ project: "a".repeat(20_000), metric: "m" })).toBe(false);
  });
});
