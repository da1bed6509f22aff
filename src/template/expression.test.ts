import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { TemplateError } from "./errors.ts";
import { compileText, type TextTemplate } from "./text.ts";
import type { TemplateValues } from "./values.ts";

const values: TemplateValues = {
  variables: {
    project: "shop",
    stage: "prod",
    shard: "",
    freight: "f-one",
    attempt: "2",
    startedAt: "2026-01-02T03:04:05.123456789Z",
    metricName: "smoke test",
  },
  lookups: {
    label: (key) => (key === "team" ? "core" : undefined),
    annotation: () => undefined,
    arg: (key) => (key === "}}" ? "braces" : undefined),
    freight: (warehouse) => (warehouse === "images" ? "f-images" : undefined),
  },
};

const compile = (expression: string): TextTemplate =>
  compileText(`\${{ ${expression} }}`, "header", { vars: { cluster: "eu-1", output: "x" } });
const render = (expression: string): string => compile(expression).render(values);

/** What the template's author is told, and which part of the text it is about. */
const faultOf = (text: string): { message: string; at: string } => {
  try {
    compileText(text, "header", { vars: { cluster: "eu-1" } });
  } catch (error) {
    if (error instanceof TemplateError) {
      return { message: error.message, at: text.slice(error.offset, error.offset + error.length) };
    }
    throw error;
  }
  throw new Error(`${text} was not refused`);
};

