import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { RefusedValue } from "./errors.ts";
import { compileKeyPattern, compileKeyPrefix } from "./key-pattern.ts";
import type { TemplateValues } from "./values.ts";

const valuesOf = (metricName: string): TemplateValues => ({
  variables: { metricName, project: "shop", jobName: "job" },
  lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
});

describe("a prefix of keys", () => {
  it("matches what lies below it, but no folder's own object", () => {
    const { prefix, matches } = compileKeyPrefix("a/${{ project }}/").render(valuesOf("x"));
    expect(prefix).toBe("a/shop/");
    expect(["a/shop/1", "a/shop/b/2", "a/shop/", "a/shop-internal/1", "a/shop/b/"].map(matches)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it.each(["${{ project }}", "a/${{ project }}", "a", "${{ project }}/${{ jobName }}"])(
    "is refused if it does not end with a slash of its own text: %s",
    (text) => {
      expect(() => compileKeyPrefix(text)).toThrow(/must end with a literal "\/"/);
    },
  );

  it("is refused if a value could end it with a slash", () => {
    expect(() => compileKeyPrefix("a/${{ project }}${{ metricName }}")).toThrow(/must end with/);
    expect(() => compileKeyPrefix("a/${{ metricName }}/").render(valuesOf("b/"))).toThrow(/contains a slash/);
  });
});

describe("a pattern of keys", () => {
  const matching = (text: string, metricName = "x") => compileKeyPattern(text).render(valuesOf(metricName));

  it("is listed by the text before the first star, and matched whole", () => {
    const { prefix, matches } = matching("logs/${{ project }}/*/${{ jobName }}_*.gz");
    expect(prefix).toBe("logs/shop/");
    expect(matches("logs/shop/2026/job_1.gz")).toBe(true);
    expect(matches("logs/shop/2026/11/job_1.gz")).toBe(false);
    expect(matches("logs/shop/2026/job_1.gz.tmp")).toBe(false);
    expect(matches("logs/shop/2026/other-job_1.gz")).toBe(false);
    expect(matches("logs/shop//job_.gz")).toBe(true);
    expect(matches("logs/shop/job_.gz")).toBe(false);
  });

  it("takes a star of a value for itself", () => {
    const { prefix, matches } = matching("${{ metricName }}/*", "a*b");
    expect(prefix).toBe("a*b/");
    expect([matches("a*b/1"), matches("axb/1")]).toEqual([true, false]);
  });

  it.each([
    ["no star", "a/${{ project }}", /no "\*"/],
    ["only a star before all text", "*/${{ jobName }}", /whole bucket/],
    ["a dot segment", "a/../*", /dot segment/],
  ])("is refused with %s", (_, text, message) => {
    expect(() => compileKeyPattern(text)).toThrow(message);
  });

  it("matches as a regular expression does in which a star is [^/]*", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "*"), maxLength: 8 });
    const keys = fc.string({ unit: fc.constantFrom("a", "b", "/"), maxLength: 10 });
    fc.assert(
      fc.property(text, keys, (rest, key) => {
        const template = `a${rest}*`;
        const wanted = new RegExp(`^${template.replaceAll("*", "[^/]*")}$`);
        expect(matching(template).matches(key)).toBe(wanted.test(key));
      }),
      { numRuns: 2_000 },
    );
  });

  it("never leaves the folder of the operator's text, whatever the values are", () => {
    const name = fc.string({ unit: CHARACTER, minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(name, (metricName) => {
        try {
          const { prefix, matches } = matching("logs/${{ metricName }}/*.log", metricName);
          expect(prefix).toBe(`logs/${metricName}/`);
          expect(prefix.split("/")).toHaveLength(3);
          expect(matches(`logs/${metricName}/1.log`)).toBe(true);
          expect(matches(`logs/${metricName}/deep/1.log`)).toBe(false);
          expect(matches("logs/other/1.log")).toBe(metricName === "other");
        } catch (error) {
          expect(error).toBeInstanceOf(RefusedValue);
          expect(metricName).toMatch(/[/\\%\p{Cc}\ue001]|^\.\.?$|\p{Cs}/u);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
