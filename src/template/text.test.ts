import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { Secret } from "../secret.ts";
import { compileText, type TextContext } from "./text.ts";
import type { TemplateValues } from "./values.ts";

const valuesOf = (metricName: string): TemplateValues => ({
  variables: { metricName, project: "shop" },
  lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
});
const render = (text: string, context: TextContext, metricName = "x"): string =>
  compileText(text, context).render(valuesOf(metricName));

const refusal = (why: string): unknown =>
  expect.objectContaining({ name: "RefusedValue", variable: "metricName", message: `The value of metricName ${why}.` });

describe("the operator's own text", () => {
  it("is rendered byte for byte", () => {
    const text = "\\ \\n ` <%= x %> ' \" \r\n \r \n\n ${x} $ $$ }} { %> \u2028 é ~ - _ ! //* ";
    const quoted = `|= \`${text.replaceAll("`", "")}\``;
    expect(render(quoted, "logql")).toBe(quoted);
    expect(render(`${quoted} |= "$\${{ project }}"\r\n`, "logql")).toBe(`${quoted} |= "$shop"\r\n`);
  });

  it("is rendered byte for byte, whatever it is", () => {
    const literal = fc.string({ unit: fc.constantFrom(..."\\'\"`${}<%=>~-_!/* \n\tab"), maxLength: 20 });
    fc.assert(
      fc.property(literal, literal, (before, after) => {
        const safe = (text: string): string => text.replaceAll("\n", " ").replaceAll("${{", "").replaceAll("${%", "");
        const [left, right] = [safe(before), safe(after)];
        fc.pre(!`${left}\${{`.slice(0, -3).includes("${{"));
        expect(render(`${left}\${{ project }}${right}`, "header")).toBe(`${left}shop${right}`);
      }),
    );
  });
});

describe("a header", () => {
  it("accepts a token if it may", () => {
    const template = compileText("Bearer ${{ token }}", "header", { token: true });
    expect(template.render(valuesOf("x"), new Secret("a|b"))).toBe("Bearer a|b");
    expect([...template.names]).toEqual(["token"]);
    expect(() => template.render(valuesOf("x"))).toThrow("This run has no value for token.");
    expect(() => template.render(valuesOf("x"), new Secret("a\r\nb"))).toThrow(
      "The value of token contains a control character.",
    );
    expect(() => compileText("${{ token }}", "s3-key", { token: true })).toThrow(/in headers only/);
  });

  it.each(["\r", "\n", "\0", "\u001f", "\u007f", "\u0085"])("refuses a value that contains %j", (unit) => {
    expect(() => render("${{ metricName }}", "header", `a${unit}b`)).toThrow(
      refusal("contains a control character") as Error,
    );
  });

  it("refuses characters that HTTP cannot carry, and a second tenant", () => {
    expect(() => render("${{ metricName }}", "header", "aĀ")).toThrow(/not allowed in a header/);
    expect(() => render("${{ metricName }}", "header", "😀")).toThrow(/not allowed in a header/);
    expect(() => render("${{ metricName }}", "header", "a|b")).toThrow(
      refusal('contains a "|", which is not allowed in a header') as Error,
    );
    expect(render("${{ metricName }}", "header", "é\ta b")).toBe("é\ta b");
  });

  it("refuses such characters in the operator's own text too", () => {
    for (const text of ["a\nb", "a\0b", "aĀ"]) expect(() => compileText(text, "header")).toThrow(/not allowed in a/);
  });

  it("has a maximum length", () => {
    expect(() => render("${{ metricName }}${{ metricName }}${{ metricName }}", "header", "x".repeat(8000))).toThrow(
      refusal("makes the text longer than 16384 characters") as Error,
    );
  });
});

