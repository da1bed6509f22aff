import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { GetAnalysisRunLogsResponseSchema as KargoResponseSchema } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { GetAnalysisRunLogsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogFrame } from "../logs/frame.ts";
import { fieldsOf } from "./frame-message.ts";

/** Makes an encoded message of a frame, in parts; `undefined` where a client is told nothing. */
type Encode = (frame: LogFrame) => readonly Uint8Array[] | undefined;

/** The most bytes that the head of a chunk has: its tag, and a length of 32 bits. */
const CHUNK_HEAD_BYTES = 6;
/** Field 1 of both messages. A string and bytes are the same on the wire (https://protobuf.dev/programming-guides/encoding/#length-types). */
const CHUNK_TAG = (1 << 3) | 2;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Frames as messages of `taffrail.v1`. The bytes of the log are a part of their own, as they are. */
export const LOG_ENCODING: Readonly<Record<"binary" | "json", Encode>> = {
  binary: (frame) => {
    const fields = toBinary(
      GetAnalysisRunLogsResponseSchema,
      create(GetAnalysisRunLogsResponseSchema, fieldsOf(frame)),
    );
    return frame.kind === "chunk" ? [...encodeChunk(frame.bytes), fields] : [fields];
  },
  json: (frame) => {
    const chunk = frame.kind === "chunk" ? decoder.decode(frame.bytes) : "";
    const message = create(GetAnalysisRunLogsResponseSchema, { chunk, ...fieldsOf(frame) });
    return [Buffer.from(toJsonString(GetAnalysisRunLogsResponseSchema, message))];
  },
};

/** The same for clients of Kargo's service, whose messages hold nothing but the log. */
export const KARGO_ENCODING: typeof LOG_ENCODING = {
  binary: (frame) => (frame.kind === "chunk" ? encodeChunk(frame.bytes) : undefined),
  json: (frame) => {
    if (frame.kind !== "chunk") return undefined;
    const message = create(KargoResponseSchema, { chunk: decoder.decode(frame.bytes) });
    return [Buffer.from(toJsonString(KargoResponseSchema, message))];
  },
};

/** The field `chunk` by hand: generated code would copy the bytes, and want a string. */
function encodeChunk(bytes: Uint8Array): [Uint8Array, Uint8Array] {
  const head = Buffer.allocUnsafe(CHUNK_HEAD_BYTES);
  head[0] = CHUNK_TAG;
  let at = 1;
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) {
    head[at] = (rest & 0x7f) | 0x80;
    at += 1;
  }
  head[at] = rest;
  return [head.subarray(0, at + 1), bytes];
}
