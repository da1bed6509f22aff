import { open } from "node:fs/promises";

/** How many lines are written at once. */
const BATCH = 10_000;

export interface LinesOptions {
  readonly lines: number;
  /** About how long each line is. */
  readonly lineBytes: number;
}

/** Writes a log of lines like those of a test runner, a tenth of them with non-ASCII characters. */
export async function writeLines(file: string, { lines, lineBytes }: LinesOptions): Promise<void> {
  const handle = await open(file, "w");
  try {
    for (let from = 0; from < lines; from += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, lines - from) }, (_, index) =>
        lineOf(from + index, lineBytes),
      );
      await handle.write(batch.join(""));
    }
  } finally {
    await handle.close();
  }
}

function lineOf(number: number, bytes: number): string {
  const text =
    number % 10 === 0
      ? "Prüfung «Größe» → bestanden ✔ 確認済み"
      : 'check status of "GET /api/v1/orders/items": 200, as expected';
  const line = `INFO worker-${number % 16} step ${number} ${text} in ${(number * 7919) % 1000} ms`;
  return `${line.padEnd(bytes - 1, " and so on")}\n`;
}
