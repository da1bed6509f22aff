import { readObject } from "./json-object.ts";
import { type LogRecord, NO_OWNER } from "./record.ts";
import { readRecordTime } from "./record-time.ts";

const KEYS: ReadonlySet<string> = new Set(["log", "stream", "time", "attrs"]);

/**
 * Reads a line as Docker's `json-file` driver writes it: https://docs.docker.com/engine/logging/drivers/json-file/. A
 * record without a line feed at the end of its text is a part of a line.
 */
export function readDockerRecord(line: Buffer): LogRecord | undefined {
  const object = readObject(line);
  if (object === undefined) return undefined;
  const { log, stream } = object;
  const time = readRecordTime(object.time);
  if (typeof log !== "string" || time === undefined || (stream !== "stdout" && stream !== "stderr")) return undefined;
  if (!Object.keys(object).every((key) => KEYS.has(key))) return undefined;
  const endsLine = log.endsWith("\n");
  return { text: Buffer.from(endsLine ? log.slice(0, -1) : log), endsLine, time, stream, owner: NO_OWNER };
}
