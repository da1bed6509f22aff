import type { ContextName } from "./contexts.ts";
import { TemplateError } from "./errors.ts";
import type { Piece } from "./scan.ts";

const REGEX_OPERATOR = /(?:=~|!~|\|~)\s*$/;
const TEXT_OPERATOR = /(?:\|=|!=|(?<![=<>!|~])=)\s*$/;
/** The stages whose strings are languages of their own, for which escaping for LogQL does not help. */
const LANGUAGE_STAGE = /^\s*(?:label_format|line_format|json|logfmt)\b/;

/**
 * Determines for each expression of a LogQL template whether it is in a string or in a regular expression, which the
 * operator before the opening quote decides (https://grafana.com/docs/loki/latest/query/log_queries/).
 *
 * @throws TemplateError if an expression is anywhere else, or a string is not terminated.
 */
export function findLogqlContexts(pieces: readonly Piece[]): readonly ContextName[] {
  const contexts: ContextName[] = [];
  let state = "code" as "code" | "text" | "raw" | "comment";
  /** The code since the last stage or selector began, without strings. */
  let code = "";
  let braces = 0;
  let escaped = false;
  let opened = 0;

  const fail = (message: string, offset: number, length = 1): never => {
    throw new TemplateError(message, offset, length);
  };

  const readCode = (unit: string, offset: number): void => {
    if (unit === '"' || unit === "`") {
      state = unit === '"' ? "text" : "raw";
      opened = offset;
    } else if (unit === "#") state = "comment";
    else if (unit === "{" || unit === "}") braces += unit === "{" ? 1 : -1;
    if (unit === "|") code = "";
    if (state === "code") code += unit;
  };

  const readUnit = (unit: string, offset: number): void => {
    if (state === "code") readCode(unit, offset);
    else if (state === "comment") state = unit === "\n" ? "code" : "comment";
    else if (state === "raw") state = unit === "`" ? leaveText() : "raw";
    else if (escaped) escaped = false;
    else if (unit === "\\") escaped = true;
    else if (unit === '"') state = leaveText();
  };

  const leaveText = (): "code" => {
    code += "_";
    return "code";
  };

  for (const piece of pieces) {
    if (piece.kind === "literal") {
      for (let index = 0; index < piece.text.length; index++) readUnit(piece.text[index] ?? "", piece.offset + index);
      continue;
    }
    const { offset, length } = piece;
    if (state !== "text") fail('In LogQL, write an expression in double quotes: "${{ … }}".', offset, length);
    if (escaped) fail("An expression must not follow a backslash.", offset, length);
    const before = code.slice(-64);
    const known = REGEX_OPERATOR.test(before) || TEXT_OPERATOR.test(before);
    if (!known || (braces === 0 && LANGUAGE_STAGE.test(code.slice(1)))) {
      fail("In LogQL, an expression must be in a string after =, !=, =~, !~, |= or |~ .", offset, length);
    }
    contexts.push(REGEX_OPERATOR.test(before) ? "logql-regex" : "logql");
  }
  if (state === "text" || state === "raw") fail("Unterminated string.", opened);
  return contexts;
}
