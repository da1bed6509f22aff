/** Tells where in a block the next line may match: a byte of it, or the end of the block. `from` never goes back. */
export type NextCandidate = (from: number) => number;

/** Letters outside of ASCII that Unicode folds to one of it: the Kelvin sign to k, the long s to s. */
const FOLDED_TO_ASCII: Readonly<Record<string, string>> = { k: "\u212a", s: "\u017f" };

/**
 * Finds lines that hold one of some literals, without a look at others. Without literals, or with one that cannot be searched for, every line is a candidate.
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
    // As Latin-1 each byte is a character, and stays in its place.
    const lower = lines.toString("latin1").toLowerCase();
    return nearest(searched, (literal, from) => lower.indexOf(literal, from), lines.length);
  };
}

/**
 * What to search for in lines that were read as Latin-1 and made lower case, or undefined. Only the ASCII part of a literal is searched for: other letters
 * have cases of other bytes.
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

/** The first of several literals. Each one's next place is kept, so that a block is searched once for each. */
function nearest<T>(literals: readonly T[], find: (literal: T, from: number) => number, end: number): NextCandidate {
  const places = literals.map(() => -1);
  return (from) => {
    let first = end;
    for (const [index, literal] of literals.entries()) {
      let place = places[index] ?? end;
      if (place < from) {
        place = find(literal, from);
        if (place === -1) place = end;
        places[index] = place;
      }
      if (place < first) first = place;
    }
    return first;
  };
}
