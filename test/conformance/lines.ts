const START = Date.parse("2026-01-01T00:00:00Z");
const WORDS = ["ok", "Größe", "世界", "😀 done", "error: no", "\u001b[31mred\u001b[0m", ""];

/** The line with this index, from 0. Lines have characters of all lengths, some are long, none begins with a time. */
export function lineAt(index: number): string {
  const word = WORDS[index % WORDS.length] ?? "";
  return `line ${index} ${word.repeat(index % 97 === 50 ? 300 : index % 7)}\n`;
}

/** A line of 400 bytes, for logs that are generated instead of kept in memory. */
export function longLineAt(index: number): string {
  return `${`line ${index} `.padEnd(399, "x")}\n`;
}

/** The time of the line with this index, 250 ms apart: RFC 3339 in UTC with nine digits. */
export function timeAt(index: number): string {
  return new Date(START + index * 250).toISOString().replace("Z", "000000Z");
}

/** The lines of such a log from one index to another, exclusive. */
export function textOf(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => lineAt(from + index)).join("");
}
