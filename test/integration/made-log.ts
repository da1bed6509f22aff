import type { Request } from "./read-messages.ts";

const START = Date.parse("2026-01-01T00:00:00Z");

/**
 * Timestamped lines, a second apart, some of them long, with characters of all lengths and no line feed at the end.
 * Unless `wide`, all characters exist in windows-1252.
 */
export function madeLog(lines: number, wide = true): string {
  const words = wide
    ? ["ok", "Größe", "世界", "😀😀", "error: no", "\u001b[31mred\u001b[0m"]
    : ["ok", "Größe", "error: no"];
  return Array.from({ length: lines }, (_, index) => {
    const time = new Date(START + index * 1_000).toISOString();
    const word = words[index % words.length] ?? "";
    const more = index % 97 === 0 ? word.repeat(300) : word.repeat(index % 7);
    return index % 11 === 3 ? `  at ${word} ${index}` : `${time} ${word} ${index} ${more}`;
  }).join("\n");
}

/** The time of the line with this index, from 0. */
export function timeAt(second: number) {
  return { seconds: BigInt(START / 1_000 + second), nanos: 0 } as NonNullable<Request["since"]>;
}

export function grep(
  pattern: string,
  more: { fixed?: boolean; ignoreCase?: boolean; invert?: boolean; before?: number; after?: number } = {},
) {
  const all = { pattern, fixed: false, ignoreCase: false, invert: false, before: 0, after: 0, ...more };
  return all as NonNullable<Request["grep"]>;
}
