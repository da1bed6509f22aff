import { LINE_FEED } from "../../stream/characters.ts";
import { readCriRecord } from "./cri-record.ts";
import { readDockerRecord } from "./docker-record.ts";
import type { ReadRecord, RecordFormat } from "./record.ts";
import { createShipperReader } from "./shipper-record.ts";

/** How much of a file's text is looked at: a first line that is longer is not a record. */
export const RECOGNIZED_BYTES = 16 * 1024;

/** Creates the reader of the records of one file. */
export function createRecordReader(format: RecordFormat): ReadRecord {
  switch (format) {
    case "docker":
      return readDockerRecord;
    case "cri":
      return readCriRecord;
    case "shipper":
      return createShipperReader();
  }
}

/** Recognizes the format of a file of records by its first line. `undefined`: its lines are the log itself. */
export function recognizeRecords(head: Uint8Array): RecordFormat | undefined {
  const feed = head.indexOf(LINE_FEED);
  if (feed >= RECOGNIZED_BYTES || (feed === -1 && head.length > RECOGNIZED_BYTES)) return undefined;
  const line = Buffer.from(head.buffer, head.byteOffset, feed === -1 ? head.length : feed);
  const formats: readonly RecordFormat[] = ["docker", "cri", "shipper"];
  return formats.find((format) => createRecordReader(format)(line) !== undefined);
}

/** Whether this much of a file's text is enough to recognize its format. */
export function canRecognize(head: Uint8Array): boolean {
  const first = head[0] ?? 0;
  const mayBeRecord = first === 0x7b || (first >= 0x30 && first <= 0x39);
  return !mayBeRecord || head.length >= RECOGNIZED_BYTES || head.includes(LINE_FEED);
}
