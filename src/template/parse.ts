import { type Expression, parseExpressionAt } from "acorn";
import { TemplateError } from "./errors.ts";

export interface ParsedExpression {
  /** Its positions count from the start of the expression. */
  readonly tree: Expression;
  /** Where the template continues, after the `}}`. */
  readonly end: number;
}

const OPEN = "${{";
const NOT_CLOSED = "Unclosed ${{: no }} follows it.";
const CLOSE = /\s*\}\}/y;

/**
 * Parses the JavaScript expression that begins at `start`, just after a `${{`. The grammar finds its end, so a `}}`
 * inside quotes does not end it.
 *
 * @throws TemplateError if it is empty, not closed, or contains a comment.
 */
export function parseExpression(text: string, start: number): ParsedExpression {
  const source = text.slice(start);
  if (/^\s*\}\}/.test(source)) throw new TemplateError("Empty expression between ${{ and }}.", start);
  let comment: { start: number; end: number } | undefined;
  const onComment = (_block: boolean, _text: string, from: number, end: number): void => {
    comment ??= { start: from, end };
  };
  const refuseComment = (): void => {
    if (comment === undefined) return;
    const length = comment.end - comment.start;
    throw new TemplateError("Comments are not supported in expressions.", start + comment.start, length);
  };
  try {
    // A module has no HTML-like comments. The slice keeps acorn from counting lines again for each expression.
    const tree = parseExpressionAt(source, 0, {
      ecmaVersion: 2023,
      sourceType: "module",
      allowHashBang: false,
      preserveParens: true,
      onComment,
    });
    refuseComment();
    CLOSE.lastIndex = tree.end;
    if (!CLOSE.test(source)) throw notClosed(source, start, tree.end);
    return { tree, end: start + CLOSE.lastIndex };
  } catch (error) {
    refuseComment();
    if (!(error instanceof SyntaxError)) throw error;
    throw explain(error, source, start);
  }
}

function explain(error: SyntaxError, source: string, start: number): TemplateError {
  const { pos = 0 } = error as { pos?: number };
  if (error.message.startsWith("Not enough stack space")) {
    return new TemplateError("This expression is nested too deeply.", start);
  }
  if (source.slice(pos).trim() === "") {
    return new TemplateError(NOT_CLOSED, start - OPEN.length, OPEN.length);
  }
  const unterminated = /^Unterminated (string|template)/.exec(error.message);
  if (unterminated !== null) return new TemplateError("Unterminated string.", start + pos);
  return new TemplateError("Syntax error in the expression.", start + pos);
}

function notClosed(source: string, start: number, end: number): TemplateError {
  const close = source.indexOf("}}", end);
  const next = source.indexOf(OPEN);
  if (close === -1 || (next !== -1 && next < close)) {
    return new TemplateError(NOT_CLOSED, start - OPEN.length, OPEN.length);
  }
  const at = source.length - source.slice(end).trimStart().length;
  return new TemplateError("Expected }} at the end of the expression.", start + at);
}
