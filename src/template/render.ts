import { Eta } from "eta";
import { Secret } from "../secret.ts";
import { CONTEXTS, type ContextName } from "./contexts.ts";
import { InvalidValue, MisplacedValue, MissingValue, RefusedValue, TemplateError } from "./errors.ts";
import { writeLookup } from "./expression.ts";
import { checkLength, FUNCTIONS, type Missing, type Value } from "./functions.ts";
import { TOKEN, VARIABLES } from "./names.ts";
import { add, callWith, compare, fallBack, isMissing, isTruthy } from "./operators.ts";
import type { ExpressionPiece, Piece } from "./scan.ts";
import type { Scope } from "./scope.ts";
import type { TemplateValues } from "./values.ts";

/** Renders a template to text, escaping each value for its context. */
export type Render = (values: TemplateValues, token?: Secret) => string;

const OPERATORS = {
  o_add: add,
  o_callWith: callWith,
  o_compare: compare,
  o_fallBack: fallBack,
  o_isTruthy: isTruthy,
};
const HELPERS: ReadonlyMap<string, unknown> = new Map(FUNCTIONS.map(({ name, call }) => [name, call]));
const SAMPLE = "1";
const SAMPLE_TOKEN = new Secret(SAMPLE);
const SAMPLES: TemplateValues = {
  variables: {
    ...Object.fromEntries(VARIABLES.map(({ name }) => [name, SAMPLE])),
    startedAt: "2006-01-02T15:04:05Z",
    finishedAt: "2006-01-02T15:04:05Z",
  },
  lookups: { label: () => SAMPLE, annotation: () => SAMPLE, arg: () => SAMPLE, freight: () => SAMPLE },
};

/**
 * Creates the renderer of a scanned template. `contexts` are those of the expressions, in order.
 *
 * @throws TemplateError if an expression produces something that is not allowed in its context for any values.
 */
export function createRender(pieces: readonly Piece[], contexts: readonly ContextName[], { vars }: Scope): Render {
  const expressions = pieces.filter((piece) => piece.kind === "expression");
  expressions.forEach((expression, index) => {
    tryOut(
      expression,
      compile([{ ...expression, written: [] }], contexts.slice(index), vars),
      isConstant(expression, vars),
    );
  });
  return compile(pieces, contexts, vars);
}

/** Whether all of its operands are known at load. */
function isConstant({ lookups, variables }: ExpressionPiece, vars: Scope["vars"]): boolean {
  return lookups.length === 0 && variables.every((name) => vars.has(name));
}

/**
 * Renders with values that are allowed everywhere: what is rejected then (`date(startedAt, "yyyy/MM")` in a path) would
 * be rejected for every run.
 */
function tryOut({ offset, length }: ExpressionPiece, render: Render, constant: boolean): void {
  try {
    render(SAMPLES, SAMPLE_TOKEN);
  } catch (error) {
    if (constant || error instanceof MisplacedValue) throw new TemplateError((error as Error).message, offset, length);
  }
}

function compile(pieces: readonly Piece[], contexts: readonly ContextName[], vars: Scope["vars"]): Render {
  const expressions = pieces.filter((piece) => piece.kind === "expression");
  const eta = new Eta({
    tags: ["${{", "}}"],
    parse: { exec: "!", interpolate: "", raw: "~" },
    functionHeader: `const {${listBindings(expressions).join(",")}}=it;`,
    autoTrim: false,
    autoEscape: true,
    escapeFunction: (result) => {
      const [index, evaluate] = result as readonly [number, () => Value | Missing];
      return writeValue(expressions[index] as ExpressionPiece, contexts[index] as ContextName, evaluate);
    },
  });
  const template = eta.compile(writeEta(pieces));
  return (values, token) => eta.render(template, bind(expressions, vars, values, token));
}

/**
 * The template for Eta: the operator's text as it is, and each expression as the checked JavaScript that it was
 * rewritten to.
 */
function writeEta(pieces: readonly Piece[]): string {
  let index = 0;
  return pieces
    .map((piece) => {
      if (piece.kind === "expression") return `\${{[${index++},()=>${piece.js}]}}`;
      // Eta turns every kind of line break into a line feed.
      return piece.text.replaceAll("\r", '${{~"\\u000d"}}');
    })
    .join("");
}

function listBindings(expressions: readonly ExpressionPiece[]): readonly string[] {
  const names = expressions.flatMap(({ variables, lookups, helpers }) => [
    ...variables.map((name) => `v_${name}`),
    ...lookups.map((name) => `l_${name}`),
    ...helpers.map((name) => `f_${name}`),
  ]);
  return [...new Set([...Object.keys(OPERATORS), ...names])];
}

function bind(
  expressions: readonly ExpressionPiece[],
  vars: Scope["vars"],
  values: TemplateValues,
  token: Secret | undefined,
): object {
  const data: Record<string, unknown> = { ...OPERATORS };
  for (const { variables, lookups, helpers } of expressions) {
    for (const name of helpers) data[`f_${name}`] = HELPERS.get(name);
    for (const name of lookups) data[`l_${name}`] = (key: string) => lookUp(values, name as Lookup, key);
    for (const name of variables) {
      const value = name === TOKEN ? token?.reveal() : (vars.get(name) ?? own(values.variables, name));
      data[`v_${name}`] = orMissing(value, name);
    }
  }
  return data;
}

type Lookup = keyof TemplateValues["lookups"];

function lookUp(values: TemplateValues, name: Lookup, key: string): Value | Missing {
  return orMissing(values.lookups[name](key), writeLookup(name, key));
}

function own(variables: TemplateValues["variables"], name: string): string | undefined {
  return Object.hasOwn(variables, name) ? variables[name] : undefined;
}

/** An empty value is a missing one: Kargo's shard is empty if a Stage has none. */
function orMissing(value: string | undefined, name: string): Value | Missing {
  return value === undefined || value === "" ? { missing: [name] } : value;
}

function writeValue({ written }: ExpressionPiece, context: ContextName, evaluate: () => Value | Missing): string {
  try {
    const value = evaluate();
    if (isMissing(value)) throw new MissingValue(value.missing);
    const text = String(value);
    if (text === "") throw new MissingValue(written, "This expression evaluates to an empty string.");
    checkLength(text.length);
    if (/\p{Cs}/u.test(text)) throw new InvalidValue("is not well-formed Unicode");
    const fault = CONTEXTS[context].findFault(text);
    if (fault !== undefined) throw new MisplacedValue(written, fault);
    return CONTEXTS[context].write(text);
  } catch (error) {
    throw error instanceof InvalidValue ? new RefusedValue(written, error.message) : error;
  }
}
