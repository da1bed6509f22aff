import { fromBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, it } from "vitest";
import { GetAnalysisRunLogsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogFrame } from "../logs/frame.ts";
import { KARGO_ENCODING, LOG_ENCODING } from "./log-encoding.ts";

const whole = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 127, 128, 16_383, 16_384, 2 ** 32));
const lineRun = fc.record({ firstLine: whole, count: fc.nat(), context: fc.boolean() });
const chunks = fc.record({
  kind: fc.constant("chunk" as const),
  bytes: fc.string({ unit: "binary", maxLength: 300 }).map((text) => Buffer.from(text)),
  firstLine: whole,
  runs: fc.option(fc.array(lineRun, { maxLength: 3 }), { nil: undefined }),
  offset: fc.option(whole, { nil: undefined }),
  container: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
  attempt: fc.option(fc.nat(), { nil: undefined }),
  cursor: fc.base64String({ maxLength: 700 }).map((text) => () => text),
});
const read = (parts: readonly Uint8Array[] | undefined) =>
  fromBinary(GetAnalysisRunLogsResponseSchema, Buffer.concat(parts ?? []));

it("writes what generated code reads, for any chunk", () => {
  fc.assert(
    fc.property(chunks, (frame) => {
      const message = read(LOG_ENCODING.binary(frame));
      expect(message).toMatchObject({
        chunk: frame.bytes.toString(),
        cursor: frame.cursor(),
        firstLine: BigInt(frame.firstLine),
        lineRuns: (frame.runs ?? []).map((run) => ({ ...run, firstLine: BigInt(run.firstLine) })),
        containerName: frame.container ?? "",
        attempt: frame.attempt ?? 0,
      });
      expect(message.offset).toBe(frame.offset === undefined ? undefined : BigInt(frame.offset));
      expect(message.$unknown).toBeUndefined();
      expect(read(KARGO_ENCODING.binary(frame)).chunk).toBe(frame.bytes.toString());
    }),
  );
});

it("passes the bytes of the log on without a copy", () => {
  const bytes = Buffer.from("a log\n");
  const frame: LogFrame = {
    kind: "chunk",
    bytes,
    firstLine: 1,
    runs: undefined,
    offset: 0,
    container: undefined,
    attempt: undefined,
    cursor: () => "",
  };
  expect(LOG_ENCODING.binary(frame)?.[1]).toBe(bytes);
  expect(KARGO_ENCODING.binary(frame)?.[1]).toBe(bytes);
});
