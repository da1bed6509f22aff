const SPACE = 0x20;
/** `2026-01-01T00:00:00.000000000+00:00` and a space. */
const MAX_BYTES = 37;
const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** The time at the beginning of a line, in UTC with nine digits, and where the text behind it begins. */
export interface SplitTime {
  readonly time: string;
  readonly textAt: number;
}

/**
 * Reads the time that a source puts before each line: RFC 3339 with up to nanoseconds, and a space.
 *
 * @param at where the line begins.
 * @returns `none` where there is no time; `unfinished` where more of the line has to come to tell.
 */
export function splitTime(text: Buffer, at: number): SplitTime | "none" | "unfinished" {
  const space = text.indexOf(SPACE, at);
  if (space === -1 || space - at >= MAX_BYTES) {
    if (text.length - at >= MAX_BYTES || text.indexOf(0x0a, at) !== -1) return "none";
    return "unfinished";
  }
  const stamp = text.toString("latin1", at, space);
  // As kubelets write it.
  if (stamp.length === 30 && stamp.endsWith("Z") && stamp[19] === "." && stamp[10] === "T") {
    return { time: stamp, textAt: space + 1 };
  }
  const [, seconds, fraction = "", zone] = TIME.exec(stamp) ?? [];
  if (seconds === undefined) return "none";
  const ms = Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) return "none";
  return { time: `${new Date(ms).toISOString().slice(0, 19)}.${fraction.padEnd(9, "0")}Z`, textAt: space + 1 };
}
