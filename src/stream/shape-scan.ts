import type { NextCandidate } from "./candidates.ts";

/** A character or a class of characters, and how often it is repeated. */
interface Atom {
  readonly source: string;
  readonly min: number;
  readonly max: number;
}

/**
 * The maximum number of steps to match a shape at one offset, trying all ways to fit it.
 */
const MAX_STEPS = 64;
/** Of an atom that must be repeated more often, this many are searched for. */
const MAX_REPEATS = 32;
/** How rare a shape has to be, in bits. */
const MIN_BITS = 8;
const ASCII = Array.from({ length: 96 }, (_, at) => String.fromCharCode(32 + at));

const EDGE = /^\\b/;
/** Assertions, which match no character. */
const NOTHING = /^(?:[$^]|\\[AzB])/;
const KNOWN =
  /^(?:[A-Za-z0-9 _,:;=@#%&~'"`!<>/-]|\\[!-/:-@[-`{-~]|\\[dws]|\[(?:\\[dws\\\]^-]|[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9 _.,:;=@#%&~'"`!<>/+*?(){}$])+\])/;
/** Atoms of which only the length is parsed. */
const OTHER = /^(?:\.|\\[DWSntrfv]|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])/;
const REPEAT = /^(?:[*+?]|\{\d+(?:,\d*)?\})/;

/**
 * Finds lines that may match an expression by a shape that every match contains: a sequence of ASCII characters and
 * classes with repetitions, such as `\d{9}` or `5\d\d`. JavaScript's matcher searches for it, many times faster than a
 * matcher that guarantees linear time; for such a shape it also takes linear time, because there are few ways to fit
 * it.
 *
 * @param pattern a valid expression in RE2's syntax.
 * @returns `undefined` if no part of it is such a shape, or only a very common one.
 */
export function createShapeScan(pattern: string, ignoreCase: boolean): ((lines: Buffer) => NextCandidate) | undefined {
  const [best] = (shapesOf(pattern, ignoreCase) ?? []).toSorted((a, b) => bitsOf(b) - bitsOf(a));
  if (best === undefined || bitsOf(best) < MIN_BITS) return undefined;
  const shape = new RegExp(best.map(({ source, min, max }) => `${source}{${min},${max}}`).join(""), "g");
  return (lines) => {
    // In Latin-1, each byte is a character, so offsets stay the same.
    const text = lines.toString("latin1");
    let found = -1;
    return (from) => {
      if (found < from) {
        shape.lastIndex = from;
        found = shape.exec(text)?.index ?? lines.length;
      }
      return found;
    };
  };
}

/** All shapes that every match contains; `undefined` if the expression is not a plain sequence, or cannot be parsed. */
function shapesOf(pattern: string, ignoreCase: boolean): readonly (readonly Atom[])[] | undefined {
  const shapes: Atom[][] = [];
  let shape: Atom[] = [];
  const cut = (): void => {
    shapes.push(shape);
    shape = [];
  };
  for (let rest = pattern; rest !== ""; ) {
    const nothing = (EDGE.exec(rest) ?? NOTHING.exec(rest))?.[0];
    if (nothing !== undefined) {
      rest = rest.slice(nothing.length);
      if (REPEAT.test(rest)) return undefined;
      continue;
    }
    const known = KNOWN.exec(rest)?.[0];
    const piece = known ?? OTHER.exec(rest)?.[0] ?? groupAt(rest);
    if (piece === undefined) return undefined;
    rest = rest.slice(piece.length);
    const repeat = REPEAT.exec(rest)?.[0] ?? "";
    rest = rest.slice(repeat.length);
    if (repeat !== "" && rest.startsWith("?")) rest = rest.slice(1);
    // Some ASCII letters have another case outside of ASCII.
    if (known === undefined || (ignoreCase && /[A-Za-z]/.test(known.replaceAll(/\\[ds]/g, "")))) {
      cut();
      continue;
    }
    const { min, max } = timesOf(repeat);
    const atom = { source: known, min, max };
    if (stepsOf([atom]) <= MAX_STEPS) {
      if (stepsOf([...shape, atom]) > MAX_STEPS) cut();
      shape.push(atom);
      continue;
    }
    // An atom with unlimited repetitions ends one shape and begins the next.
    const times = Math.min(min, MAX_REPEATS);
    const some = { source: known, min: times, max: times };
    if (stepsOf([...shape, some]) > MAX_STEPS) cut();
    shape.push(some);
    cut();
    shape.push(some);
  }
  cut();
  return shapes;
}

/** The group at the beginning of a text. `undefined` if there is none, or one that changes how the rest is parsed. */
function groupAt(text: string): string | undefined {
  if (!/^\((?!\?(?!:|P?<))/.test(text) || text.includes("\\Q")) return undefined;
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const length = /^\\./s.exec(rest)?.[0].length ?? OTHER.exec(rest)?.[0].length ?? 1;
    if (text[at] === "(") depth += 1;
    if (text[at] === ")") depth -= 1;
    at += length;
    if (depth === 0) return text.slice(0, at);
  }
  return undefined;
}

function timesOf(repeat: string): { readonly min: number; readonly max: number } {
  if (repeat === "") return { min: 1, max: 1 };
  if (repeat === "?") return { min: 0, max: 1 };
  if (repeat === "*" || repeat === "+") return { min: repeat === "+" ? 1 : 0, max: Number.POSITIVE_INFINITY };
  const [, min = "", max = min] = /^\{(\d+)(?:,(\d*))?\}$/.exec(repeat) ?? [];
  return { min: Number(min), max: max === "" ? Number.POSITIVE_INFINITY : Number(max) };
}

function stepsOf(shape: readonly Atom[]): number {
  const ways = shape.reduce((all, { min, max }) => all * (max - min + 1), 1);
  return ways * shape.reduce((length, { max }) => length + max, 0);
}

/** How rare a shape is in a text of uniformly distributed ASCII characters, in bits. */
function bitsOf(shape: readonly Atom[]): number {
  return shape.reduce((bits, { source, min }) => bits + min * bitsOfOne(source), 0);
}

function bitsOfOne(source: string): number {
  const one = new RegExp(source);
  return Math.log2(ASCII.length / Math.max(1, ASCII.filter((character) => one.test(character)).length));
}
