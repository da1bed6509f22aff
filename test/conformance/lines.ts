const START = Date.parse("2026-01-01T00:00:00Z");
const WORDS = ["ok", "Größe", "世界", "😀 done", "error: no", "\u001b[31mred\u001b[0m", ""];

/** The line with this index, from 0: characters of all lengths, long lines, and none that begins with a time. */
export function lineAt(index: number): string {
  const word = WORDS[index % WORDS.length] ?? "";
  return `line ${index} ${word.repeat(index % 97 === 50 ? 300 : index % 7)}\n`;
}

/** A line of 1 KiB, for logs that are not kept in memory. */
export function longLineAt(index: number): string {
  return `${`line ${index} `.padEnd(1_023, "x")}\n`;
}

/** When it was written, one line each 250 ms: RFC 3339 in UTC with nine digits. */
export function timeAt(index: number): string {
  return new Date(START + index * 250).toISOString().replace("Z", "000000Z");
}

/** Lines of such a log, from one index to before another. */
export function textOf(from: number, to: number): string {
  return Array.from({ length: to - from }, (_, index) => lineAt(from + index)).join("");
}
