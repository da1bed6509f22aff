import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { GetAnalysisRunLogsResponseSchema as KargoResponseSchema } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { GetAnalysisRunLogsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChunk, LogFrame } from "../logs/frame.ts";
import { fieldsOf } from "./frame-message.ts";

/** Encodes a frame as a message in parts; `undefined` if the client receives no message for it. */
type Encode = (frame: LogFrame) => readonly Uint8Array[] | undefined;

const { chunk: CHUNK, cursor: CURSOR, firstLine: FIRST_LINE, offset: OFFSET } = GetAnalysisRunLogsResponseSchema.field;
/** Wire types: https://protobuf.dev/programming-guides/encoding/#structure */
const VARINT = 0;
const BYTES = 2;
/** The maximum size of one of our tags and a varint of 53 bits. */
const FIELD_BYTES = 1 + 8;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Frames as messages of `taffrail.v1`. The bytes of the log are a separate part and are not copied. */
export const LOG_ENCODING: Readonly<Record<"binary" | "json", Encode>> = {
  binary: (frame) => {
    if (frame.kind !== "chunk") return [encodeFields(frame)];
    const isPlain = frame.runs === undefined && frame.container === undefined && frame.attempt === undefined;
    return [chunkHead(frame.bytes), frame.bytes, isPlain ? encodePlainFields(frame) : encodeFields(frame)];
  },
  json: (frame) => {
    const chunk = frame.kind === "chunk" ? decoder.decode(frame.bytes) : "";
    const message = create(GetAnalysisRunLogsResponseSchema, { chunk, ...fieldsOf(frame) });
    return [Buffer.from(toJsonString(GetAnalysisRunLogsResponseSchema, message))];
  },
};

/** Frames as messages of Kargo's service, which contain only the log. */
export const KARGO_ENCODING: typeof LOG_ENCODING = {
  binary: (frame) => (frame.kind === "chunk" ? [chunkHead(frame.bytes), frame.bytes] : undefined),
  json: (frame) => {
    if (frame.kind !== "chunk") return undefined;
    const message = create(KargoResponseSchema, { chunk: decoder.decode(frame.bytes) });
    return [Buffer.from(toJsonString(KargoResponseSchema, message))];
  },
};

function encodeFields(frame: LogFrame): Uint8Array {
  return toBinary(GetAnalysisRunLogsResponseSchema, create(GetAnalysisRunLogsResponseSchema, fieldsOf(frame)));
}

/**
 * The fields of most chunks, encoded by hand. Generated code takes 6 µs and five buffers for them, more than everything
 * else that is done for a follower's line.
 */
function encodePlainFields({ cursor, firstLine, offset }: LogChunk): Uint8Array {
  const text = cursor();
  const bytes = Buffer.allocUnsafe(3 * FIELD_BYTES + text.length);
  let at = 0;
  if (text !== "") {
    at = writeField(bytes, at, CURSOR.number, BYTES, text.length);
    // A cursor is ASCII.
    at += bytes.write(text, at, "latin1");
  }
  if (firstLine !== 0) at = writeField(bytes, at, FIRST_LINE.number, VARINT, firstLine);
  if (offset !== undefined) at = writeField(bytes, at, OFFSET.number, VARINT, offset);
  return bytes.subarray(0, at);
}

/**
 * The head of the field `chunk`. Generated code would copy a string; strings and bytes have the same encoding
 * (https://protobuf.dev/programming-guides/encoding/#length-types).
 */
function chunkHead({ length }: Uint8Array): Uint8Array {
  const head = Buffer.allocUnsafe(FIELD_BYTES);
  return head.subarray(0, writeField(head, 0, CHUNK.number, BYTES, length));
}

/** Writes a tag and a varint. @param value a safe, non-negative integer. @returns where they end. */
function writeField(to: Uint8Array, start: number, number: number, wireType: number, value: number): number {
  let at = start;
  to[at++] = (number << 3) | wireType;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) to[at++] = (rest % 128) | 0x80;
  to[at++] = rest;
  return at;
}
