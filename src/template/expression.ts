import type { BinaryExpression, CallExpression, Expression, Identifier, Literal } from "acorn";
import { didYouMean } from "../did-you-mean.ts";
import { TemplateError } from "./errors.ts";
import { FUNCTIONS } from "./functions.ts";
import { LOOKUPS, TOKEN, VARIABLES } from "./names.ts";
import { parseExpression } from "./parse.ts";
import type { Scope } from "./scope.ts";

/** A checked expression, as JavaScript that can do nothing else. */
export interface CompiledExpression {
  /**
   * JavaScript over the names that render.ts defines: `v_stage` for a variable, `f_lower` for a helper, `l_label` for a
   * lookup, `o_add` for an operator. It contains no braces, no backticks and no quote within a string.
   */
  readonly js: string;
  /** The variables that it uses, including the operator's own and `token`. */
  readonly variables: readonly string[];
  /** The lookups that it calls. */
  readonly lookups: readonly string[];
  /** The helpers that it calls. */
  readonly helpers: readonly string[];
  /** The sources of its value, as the template writes them: `stage`, `label("team")`. */
  readonly written: readonly string[];
}

type Refuse = (node: { readonly start: number; readonly end: number }, message: string) => never;

const MAX_DEPTH = 64;
const COMPARISONS = new Set(["==", "!=", "===", "!==", "<", ">", "<=", ">="]);
const ALLOWED =
  "Expressions support names, strings, integers, +, ??, comparisons, ? : and calls to built-in functions.";

const knownVariables = new Set(VARIABLES.map(({ name }) => name));
const knownLookups = new Set<string>(LOOKUPS.map(({ name }) => name));
const knownHelpers = new Map(FUNCTIONS.map((each) => [each.name, each]));

/** The names of unsupported node types, for the message that rejects them. */
const NODE_NAMES: Readonly<Record<string, string>> = {
  ArrayExpression: "An array",
  ArrowFunctionExpression: "A function",
  AssignmentExpression: "An assignment",
  AwaitExpression: '"await"',
  ChainExpression: 'Member access ("?.")',
  ClassExpression: "A class",
  FunctionExpression: "A function",
  ImportExpression: "An import",
  MemberExpression: 'Member access ("." or "[ ]")',
  NewExpression: '"new"',
  ObjectExpression: "An object",
  SequenceExpression: "A comma",
  TaggedTemplateExpression: "A template literal",
  TemplateLiteral: "A template literal",
  ThisExpression: '"this"',
  UpdateExpression: '"++" or "--"',
  YieldExpression: '"yield"',
};

/**
 * Parses the expression that begins at `start`, checks it, and rewrites it. `end` is where the template continues,
 * after the `}}`.
 *
 * @throws TemplateError
 */
