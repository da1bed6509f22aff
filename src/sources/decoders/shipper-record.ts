import { objectOf, readObject } from "./json-object.ts";
import type { ReadRecord, RecordOwner } from "./record.ts";
import { readRecordTime } from "./record-time.ts";

/** Where shippers put a record's time. The first two are the container runtime's own time, if they are there. */
const TIME_KEYS = ["time", "@timestamp", "timestamp", "date", "ts"];
const NAME = /^[\w.-]{1,253}$/;
const TAB = 0x09;
/** The time and the tag that fluentd writes before a record. */
const MAX_PREFIX_BYTES = 1_024;
/** The tag of a container's log: `kubernetes.var.log.containers.POD_NAMESPACE_CONTAINER-ID.log`. */
const CONTAINER_TAG = /var\.log\.containers\.([^_]+)_([^_]+)_(.+)-[0-9a-f]{64}\.log$/;

/**
 * Creates the reader of records that shippers store as one JSON object on each line: fluent-bit, Vector, and fluentd,
 * whose default format puts a time and a tag before it.
 *
 * Only an object with a time beside `log` or `message`, and `stream`, `kubernetes` or `source_type`, is a shipper's
 * record. Any other is a line of the application.
 */
export function createShipperReader(): ReadRecord {
  /** Whether texts end with a line feed, as Docker writes them: then one without is a part of a line. */
  let withFeeds = false;
  return (line) => {
    const prefix = readPrefix(line);
    const object = readObject(prefix === undefined ? line : line.subarray(prefix.length));
    if (object === undefined) return undefined;
    const time = prefix?.time ?? timeOf(object);
    const { log, message, stream, logtag } = object;
    const text = typeof log === "string" ? log : message;
    const isRecord =
      stream !== undefined || objectOf(object.kubernetes) !== undefined || object.source_type !== undefined;
    if (time === undefined || typeof text !== "string" || !isRecord) return undefined;
    const endsWithFeed = text.endsWith("\n");
    withFeeds ||= endsWithFeed;
    return {
      text: Buffer.from(endsWithFeed ? text.slice(0, -1) : text),
      endsLine: logtag !== "P" && (endsWithFeed || !withFeeds),
      time: readRecordTime(object.time) ?? time,
      stream: typeof stream === "string" ? stream : undefined,
      owner: ownerOf(object, prefix?.tag),
    };
  };
}

function readPrefix(
  line: Buffer,
): { readonly time: string; readonly tag: string; readonly length: number } | undefined {
  const first = line[0] ?? 0;
  if (first < 0x30 || first > 0x39) return undefined;
  const head = line.subarray(0, MAX_PREFIX_BYTES);
  const timeEnd = head.indexOf(TAB);
  const tagEnd = timeEnd === -1 ? -1 : head.indexOf(TAB, timeEnd + 1);
  if (tagEnd === -1) return undefined;
  const time = readRecordTime(head.toString("latin1", 0, timeEnd));
  return time === undefined ? undefined : { time, tag: head.toString("utf8", timeEnd + 1, tagEnd), length: tagEnd + 1 };
}

function timeOf(object: Readonly<Record<string, unknown>>): string | undefined {
  for (const key of TIME_KEYS) {
    const time = readRecordTime(object[key]);
    if (time !== undefined) return time;
  }
  return undefined;
}

function ownerOf(object: Readonly<Record<string, unknown>>, tag: string | undefined): RecordOwner {
  const kubernetes = objectOf(object.kubernetes);
  if (kubernetes === undefined) {
    const [, pod, namespace, container] = CONTAINER_TAG.exec(tag ?? "") ?? [];
    return { namespace, pod, container };
  }
  const labels = objectOf(kubernetes.labels) ?? objectOf(kubernetes.pod_labels) ?? {};
  return {
    namespace: nameIn(kubernetes, "namespace_name", "pod_namespace"),
    pod: nameIn(kubernetes, "pod_name"),
    container: nameIn(kubernetes, "container_name"),
    // fluentd writes an underscore for each dot, unless told otherwise.
    job: nameIn(labels, "batch.kubernetes.io/job-name", "batch_kubernetes_io/job-name", "job-name"),
  };
}

function nameIn(object: Readonly<Record<string, unknown>>, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = object[key];
    if (typeof value === "string" && NAME.test(value)) return value;
  }
  return undefined;
}