describe("an expression", () => {
  it.each([
    ["project", "shop"],
    ["(project)", "shop"],
    ["\"a\" + project + 'b'", "ashopb"],
    ["cluster", "eu-1"],
    ["output", "x"],
    ["1 + 2", "3"],
    ["attempt + 1", "21"],
    ['project == "shop" ? "yes" : "no"', "yes"],
    ["attempt == 2 ? 'two' : 'other'", "two"],
    ["attempt === 2 ? 'two' : 'other'", "two"],
    ["attempt !== 2 ? 'other' : 'two'", "two"],
    ["attempt < 10 ? 'few' : 'many'", "few"],
    ['attempt < "10" ? "few" : "many"', "many"],
    ["project >= 1 ? 'more' : 'no number'", "no number"],
    ["project != 1 ? 'differs' : 'same'", "differs"],
    ["project == stage", "false"],
    ["freight", "f-one"],
    ['freight("images")', "f-images"],
    ['freight + freight("images")', "f-onef-images"],
    ['label("team")', "core"],
    ['arg("}}")', "braces"],
    ['"}}" + "${{" + "\\"" + \'\\u0041\'', '}}${{"A'],
    ["quote(0123456)".replace("0123456", '"0123"'), "0123"],
    ["lower('AB') + upper('cd')", "abCD"],
    ["replace('a.b.c', '.', '$&')", "a$&b$&c"],
    ["substring(project, 1)", "hop"],
    ["substring(project, 1, 3)", "ho"],
    ["unixNanos(startedAt)", "1767323045123456789"],
    ["unixNanos(startedAt) + 1000000000", "1767323046123456789"],
    ["unixMillis(startedAt)", "1767323045123"],
    ["unixSeconds(startedAt) + 60", "1767323105"],
    ["date(startedAt, 'yyyy-MM-dd')", "2026-01-02"],
  ])("%s renders as %s", (expression, text) => {
    expect(render(expression)).toBe(text);
  });

  it.each([
    ['promotion ?? "none"', "none"],
    ["promotion ?? rollout ?? stage", "prod"],
    ['lower(promotion) ?? "none"', "none"],
    ['"a" + promotion ?? "none"', "none"],
    ['promotion == "x" ? "yes" : "no"', "no"],
    ['promotion == "" ? "none" : promotion', "none"],
    ['shard == "" ? "none" : shard', "none"],
    ["promotion == 0 ? 'zero' : 'none'", "none"],
    ["promotion < 3 ? 'few' : 'none'", "none"],
    ['promotion ? promotion : "none"', "none"],
    ['label("owner") ?? label("team")', "core"],
  ])("%s tolerates a missing value: %s", (expression, text) => {
    expect(render(expression)).toBe(text);
  });

  it.each([
    ["promotion", "promotion"],
    ["shard", "shard"],
    ['"a" + promotion', "promotion"],
    ["promotion + rollout", "promotion and rollout"],
    ["promotion ?? rollout", "promotion and rollout"],
    ['stage == "prod" ? promotion : rollout', "promotion"],
    ["lower(promotion)", "promotion"],
    ['label("owner")', 'label("owner")'],
    ['replace(stage, "prod", "")', "stage"],
    ['stage == "prod" ? "" : "x"', "stage"],
  ])("%s is missing without %s", (expression, variable) => {
    expect(() => render(expression)).toThrow(expect.objectContaining({ name: "MissingValue", variable }));
  });

  it("does not read inherited properties as values", () => {
    expect(() => compile("stage").render({ ...values, variables: Object.create({ stage: "inherited" }) })).toThrow(
      /no value for stage/,
    );
  });

  it.each([
    ["unixNanos(metricName)", "metricName", "is not an RFC 3339 time"],
    ['date(metricName, "yyyy")', "metricName", "is not an RFC 3339 time"],
    ["date(startedAt, project)", "startedAt and project", 'formats a date with a pattern that has the letter "s"'],
    ["substring(project, stage)", "project and stage", "is used with a substring index that is not a number"],
    ["replace(project, substring(stage, 9), 'x')", "project and stage", "is searched for an empty string"],
    [
      "substring(replace(replace(metricName + '                ', ' ', '                                '), ' ', '                                '), 0, 1)",
      "metricName",
      "is longer than 8192 characters",
    ],
  ])("%s refuses the value of %s: it %s", (expression, variable, why) => {
    expect(() => render(expression)).toThrow(
      expect.objectContaining({ name: "RefusedValue", variable, message: expect.stringContaining(why) }),
    );
  });

  it.each([
    ["project.length", "project.length", /Member access/],
    ['project["constructor"]', 'project["constructor"]', /Member access/],
    ["project?.length", "project?.length", /Member access/],
    ["project = 1", "project = 1", /An assignment/],
    ["!project", "!project", /The unary operator "!"/],
    ["~project", "~project", /The unary operator "~"/],
    ["-1", "-1", /The unary operator "-"/],
    ["typeof project", "typeof project", /unary operator "typeof"/],
    ["project - 1", "project - 1", /"-" is not supported/],
    ['"a" in project', '"a" in project', /"in" is not supported/],
    ["project && stage", "project && stage", /&& is not supported/],
    ["project || stage", "project || stage", /\|\| is not supported/],
    ["project, stage", "project, stage", /A comma/],
    ["`a`", "`a`", /template literal/],
    ["lower`a`", "lower`a`", /template literal/],
    ["/a/", "/a/", /\/a\/ is not supported/],
    ["1n", "1n", /1n is not supported/],
    ["null", "null", /null is not supported/],
    ["true", "true", /true is not supported/],
    ["undefined", "undefined", /Unknown name "undefined"/],
    ["1.5", "1.5", /cannot be represented exactly/],
    ["9007199254740993", "9007199254740993", /cannot be represented exactly/],
    ["substring(project, 1e999)", "1e999", /cannot be represented exactly/],
    ["[project]", "[project]", /An array/],
    ["{ a: 1 }", "{ a: 1 }", /An object/],
    ["() => 1", "() => 1", /A function/],
    ["function () {}", "function () {}", /A function/],
    ["class {}", "class {}", /A class/],
    ["new project()", "new project()", /"new" is not supported/],
    ["this", "this", /"this" is not supported/],
    ["import('fs')", "import('fs')", /An import/],
    ["await project", "await project", /"await"/],
    ["project++", "project++", /"\+\+" or "--"/],
    ["lower(...project)", "...project", /"\.\.\."/],
    ["lower(project)(stage)", "lower(project)", /Only built-in functions/],
    ["project.trim()", "project.trim", /Only built-in functions/],
    ["constructor", "constructor", /Unknown name "constructor"\.$/],
    ["__proto__", "__proto__", /Unknown name "__proto__"/],
    ["toString()", "toString", /Unknown function "toString"/],
    ["v_project", "v_project", /Unknown name "v_project"/],
    ["projct", "projct", /Unknown name "projct"\. Did you mean project\?/],
    ["clustr", "clustr", /Did you mean cluster\?/],
    ["lowr(project)", "lowr", /Unknown function "lowr"\. Did you mean lower\?/],
    ["stage('x')", "stage", /"stage" is not a function/],
    ["freightAlias('x')", "freightAlias", /"freightAlias" is not a function/],
    ["lower", "lower", /"lower" is a function/],
    ["label", "label", /"label" is a function/],
    ["token", "token", /in headers only/],
    ["lower()", "lower()", /takes 1 argument: lower\(text\)/],
    ["substring(project)", "substring(project)", /takes 2 or 3 arguments/],
    ["label(stage)", "label(stage)", /takes one quoted string/],
    ["label('')", "label('')", /takes one quoted string/],
    ["arg('a', 'b')", "arg('a', 'b')", /takes one quoted string/],
    ["date(startedAt, 'YYYY')", "'YYYY'", /has the letter "Y"/],
    ["substring(project, '1')", "'1'", /must be a number/],
    ["replace(project, '', 'x')", "''", /must not be empty/],
    ["project /* why */", "/* why */", /Comments are not/],
    ["project // why", "// why }}", /Comments are not/],
    ["project stage", "s", /Expected }} at the end/],
    ["project; stage", ";", /Expected }} at the end/],
    ["project ? stage", "}", /Syntax error/],
    ["'project", "'", /Unterminated string/],
    ["", " ", /Empty expression between/],
    ["'' + ''", "${{ '' + '' }}", /evaluates to an empty string/],
    ["'\\ud800'", "${{ '\\ud800' }}", /not well-formed/],
  ])("%s is refused at load", (expression, at, message) => {
    const fault = faultOf(`x \${{ ${expression} }}`);
    expect(fault.message).toMatch(message);
    expect(fault.at).toBe(at);
  });

  it.each([
    "a ${{ project",
    "a ${{ project }",
    "a ${{",
    "a ${{ project / ${{ stage",
    "a ${{ project/b/${{ stage }}",
    "a ${{ project + ",
  ])("%s is refused because it is not closed", (text) => {
    expect(faultOf(text).at).toBe("${{");
    expect(faultOf(text).message).toMatch(/Unclosed/);
  });

  it("may not be nested deeply, nor be long", () => {
    const nested = [
      "(".repeat(15_000),
      `stage${"+stage".repeat(2_000)}`,
      `${"lower(".repeat(70)}stage${")".repeat(70)}`,
      `${"stage?stage:".repeat(1_000)}stage`,
    ];
    for (const expression of nested) expect(faultOf(`\${{ ${expression} }}`).message).toMatch(/nested too deeply/);
    expect(faultOf("x".repeat(16_385)).message).toMatch(/16 KiB/);
  });

  it("refuses Kargo's other delimiter", () => {
    expect(faultOf("a ${% if stage %}")).toEqual({ message: expect.stringMatching(/is not supported/), at: "${%" });
  });

  it("reports the variables and lookups that it uses, but not the operator's own or the helpers", () => {
    const { names } = compile('lower(stage) + freight("images") + cluster + label("a") + (promotion ?? stage)');
    expect([...names].sort()).toEqual(["freight", "label", "promotion", "stage"]);
  });

  it.each(["stage", "lower", "label", "token", "class", "a-b", "__proto__", "_a", "1a", ""])(
    "does not let the operator define %j",
    (name) => {
      const vars = Object.fromEntries([[name, "x"]]);
      expect(() => compileText("x", "header", { vars })).toThrow(TemplateError);
    },
  );

  it("preserves any quoted string", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, minLength: 1, maxLength: 40 }), (text) => {
        const template = compileText(`{"a":"\${{ ${JSON.stringify(text)} }}"}`, "json");
        expect(JSON.parse(template.render(values))).toEqual({ a: text });
      }),
    );
  });

  it("only ever renders to a string or is refused", () => {
    const words = [
      "stage",
      "promotion",
      "'a'",
      "1",
      "+",
      "??",
      "==",
      "<",
      "?",
      ":",
      "(",
      ")",
      ",",
      "lower",
      "label",
      "}",
      "{",
      ".",
      "!",
      "=",
      "`",
      '"',
      "/",
      "*",
      "constructor",
      "this",
      "=>",
      "[",
      "]",
      "\\u0061",
      "process",
    ];
    const known = ["TemplateError", "MissingValue", "RefusedValue"];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...words), { maxLength: 12 }), (tokens) => {
        try {
          expect(render(tokens.join(" "))).not.toMatch(/undefined|null|NaN|\[object|^$/);
        } catch (error) {
          expect(known).toContain((error as Error).name);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
