import type { RE2JS } from "re2js";

/**
 * Finds the next line of a block that may match.
 *
 * @param from where a line begins. Must not decrease from call to call.
 * @returns a byte of that line, or the end of the block.
 */
export type NextCandidate = (from: number) => number;

/** Beyond this number, a search for each literal costs too much. */
const MAX_LITERALS = 16;
/** Letters outside of ASCII that Unicode folds to an ASCII letter: the Kelvin sign to k, the long s to s. */
const FOLDED_TO_ASCII: Readonly<Record<string, string>> = { k: "\u212a", s: "\u017f" };

/**
 * Finds lines that contain at least one of some literals. Without literals, or with one that cannot be searched for,
 * every line is a candidate.
 */
export function createCandidates(literals: readonly string[], ignoreCase: boolean): (lines: Buffer) => NextCandidate {
  if (!ignoreCase) {
    const searched = literals.map((literal) => Buffer.from(literal));
    if (searched.length === 0) return () => (from) => from;
    return (lines) => nearest(searched, (literal, from) => lines.indexOf(literal, from), lines.length);
  }
  const searched = foldedLiterals(literals);
  if (searched === undefined) return () => (from) => from;
  return (lines) => {
    // In Latin-1, each byte is a character, so offsets stay the same.
    const lower = lines.toString("latin1").toLowerCase();
    return nearest(searched, (literal, from) => lower.indexOf(literal, from), lines.length);
  };
}

/**
 * What to search for in lines that were decoded as Latin-1 and lower-cased; `undefined` if there is nothing. Only the
 * ASCII part of a literal can be searched for: the cases of other letters have different bytes.
 */
function foldedLiterals(literals: readonly string[]): readonly string[] | undefined {
  const searched = new Set<string>();
  for (const literal of literals) {
    const parts = literal.split(/\P{ASCII}+/u).toSorted((a, b) => b.length - a.length);
    const lower = (parts[0] ?? "").toLowerCase();
    if (lower === "") return undefined;
    searched.add(lower);
    for (const [letter, other] of Object.entries(FOLDED_TO_ASCII)) {
      if (lower.includes(letter)) searched.add(Buffer.from(other).toString("latin1").toLowerCase());
    }
  }
  return searched.size === 0 ? undefined : [...searched];
}

/** Finds the first of several literals. The next hit of each is kept, so that a block is searched once for each. */
function nearest<T>(literals: readonly T[], find: (literal: T, from: number) => number, end: number): NextCandidate {
  const hits = literals.map(() => -1);
  return (from) => {
    let first = end;
    for (const [index, literal] of literals.entries()) {
      let hit = hits[index] ?? end;
      if (hit < from) {
        hit = find(literal, from);
        if (hit === -1) hit = end;
        hits[index] = hit;
      }
      if (hit < first) first = hit;
    }
    return first;
  };
}

/**
 * The kinds of node in re2js' prefilter, a tree of the literals that a text must contain for the expression to match.
 *
 * It is internal to re2js and has no types, so everything in it is checked: with another version of re2js, patterns may
 * become slower, but match the same.
 * {@link https://github.com/le0pard/re2js/blob/2.10.0/src/Prefilter.js}
 */
const KIND = { exact: 1, and: 2, or: 3 } as const;

/** Literals of which a text must contain at least one for an expression to match; `undefined` if none are known. */
export function requiredLiterals(expression: RE2JS): readonly string[] | undefined {
  const { re2Input }: { readonly re2Input?: unknown } = expression;
  const prefilter = typeof re2Input === "object" && re2Input !== null && "prefilter" in re2Input && re2Input.prefilter;
  const found = literalsOf(prefilter);
  return found !== undefined && found.length <= MAX_LITERALS ? found : undefined;
}

/** The literals of one node of the tree. */
export function literalsOf(node: unknown): readonly string[] | undefined {
  if (typeof node !== "object" || node === null || !("type" in node)) return undefined;
  if (node.type === KIND.exact) return "str" in node && typeof node.str === "string" ? [node.str] : undefined;
  const subs = "subs" in node && Array.isArray(node.subs) ? node.subs.map(literalsOf) : [];
  if (node.type === KIND.and) return subs.reduce((best, next) => better(best, next), undefined);
  if (node.type !== KIND.or || subs.length === 0) return undefined;
  const all = new Set<string>();
  for (const literals of subs) {
    if (literals === undefined) return undefined;
    for (const literal of literals) all.add(literal);
  }
  return [...all];
}

/** Which of two lists lets fewer lines through: the one with fewer literals, or with longer ones. */
function better(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (shortest(a) < 2 !== shortest(b) < 2) return shortest(a) < 2 ? b : a;
  if (a.length !== b.length) return a.length < b.length ? a : b;
  return shortest(a) >= shortest(b) ? a : b;
}

function shortest(literals: readonly string[]): number {
  return Math.min(...literals.map((literal) => literal.length));
}
