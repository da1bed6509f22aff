/** More literals than this are not worth a search each. */
const MAX_LITERALS = 16;

/** The kinds of re2js' prefilter: what a text has to hold so that the expression can match. */
const KIND = { exact: 1, and: 2, or: 3 } as const;

/**
 * Literals of which a text must hold at least one so that an expression can match; undefined where there are no such literals.
 *
 * @param prefilter what re2js has found out about the expression: a tree of literals, any or all of which must be there.
 */
export function requiredLiterals(prefilter: unknown): readonly string[] | undefined {
  const found = literalsOf(prefilter);
  return found !== undefined && found.length <= MAX_LITERALS ? found : undefined;
}

function literalsOf(node: unknown): readonly string[] | undefined {
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

/** Fewer literals, and of those longer ones, let fewer lines through. */
function better(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (shortest(a) < 2 !== shortest(b) < 2) return shortest(a) < 2 ? b : a;
  if (a.length !== b.length) return a.length < b.length ? a : b;
  return shortest(a) >= shortest(b) ? a : b;
}

function shortest(literals: readonly string[]): number {
  return Math.min(...literals.map((literal) => literal.length));
}
