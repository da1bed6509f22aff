import type { NextCandidate } from "./candidates.ts";

/** A character or a class of them, and how often it has to come. */
interface Atom {
  readonly source: string;
  readonly min: number;
  readonly max: number;
}

/**
 * How many characters may be looked at to tell whether a shape is at one offset: all ways to fit it are tried in turn.
 */
const MAX_STEPS = 64;
/** Of what must be repeated more often, so many are looked for. */
const MAX_REPEATS = 32;
/** How rare a shape has to be, in bits. */
const MIN_BITS = 8;
const ASCII = Array.from({ length: 96 }, (_, at) => String.fromCharCode(32 + at));

const EDGE = /^\\b/;
/** What matches no character. */
const NOTHING = /^(?:[$^]|\\[AzB])/;
const KNOWN =
  /^(?:[A-Za-z0-9 _,:;=@#%&~'"`!<>/-]|\\[!-/:-@[-`{-~]|\\[dws]|\[(?:\\[dws\\\]^-]|[A-Za-z0-9]-[A-Za-z0-9]|[A-Za-z0-9 _.,:;=@#%&~'"`!<>/+*?(){}$])+\])/;
/** Of these, only where they end is known. */
const OTHER = /^(?:\.|\\[DWSntrfv]|\[\^?\]?(?:\\.|\[:\^?\w+:\]|[^\]\\])*\])/;
const REPEAT = /^(?:[*+?]|\{\d+(?:,\d*)?\})/;

/**
 * Finds lines that may match an expression by a shape that each match has: characters and classes of ASCII one after
 * another, each so many times, such as `\d{9}` or `5\d\d`. JavaScript's own matcher looks for it, many times as fast as
 * one that guarantees linear time; for such a shape it takes linear time too, since there are few ways to fit it.
 *
 * @param pattern an expression that RE2 takes.
 * @returns `undefined` where no part of it is such a shape, or is one that is nearly everywhere.
 */
export function createShapeScan(pattern: string, ignoreCase: boolean): ((lines: Buffer) => NextCandidate) | undefined {
  const [best] = (shapesOf(pattern, ignoreCase) ?? []).toSorted((a, b) => bitsOf(b) - bitsOf(a));
  if (best === undefined || bitsOf(best) < MIN_BITS) return undefined;
  const shape = new RegExp(best.map(({ source, min, max }) => `${source}{${min},${max}}`).join(""), "g");
  return (lines) => {
    // As Latin-1 each byte is a character, and stays in its place.
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

/** All shapes that each match has; `undefined` where the expression is no plain sequence, or is not understood. */
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
    // Some letters of ASCII have another case outside of it.
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
    // Of what may be repeated without limit, the first are there, and the last.
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

/** The group at the beginning of a text. `undefined` where there is none, or one that changes how the rest is read. */
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

/** How rare a shape is in a text of all characters of ASCII alike. */
function bitsOf(shape: readonly Atom[]): number {
  return shape.reduce((bits, { source, min }) => bits + min * bitsOfOne(source), 0);
}

function bitsOfOne(source: string): number {
  const one = new RegExp(source);
  return Math.log2(ASCII.length / Math.max(1, ASCII.filter((character) => one.test(character)).length));
}
