import { RefusedValue, TemplateError } from "./errors.ts";
import { createRender } from "./render.ts";
import { listNames, type Piece, scanTemplate, writeSkeleton } from "./scan.ts";
import { createScope, type TemplateOptions } from "./scope.ts";
import { checkKeyText, findKeyFault } from "./text.ts";
import type { TemplateValues } from "./values.ts";

/** The keys of one run: which to list, and which of those to read. */
export interface KeyPattern {
  /** What all of them begin with. */
  readonly prefix: string;
  /** Whether a listed key is one of them. */
  matches(key: string): boolean;
}

/** A template of the keys of several objects. */
export interface KeyPatternTemplate {
  /** The variables and lookups that it uses, except the operator's own. */
  readonly names: ReadonlySet<string>;
  /**
   * @throws MissingValue if this run lacks a value.
   * @throws RefusedValue if a value is not allowed in a key, or the key is too long.
   */
  render(values: TemplateValues): KeyPattern;
}

/** Stands for a star of the operator's text while values are filled in, whose own stars are only themselves. */
const STAR = "\ue001";

/**
 * Compiles a template of a prefix of keys. It must end with a slash in its own text: with `shop` as the last value, a
 * prefix without one would also list what is in `shop-internal`.
 *
 * @throws TemplateError
 */
export function compileKeyPrefix(text: string, options: TemplateOptions = {}): KeyPatternTemplate {
  const scope = createScope(options);
  const pieces = scanTemplate(text, scope);
  if (!writeSkeleton(pieces).endsWith("/")) {
    throw new TemplateError(
      'A prefix must end with a literal "/": otherwise the keys of `shop` would include those of `shop-internal`.',
      Math.max(0, text.length - 1),
    );
  }
  const { names, render } = compileKey(pieces, scope);
  return {
    names,
    render: (values) => {
      const prefix = render(values);
      return { prefix, matches: (key) => key.startsWith(prefix) && !key.endsWith("/") };
    },
  };
}

/**
 * Compiles a template of keys in which `*` in the template's own text stands for any characters except a slash.
 *
 * @throws TemplateError
 */
export function compileKeyPattern(text: string, options: TemplateOptions = {}): KeyPatternTemplate {
  const scope = createScope(options);
  const pieces = scanTemplate(text, scope);
  const skeleton = writeSkeleton(pieces);
  if (skeleton.includes(STAR)) throw new TemplateError("This character is not allowed in a template.", 0);
  const stars = skeleton.split("*").length - 1;
  if (stars === 0) throw new TemplateError('The text has no "*". Write `key` for a single object.', 0);
  if (skeleton.startsWith("*")) {
    throw new TemplateError(
      'The keys must begin with text or an expression: a "*" here would list the whole bucket.',
      0,
    );
  }
  const { names, render, written } = compileKey(
    pieces.map((piece) => (piece.kind === "literal" ? { ...piece, text: piece.text.replaceAll("*", STAR) } : piece)),
    scope,
  );
  return {
    names,
    render: (values) => {
      const parts = render(values).split(STAR);
      if (parts.length !== stars + 1)
        throw new RefusedValue(written, "contains a character that is not allowed in a key");
      const [prefix = ""] = parts;
      return { prefix, matches: (key) => matchesStars(parts, key) };
    },
  };
}

function compileKey(pieces: readonly Piece[], scope: ReturnType<typeof createScope>) {
  checkKeyText(writeSkeleton(pieces), pieces);
  const expressions = pieces.filter((piece) => piece.kind === "expression");
  const renderText = createRender(
    pieces,
    expressions.map(() => "s3-key"),
    scope,
  );
  const written = expressions.flatMap((expression) => expression.written);
  return {
    names: listNames(pieces, scope),
    written,
    render: (values: TemplateValues): string => {
      const finished = renderText(values);
      const fault = findKeyFault(finished);
      if (fault !== undefined) throw new RefusedValue(written, fault);
      return finished;
    },
  };
}

/** Whether a key has these texts in this order, with anything except slashes between two of them. */
function matchesStars(parts: readonly string[], key: string): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.pop() ?? "";
  if (!key.startsWith(first) || key.length < first.length + last.length || !key.endsWith(last)) return false;
  const end = key.length - last.length;
  // The leftmost match of a part that ends before the next slash always suffices, so there is no backtracking.
  let at = first.length;
  for (const part of rest) {
    const found = key.indexOf(part, at);
    if (found === -1 || found + part.length > end || key.slice(at, found).includes("/")) return false;
    at = found + part.length;
  }
  return !key.slice(at, end).includes("/");
}
