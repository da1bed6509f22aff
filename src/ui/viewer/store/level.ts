import { severityOf } from "../../../client/severity.ts";
import { LINE_ERROR, LINE_WARNING } from "./block.ts";

/**
 * Every text that `severityOf` calls an error or a warning holds one of these: few lines do, so that few are looked at
 * closely.
 */
const CANDIDATE =
  /err|ERR|Err|fatal|FATAL|crit|CRIT|panic|PANIC|SEVERE|FAIL|Traceback|Exception:|warn|WARN|(?:^|\n)[EFW]\d{4} /g;

/** One character a byte: positions in the text are those of the bytes. */
const BYTEWISE = new TextDecoder("latin1");
const DECODER = new TextDecoder();

/** As much of a line as its level is looked for in: `severityOf` looks at 2,000 characters, of four bytes at most. */
const LOOKED_AT = 8_000;

/**
 * Finds the level of each line.
 *
 * @param text lines with their line feeds.
 * @param offsets where each line begins; the last entry is where the last one ends.
 * @param wide whether there is anything but ASCII in it.
 * @param red whether a line has something in red, which is an error where it says no level.
 * @param found told each line that has one.
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
    const end = Math.min(offsets[line + 1] ?? 0, start + LOOKED_AT);
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
    // Nothing more to learn from this line.
    CANDIDATE.lastIndex = Math.max(match.index + 1, (offsets[line + 1] ?? 0) - 1);
  }
  for (let each = red.indexOf(1); each !== -1; each = red.indexOf(1, each + 1)) if (looked[each] === 0) look(each);
}
