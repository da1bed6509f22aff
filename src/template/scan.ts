import { TemplateError } from "./errors.ts";
import { type CompiledExpression, compileExpression } from "./expression.ts";
import type { Scope } from "./scope.ts";

/** A part of a template: the operator's own text, or an expression. `offset` is its start in the template. */
export type Piece =
  | { readonly kind: "literal"; readonly text: string; readonly offset: number }
  | ({ readonly kind: "expression"; readonly offset: number; readonly length: number } & CompiledExpression);

/** One expression of a template. */
export type ExpressionPiece = Extract<Piece, { kind: "expression" }>;

const OPEN = "${{";
const MAX_TEMPLATE_BYTES = 16 * 1024;

/**
 * Splits a template into text and expressions.
 *
 * @throws TemplateError if the template is longer than 16 KiB, or an expression is not closed or not supported.
 */
export function scanTemplate(text: string, scope: Scope): readonly Piece[] {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) {
    throw new TemplateError("A template must not be longer than 16 KiB.", MAX_TEMPLATE_BYTES);
  }
  const pieces: Piece[] = [];
  let from = 0;
  while (from < text.length) {
    const open = text.indexOf(OPEN, from);
    const literal = text.slice(from, open === -1 ? text.length : open);
    if (literal !== "") pieces.push(readLiteral(literal, from));
    if (open === -1) break;
    const { end, ...expression } = compileExpression(text, open + OPEN.length, scope);
    from = end;
    pieces.push({ kind: "expression", offset: open, length: from - open, ...expression });
  }
  return pieces;
}

function readLiteral(text: string, offset: number): Piece {
  const statement = text.indexOf("${%");
  if (statement !== -1) {
    throw new TemplateError("${% … %} is not supported. Write an expression as ${{ … }}.", offset + statement, 3);
  }
  return { kind: "literal", text, offset };
}

/** The variables and lookups of a template, except the operator's own. */
export function listNames(pieces: readonly Piece[], { vars }: Scope): ReadonlySet<string> {
  const names = pieces.flatMap((piece) => (piece.kind === "expression" ? [...piece.variables, ...piece.lookups] : []));
  return new Set(names.filter((name) => !vars.has(name)));
}

/** Stands for an expression in the result of {@link writeSkeleton}. */
export const MARK = "\ue000";

/**
 * The template's own text, with a {@link MARK} for each expression. The shape of a template is read from it, before any
 * value is known.
 *
 * @throws TemplateError if the text contains the mark itself, or a lone surrogate.
 */
export function writeSkeleton(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === "expression") return MARK;
      const at = piece.text.search(/\ue000|\p{Cs}/u);
      if (at !== -1) throw new TemplateError("This character is not allowed in a template.", piece.offset + at);
      return piece.text;
    })
    .join("");
}

/** Maps a position in a skeleton to the template. */
export function locate(pieces: readonly Piece[], index: number): number {
  let begin = 0;
  for (const piece of pieces) {
    const end = begin + (piece.kind === "literal" ? piece.text.length : 1);
    if (index < end) return piece.offset + index - begin;
    begin = end;
  }
  return 0;
}
