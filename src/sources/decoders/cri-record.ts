import { type LogRecord, NO_OWNER } from "./record.ts";
import { readRecordTime } from "./record-time.ts";

/** A time, a stream, tags and a space. Tags are separated by colons; the first is `F` for full or `P` for partial. */
const HEAD =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (stdout|stderr) ([FP])(?::[\w:.-]*)?(?: |$)/;
const MAX_HEAD_BYTES = 128;

/**
 * Reads a line as the container runtimes of Kubernetes write it:
 * https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md.
 */
export function readCriRecord(line: Buffer): LogRecord | undefined {
  const [head, stamp, stream, tag] = HEAD.exec(line.toString("latin1", 0, MAX_HEAD_BYTES)) ?? [];
  if (head === undefined) return undefined;
  const time = readRecordTime(stamp);
  return { text: line.subarray(head.length), endsLine: tag === "F", time, stream, owner: NO_OWNER };
}
