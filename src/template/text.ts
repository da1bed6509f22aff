import type { Secret } from "../secret.ts";
import type { ContextName } from "./contexts.ts";
import { RefusedValue, TemplateError } from "./errors.ts";
import { findLogqlContexts } from "./logql.ts";
import { TOKEN } from "./names.ts";
import { createRender } from "./render.ts";
import { type ExpressionPiece, listNames, locate, MARK, type Piece, scanTemplate, writeSkeleton } from "./scan.ts";
import { createScope, type TemplateOptions } from "./scope.ts";
import type { TemplateValues } from "./values.ts";

/** What a text template is for: a header value, a LogQL query, an S3 key, or JSON. */
export type TextContext = "header" | "logql" | "s3-key" | "json";

export interface TextOptions extends TemplateOptions {
  /** Whether the template may use `token`; only headers may. Default: false. */
  readonly token?: boolean;
}

/** A text template. The operator's text decides its shape; values only fill it in. */
export interface TextTemplate {
  /** The variables and lookups that it uses, including `token`, except the operator's own. */
  readonly names: ReadonlySet<string>;
  /**
   * @throws MissingValue if this run lacks a value, or there is no token.
   * @throws RefusedValue if a value is not allowed in its context, or the text is too long: 16,384 characters, or 1,024
   * bytes for an S3 key.
   */
  render(values: TemplateValues, token?: Secret): string;
}

const MAX_TEXT_LENGTH = 16 * 1024;
const MAX_S3_KEY_BYTES = 1024;

/**
 * Compiles a template of anything except a URL.
 *
 * @throws TemplateError
 */
export function compileText(text: string, context: TextContext, options: TextOptions = {}): TextTemplate {
  const scope = createScope(options, context === "header" && options.token === true);
  const pieces = scanTemplate(text, scope);
  const expressions = pieces.filter((piece) => piece.kind === "expression");
  const renderText = createRender(pieces, findContexts(pieces, expressions, context), scope);
  const names = expressions.flatMap(({ written }) => written);
  return {
    names: listNames(pieces, scope),
    render: (values, token) => {
      const finished = renderText(values, token);
      const fault = findFault(finished, context);
      if (fault !== undefined) throw new RefusedValue(names, fault);
      return finished;
    },
  };
}

function findContexts(
  pieces: readonly Piece[],
  expressions: readonly ExpressionPiece[],
  context: TextContext,
): readonly ContextName[] {
  const skeleton = writeSkeleton(pieces);
  switch (context) {
    case "header":
      checkText(skeleton, pieces, /[^\t -~\u00a0-\u00ff\ue000]/, "This character is not allowed in a header.");
      return expressions.map(({ variables }) => (variables.includes(TOKEN) ? "token-header" : "header"));
    case "logql":
      return findLogqlContexts(pieces);
    case "s3-key":
      checkKeyText(skeleton, pieces);
      return expressions.map(() => "s3-key");
    case "json":
      checkJson(skeleton, pieces);
      return expressions.map(() => "json");
  }
}

/** @throws TemplateError if the template's own text cannot be part of the key of an object. */
export function checkKeyText(skeleton: string, pieces: readonly Piece[]): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is for.
  checkText(skeleton, pieces, /[\u0000-\u001f\u007f-\u009f]/, "This character is not allowed in a key.");
  checkText(skeleton, pieces, /(?<![^/])\.\.?(?![^/])/, "A key must not contain a dot segment.");
}

function checkText(skeleton: string, pieces: readonly Piece[], bad: RegExp, message: string): void {
  const at = skeleton.search(bad);
  if (at !== -1) throw new TemplateError(message, locate(pieces, at));
}

/** With a mark for each expression, a template is JSON only if every expression is inside quotes. */
function checkJson(skeleton: string, pieces: readonly Piece[]): void {
  let keys = "";
  try {
    JSON.parse(skeleton, (key, value: unknown) => {
      keys += key;
      return value;
    });
  } catch {
    throw new TemplateError("Invalid JSON, or an expression outside double quotes.", 0);
  }
  if (keys.includes(MARK)) {
    throw new TemplateError("JSON keys must be literal.", locate(pieces, skeleton.indexOf(MARK)));
  }
}

/** Why the rendered text is not allowed although each value is: the rest of a sentence about the values. */
function findFault(text: string, context: TextContext): string | undefined {
  if (text.length > MAX_TEXT_LENGTH) return `makes the text longer than ${MAX_TEXT_LENGTH} characters`;
  return context === "s3-key" ? findKeyFault(text) : undefined;
}

/** Why the rendered key is not allowed although each value is: the rest of a sentence about the values. */
export function findKeyFault(text: string): string | undefined {
  if (Buffer.byteLength(text) > MAX_S3_KEY_BYTES) return `makes the key longer than ${MAX_S3_KEY_BYTES} bytes`;
  const dots = text.split("/").some((segment) => segment === "." || segment === "..");
  return dots ? "produces a dot segment in the key" : undefined;
}
