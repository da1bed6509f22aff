import { severityOf } from "../../../client/severity.ts";
import { LINE_ERROR, LINE_WARNING } from "./block.ts";

/**
 * Every line that `severityOf` takes for an error or a warning contains one of these: only the few candidates are
 * examined.
 */
const CANDIDATE =
  /err|ERR|Err|fatal|FATAL|crit|CRIT|panic|PANIC|SEVERE|FAIL|Traceback|Exception:|warn|WARN|(?:^|\n)[EFW]\d{4} /g;

/** One character per byte, so that positions in the text are those of the bytes. */
const BYTEWISE = new TextDecoder("latin1");
const DECODER = new TextDecoder();

/** Bytes of a line to examine: `severityOf` looks at 2,000 characters of at most four bytes. */
const MAX_LEVEL_BYTES = 8_000;

/**
 * Finds the level of each line.
 *
 * @param text lines with their line feeds.
 * @param offsets where each line begins; the last entry is the end of the last line.
 * @param wide whether there are non-ASCII characters.
 * @param red whether a line has red text, which makes it an error if it has no level.
 * @param found called for each line with a level.
 */
export function findLevels(
  text: Uint8Array,
  offsets: Uint32Array,
  red: Uint8Array,
  wide: boolean,
  found: (line: number, level: number) => void,
): void {
  const lines = offsets.length - 1;
  const looked = new Uint8Array(lines);
  const look = (line: number): void => {
    looked[line] = 1;
    const start = offsets[line] ?? 0;
    const end = Math.min(offsets[line + 1] ?? 0, start + MAX_LEVEL_BYTES);
    const severity = severityOf(DECODER.decode(text.subarray(start, end)));
    if (severity === "error" || (severity === null && red[line] === 1)) found(line, LINE_ERROR);
    else if (severity === "warning") found(line, LINE_WARNING);
  };
  const ascii = (wide ? BYTEWISE : DECODER).decode(text);
  let line = 0;
  CANDIDATE.lastIndex = 0;
  for (let match = CANDIDATE.exec(ascii); match !== null; match = CANDIDATE.exec(ascii)) {
    const at = match.index + (match[0].startsWith("\n") ? 1 : 0);
    while ((offsets[line + 1] ?? 0) <= at) line += 1;
    look(line);
    // This line is done.
    CANDIDATE.lastIndex = Math.max(match.index + 1, (offsets[line + 1] ?? 0) - 1);
  }
  for (let each = red.indexOf(1); each !== -1; each = red.indexOf(1, each + 1)) if (looked[each] === 0) look(each);
}
