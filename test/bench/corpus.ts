import { open, writeFile } from "node:fs/promises";

const BLOCK_BYTES = 8 * 1024 * 1024;

/**
 * The beginning of every log of the bench, by which a client recognizes the log's first bytes behind other frames.
 */
export const FIRST_WORDS = "bench log begins";

/**
 * Writes a log of this many bytes, less than 8 MiB or a multiple of that: lines like those of a test runner, a tenth of
 * them with non-ASCII characters.
 *
 * Its blocks of 8 MiB are equal, which does not matter, since nothing compresses them.
 */
export async function writeLog(file: string, bytes: number): Promise<void> {
  if (bytes < BLOCK_BYTES) return writeFile(file, makeBlock(bytes));
  const block = makeBlock(BLOCK_BYTES);
  const handle = await open(file, "w");
  try {
    for (let written = 0; written < bytes; written += BLOCK_BYTES) {
      await handle.write(block, 0, Math.min(BLOCK_BYTES, bytes - written));
    }
  } finally {
    await handle.close();
  }
}

function makeBlock(bytes: number): Buffer {
  const lines = [`${FIRST_WORDS}\n`];
  let length = FIRST_WORDS.length + 1;
  for (let number = 1; ; number++) {
    const time = new Date(Date.UTC(2026, 0, 1) + number * 37).toISOString();
    const text =
      number % 10 === 0
        ? "Prüfung «Größe» → bestanden ✔ 確認済み"
        : "check status of GET /api/v1/orders/items: 200, as expected";
    const line = `${time} INFO  worker-${number % 16} step ${number} ${text} in ${(number * 7919) % 1000} ms\n`;
    const size = Buffer.byteLength(line);
    if (length + size > bytes) break;
    lines.push(line);
    length += size;
  }
  // Padded with ASCII, so that no block ends inside a character.
  return Buffer.from(`${lines.join("")}${"=".repeat(Math.max(0, bytes - length - 1))}\n`);
}