export function compileExpression(
  text: string,
  start: number,
  scope: Scope,
): CompiledExpression & { readonly end: number } {
  const { tree, end } = parseExpression(text, start);
  const variables = new Set<string>();
  const lookups = new Set<string>();
  const helpers = new Set<string>();
  const written = new Set<string>();

  const refuse: Refuse = (node, message) => {
    throw new TemplateError(message, start + node.start, Math.max(1, node.end - node.start));
  };

  const write = (node: Expression, depth: number): string => {
    if (depth > MAX_DEPTH) refuse(node, "This expression is nested too deeply.");
    const inner = (child: Expression): string => write(child, depth + 1);
    switch (node.type) {
      case "Literal":
        return writeLiteral(node, refuse);
      case "Identifier":
        return writeVariable(node);
      case "BinaryExpression":
        return writeBinary(node, inner);
      case "LogicalExpression":
        if (node.operator !== "??") refuse(node, `${node.operator} is not supported. ${ALLOWED}`);
        return `o_fallBack(${inner(node.left)},()=>${inner(node.right)})`;
      case "ConditionalExpression":
        return `(o_isTruthy(${inner(node.test)})?${inner(node.consequent)}:${inner(node.alternate)})`;
      case "CallExpression":
        return writeCall(node, inner);
      case "ParenthesizedExpression":
        return inner(node.expression);
      case "UnaryExpression":
        return refuse(node, `The unary operator "${node.operator}" is not supported. ${ALLOWED}`);
      default:
        return refuse(node, `${NODE_NAMES[node.type] ?? "This"} is not supported. ${ALLOWED}`);
    }
  };

  const writeVariable = (node: Identifier): string => {
    const { name } = node;
    if (!scope.vars.has(name) && !knownVariables.has(name) && !(name === TOKEN && scope.token)) {
      if (name === TOKEN) refuse(node, "token is available in headers only.");
      if (knownHelpers.has(name) || knownLookups.has(name)) refuse(node, `"${name}" is a function: write ${name}(…).`);
      refuse(node, `Unknown name "${name}".${suggest(name, [...knownVariables, ...scope.vars.keys()])}`);
    }
    variables.add(name);
    written.add(name);
    return `v_${name}`;
  };

  const writeBinary = (node: BinaryExpression, inner: (child: Expression) => string): string => {
    const { left, right, operator } = node;
    if (left.type === "PrivateIdentifier") return refuse(left, `This is not supported. ${ALLOWED}`);
    if (operator === "+") return `o_add(${inner(left)},${inner(right)})`;
    if (!COMPARISONS.has(operator)) refuse(node, `"${operator}" is not supported. ${ALLOWED}`);
    return `o_compare("${operator}",${inner(left)},${inner(right)})`;
  };

  const writeCall = (node: CallExpression, inner: (child: Expression) => string): string => {
    const { callee } = node;
    if (callee.type !== "Identifier") return refuse(callee, `Only built-in functions can be called. ${ALLOWED}`);
    const { name } = callee;
    const args = node.arguments.map((arg) =>
      arg.type === "SpreadElement" ? refuse(arg, '"..." is not supported.') : arg,
    );
    if (knownLookups.has(name)) {
      const [key] = args;
      if (args.length !== 1 || key?.type !== "Literal" || typeof key.value !== "string" || key.value === "") {
        return refuse(node, `"${name}" takes one quoted string: ${name}("…").`);
      }
      lookups.add(name);
      written.add(writeLookup(name, key.value));
      return `l_${name}(${writeText(key.value)})`;
    }
    const helper = knownHelpers.get(name);
    if (helper === undefined) {
      if (knownVariables.has(name) || scope.vars.has(name)) {
        return refuse(callee, `"${name}" is not a function: write ${name} without parentheses.`);
      }
      return refuse(callee, `Unknown function "${name}".${suggest(name, [...knownHelpers.keys(), ...knownLookups])}`);
    }
    const [min, max] = helper.counts;
    if (args.length < min || args.length > max) {
      const count = min === max ? `${min}` : `${min} or ${max}`;
      refuse(node, `"${name}" takes ${count} ${max === 1 ? "argument" : "arguments"}: ${helper.usage}.`);
    }
    const js = args.map(inner);
    args.forEach((arg, position) => {
      if (arg.type !== "Literal" || (typeof arg.value !== "string" && typeof arg.value !== "number")) return;
      const fault = helper.findFault?.(position, typeof arg.value === "string" ? arg.value : BigInt(arg.value));
      if (fault !== undefined) refuse(arg, `This argument of "${name}" ${fault}.`);
    });
    helpers.add(name);
    return `o_callWith(f_${name},[${js.join(",")}])`;
  };

  const js = write(tree, 0);
  return {
    js,
    variables: [...variables],
    lookups: [...lookups],
    helpers: [...helpers],
    written: [...written],
    end,
  };
}

/** The call of a lookup as messages show it. */
export function writeLookup(name: string, key: string): string {
  return `${name}(${JSON.stringify(key)})`;
}

function writeLiteral(node: Literal, refuse: Refuse): string {
  const { value } = node;
  if (typeof value === "string") return writeText(value);
  if (typeof value !== "number") return refuse(node, `${node.raw ?? "this"} is not supported. ${ALLOWED}`);
  if (!Number.isSafeInteger(value)) refuse(node, "This number cannot be represented exactly: write it in quotes.");
  return `${BigInt(value)}n`;
}

/** A string literal that cannot end a string or an Eta tag, nor look like the start of one. */
function writeText(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `"${safe}"`;
}

function suggest(name: string, candidates: readonly string[]): string {
  const near = didYouMean(name, candidates);
  return near === undefined ? "" : ` Did you mean ${near}?`;
}