describe("a LogQL query", () => {
  /** Reads a Go string literal as Go would. */
  const unquote = (literal: string): string => JSON.parse(literal);

  it("escapes values so that the string has the same value", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, minLength: 1 }), (value) => {
        const made = render('{metric="${{ metricName }}"}', "logql", value);
        expect(unquote(made.slice("{metric=".length, -1))).toBe(value);
      }),
    );
  });

  it("quotes values in regular expressions, so that they match only themselves", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", minLength: 1 }), fc.string(), (value, other) => {
        const made = render('{metric=~"${{ metricName }}"}', "logql", value);
        const pattern = new RegExp(`^(?:${unquote(made.slice("{metric=~".length, -1))})$`, "s");
        expect(pattern.test(value)).toBe(true);
        expect(pattern.test(other)).toBe(other === value);
      }),
    );
  });

  it.each([
    ['{a="${{ metricName }}"}', 'a.b"'],
    ['{a!="${{ metricName }}"}', 'a.b"'],
    ['{a="x"} |= "${{ metricName }}"', 'a.b"'],
    ['{a="x"} | b = "${{ metricName }}"', 'a.b"'],
    ['{a="\\"", b="${{ metricName }}"}', 'a.b"'],
    ['{a="x"} | json | b="${{ metricName }}"', 'a.b"'],
    ['{a="x"} # "\n|= "${{ metricName }}"', 'a.b"'],
  ])("treats %s as text", (text, value) => {
    expect(render(text, "logql", value)).toContain('a.b\\"');
  });

  it.each([
    '{a=~"${{ metricName }}"}',
    '{a!~ "${{ metricName }}"}',
    '{a="x"} |~ "x${{ metricName }}"',
    '{a="x"} !~ "${{ metricName }}"',
    '{a="x"} |= `"` | b =~"${{ metricName }}"',
  ])("treats %s as a regular expression", (text) => {
    expect(render(text, "logql", "a.b")).toContain("a\\\\.b");
  });

  it.each([
    ["${{ metricName }}", /double quotes/],
    ["{a=`${{ metricName }}`}", /double quotes/],
    ['{${{ metricName }}="x"}', /double quotes/],
    ['{a="x"} # ${{ metricName }}', /double quotes/],
    ['{a="\\${{ metricName }}"}', /must not follow a backslash/],
    ['{a="x"} | label_format b="${{ metricName }}"', /must be in a string after/],
    ['{a="x"} | line_format "${{ metricName }}"', /must be in a string after/],
    ['{a="x"} | json b="${{ metricName }}"', /must be in a string after/],
    ['{a="x"} | pattern "${{ metricName }}"', /must be in a string after/],
    ['{a="x"} |> "${{ metricName }}"', /must be in a string after/],
    ['{a="${{ metricName }}', /Unterminated string/],
    ["{a=`x}", /Unterminated string/],
  ])("refuses %s at load", (text, message) => {
    expect(() => compileText(text, "logql")).toThrow(message);
  });
});

describe("an S3 key", () => {
  it("contains values as they are", () => {
    expect(render("logs/${{ project }}/${{ metricName }}.log", "s3-key", "a b?#é")).toBe("logs/shop/a b?#é.log");
  });

  it.each(["/", "a/b", "a\\b", "a%2Fb", ".", "..", "a\nb", "\0"])("refuses the value %j", (value) => {
    expect(() => render("logs/${{ metricName }}.log", "s3-key", value)).toThrow(
      /^The value of metricName (contains|is) a/,
    );
  });

  it("refuses a combination that is a dot segment or too long", () => {
    expect(() => render("logs/${{ metricName }}${{ substring('..', 1) }}", "s3-key", ".")).toThrow(/dot segment/);
    expect(() => render("logs/${{ metricName }}.", "s3-key", ".")).toThrow(/dot segment/);
    expect(() => render("${{ metricName }}", "s3-key", "é".repeat(513))).toThrow(
      refusal("makes the key longer than 1024 bytes") as Error,
    );
    expect(() => compileText("logs/../${{ project }}", "s3-key")).toThrow(/dot segment/);
    expect(() => compileText("logs\n", "s3-key")).toThrow(/not allowed in a key/);
    expect(() => compileText('logs/${{ date(startedAt, "yyyy/MM") }}', "s3-key")).toThrow(/contains a slash/);
  });
});

describe("JSON", () => {
  it("contains values that parse to what they were", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, minLength: 1 }), (value) => {
        const made = render('{ "query": ["pre \\"${{ metricName }}", 1] }', "json", value);
        expect(JSON.parse(made)).toEqual({ query: [`pre "${value}`, 1] });
      }),
    );
  });

  it.each([
    ['{"a": ${{ metricName }}}', /double quotes/],
    ['{"a": "\\${{ metricName }}"}', /double quotes/],
    ['{"a": "\\u00${{ metricName }}"}', /double quotes/],
    ['{"${{ metricName }}": 1}', /JSON keys must be literal/],
    ['{"a": 1', /Invalid JSON/],
  ])("refuses %s at load", (text, message) => {
    expect(() => compileText(text, "json")).toThrow(message);
  });
});
