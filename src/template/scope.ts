import { parseExpressionAt } from "acorn";
import { TemplateError } from "./errors.ts";
import { FUNCTIONS } from "./functions.ts";
import { LOOKUPS, TOKEN, VARIABLES } from "./names.ts";

export interface TemplateOptions {
  /** The operator's own constants, which a template uses by name. Default: none. */
  readonly vars?: Readonly<Record<string, string>>;
}

/** The names available to an expression. */
export interface Scope {
  /** The operator's own constants. */
  readonly vars: ReadonlyMap<string, string>;
  /** Whether `token` is available. */
  readonly token: boolean;
}

const BUILT_IN = new Set([TOKEN, ...[...VARIABLES, ...LOOKUPS, ...FUNCTIONS].map(({ name }) => name)]);

/**
 * Creates a scope of the built-in names and the operator's own.
 *
 * @throws TemplateError at offset 0 if one of the operator's names is built in or invalid.
 */
export function createScope({ vars = {} }: TemplateOptions, token = false): Scope {
  for (const name of Object.keys(vars)) {
    if (BUILT_IN.has(name)) throw new TemplateError(`vars must not define "${name}": the name is built in.`, 0, 0);
    if (!isName(name)) {
      throw new TemplateError(
        `vars must not define "${name}": a name consists of letters, digits and _, and starts with a letter.`,
        0,
        0,
      );
    }
  }
  return { vars: new Map(Object.entries(vars)), token };
}

/** Whether an expression can use it as a name: reserved words of JavaScript cannot be names. */
function isName(word: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(word)) return false;
  try {
    return parseExpressionAt(word, 0, { ecmaVersion: 2023, sourceType: "module" }).type === "Identifier";
  } catch {
    return false;
  }
}
