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
  ])("%s comes to %s", (expression, text) => {
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
  ])("%s does without a missing value: %s", (expression, text) => {
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
  ])("%s is missing for want of %s", (expression, variable) => {
    expect(() => render(expression)).toThrow(expect.objectContaining({ name: "MissingValue", variable }));
  });

  it("does not take what objects inherit for values", () => {
    expect(() => compile("stage").render({ ...values, variables: Object.create({ stage: "inherited" }) })).toThrow(
      /no value for stage/,
    );
  });

  it.each([
    ["unixNanos(metricName)", "metricName", "is not a time in the form of RFC 3339"],
    ['date(metricName, "yyyy")', "metricName", "is not a time in the form of RFC 3339"],
    ["date(startedAt, project)", "startedAt and project", 'makes a date whose pattern has the letter "s"'],
    ["substring(project, stage)", "project and stage", "is cut at something that is not a number"],
    ["replace(project, substring(stage, 9), 'x')", "project and stage", "is searched for an empty text"],
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
    ["project.length", "project.length", /Access to a member/],
    ['project["constructor"]', 'project["constructor"]', /Access to a member/],
    ["project?.length", "project?.length", /Access to a member/],
    ["project = 1", "project = 1", /An assignment/],
    ["!project", "!project", /"!" before a value/],
    ["~project", "~project", /"~" before a value/],
    ["-1", "-1", /"-" before a value/],
    ["typeof project", "typeof project", /"typeof" before a value/],
    ["project - 1", "project - 1", /"-" is not known/],
    ['"a" in project', '"a" in project', /"in" is not known/],
    ["project && stage", "project && stage", /&& is not known/],
    ["project || stage", "project || stage", /\|\| is not known/],
    ["project, stage", "project, stage", /A comma/],
    ["`a`", "`a`", /backquotes/],
    ["lower`a`", "lower`a`", /backquotes/],
    ["/a/", "/a/", /\/a\/ is not known/],
    ["1n", "1n", /1n is not known/],
    ["null", "null", /null is not known/],
    ["true", "true", /true is not known/],
    ["undefined", "undefined", /"undefined" is not known/],
    ["1.5", "1.5", /not a whole number/],
    ["9007199254740993", "9007199254740993", /not a whole number/],
    ["substring(project, 1e999)", "1e999", /not a whole number/],
    ["[project]", "[project]", /A list/],
    ["{ a: 1 }", "{ a: 1 }", /An object/],
    ["() => 1", "() => 1", /A function/],
    ["function () {}", "function () {}", /A function/],
    ["class {}", "class {}", /A class/],
    ["new project()", "new project()", /"new" may not/],
    ["this", "this", /"this" may not/],
    ["import('fs')", "import('fs')", /An import/],
    ["await project", "await project", /"await"/],
    ["project++", "project++", /"\+\+" or "--"/],
    ["lower(...project)", "...project", /"\.\.\."/],
    ["lower(project)(stage)", "lower(project)", /Only the known functions/],
    ["project.trim()", "project.trim", /Only the known functions/],
    ["constructor", "constructor", /"constructor" is not known\.$/],
    ["__proto__", "__proto__", /"__proto__" is not known/],
    ["toString()", "toString", /no function "toString"/],
    ["v_project", "v_project", /"v_project" is not known/],
    ["projct", "projct", /"projct" is not known\. Did you mean project\?/],
    ["clustr", "clustr", /Did you mean cluster\?/],
    ["lowr(project)", "lowr", /no function "lowr"\. Did you mean lower\?/],
    ["stage('x')", "stage", /"stage" is not a function/],
    ["freightAlias('x')", "freightAlias", /"freightAlias" is not a function/],
    ["lower", "lower", /"lower" is a function/],
    ["label", "label", /"label" is a function/],
    ["token", "token", /in headers only/],
    ["lower()", "lower()", /takes 1 argument: lower\(text\)/],
    ["substring(project)", "substring(project)", /takes 2 or 3 arguments/],
    ["label(stage)", "label(stage)", /takes one text in quotes/],
    ["label('')", "label('')", /takes one text in quotes/],
    ["arg('a', 'b')", "arg('a', 'b')", /takes one text in quotes/],
    ["date(startedAt, 'YYYY')", "'YYYY'", /has the letter "Y"/],
    ["substring(project, '1')", "'1'", /has to be a number/],
    ["replace(project, '', 'x')", "''", /has to be some text/],
    ["project /* why */", "/* why */", /A comment/],
    ["project // why", "// why }}", /A comment/],
    ["project stage", "s", /ends here/],
    ["project; stage", ";", /ends here/],
    ["project ? stage", "}", /not an expression from here on/],
    ["'project", "'", /not closed by its quote/],
    ["", " ", /no expression between/],
    ["'' + ''", "${{ '' + '' }}", /comes out empty/],
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
  ])("%s is refused, since it is not closed", (text) => {
    expect(faultOf(text).at).toBe("${{");
    expect(faultOf(text).message).toMatch(/not closed/);
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
    expect(faultOf("a ${% if stage %}")).toEqual({ message: expect.stringMatching(/is not known here/), at: "${%" });
  });

  it("names the variables and lookups that it uses, not the operator's own nor the helpers", () => {
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

  it("brings any text in quotes through unharmed", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER, minLength: 1, maxLength: 40 }), (text) => {
        const template = compileText(`{"a":"\${{ ${JSON.stringify(text)} }}"}`, "json");
        expect(JSON.parse(template.render(values))).toEqual({ a: text });
      }),
    );
  });

  it("never does anything but come to a text or be refused", () => {
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
