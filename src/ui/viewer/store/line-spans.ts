import { visibleParts } from "./invisible.ts";
import type { StyledPart } from "./line-text.ts";
import { linksIn } from "./links.ts";
import type { MatchRange } from "./query.ts";

/** A part of a line with one style. */
export interface LineSpan {
  readonly text: string;
  /** An index into the store's styles; 0: none. */
  readonly style: number;
  readonly isMatch: boolean;
  /** An address of http or https. */
  readonly href: string | undefined;
  /** Set for a character that is shown by name. */
  readonly name: string | undefined;
}

/**
 * Splits a line where its style changes.
 *
 * @param from where to begin; the part before is shown elsewhere.
 */
export function lineSpans(
  text: string,
  from: number,
  styled: readonly StyledPart[],
  matches: readonly MatchRange[],
): LineSpan[] {
  const links = linksIn(text);
  const cuts = new Set([from, text.length]);
  for (const { start, end } of [...styled, ...links]) cuts.add(start).add(end);
  for (const [start, end] of matches) cuts.add(start).add(end);
  const sorted = [...cuts].filter((cut) => cut >= from).sort((one, other) => one - other);
  const spans: LineSpan[] = [];
  let styledAt = 0;
  let matchAt = 0;
  let linkAt = 0;
  for (let index = 0; index + 1 < sorted.length; index += 1) {
    const start = sorted[index] ?? 0;
    while ((styled[styledAt]?.end ?? Number.POSITIVE_INFINITY) <= start) styledAt += 1;
    while ((matches[matchAt]?.[1] ?? Number.POSITIVE_INFINITY) <= start) matchAt += 1;
    while ((links[linkAt]?.end ?? Number.POSITIVE_INFINITY) <= start) linkAt += 1;
    const part = styled[styledAt];
    const match = matches[matchAt];
    const link = links[linkAt];
    const look = {
      style: part !== undefined && part.start <= start ? part.style : 0,
      isMatch: match !== undefined && match[0] <= start,
      href: link !== undefined && link.start <= start ? link.href : undefined,
    };
    for (const { text: shown, name } of visibleParts(text.slice(start, sorted[index + 1])))
      spans.push({ text: shown, name, ...look });
  }
  return spans;
}
