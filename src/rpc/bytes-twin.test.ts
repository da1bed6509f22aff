import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GetAnalysisRunLogsResponseSchema as KargoResponseSchema } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import {
  EndReason,
  GetAnalysisRunLogsResponseSchema,
  OriginSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { CHARACTER } from "../../test/fakes/characters.ts";
import { bytesTwin } from "./bytes-twin.ts";

const TWIN = bytesTwin(GetAnalysisRunLogsResponseSchema);

describe("a twin", () => {
  it("encodes and decodes any text as the message does", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (chunk) => {
        const bytes = Buffer.from(chunk, "utf8");
        const ofMessage = toBinary(
          GetAnalysisRunLogsResponseSchema,
          create(GetAnalysisRunLogsResponseSchema, { chunk }),
        );
        const ofTwin = toBinary(TWIN, create(TWIN, { chunk: bytes }));
        expect(Buffer.from(ofTwin)).toEqual(Buffer.from(ofMessage));
        expect(fromBinary(GetAnalysisRunLogsResponseSchema, ofTwin).chunk).toBe(chunk);
        expect(Buffer.from(fromBinary(TWIN, ofMessage).chunk)).toEqual(bytes);
      }),
    );
  });

  it("encodes field 1 as a tag, a length and the bytes", () => {
    expect([...toBinary(TWIN, create(TWIN, { chunk: Buffer.from("hé") }))]).toEqual([0x0a, 3, 0x68, 0xc3, 0xa9]);
  });

  it("keeps the other fields of the message", () => {
    const end = { reason: EndReason.COMPLETE, lines: 3n, bytes: 2n ** 40n };
    for (const event of [
      { case: "end" as const, value: end },
      { case: "origin" as const, value: { metricName: "smoke", attempts: [1, 2] } },
    ]) {
      const wire = toBinary(TWIN, create(TWIN, { event }));
      const message = create(GetAnalysisRunLogsResponseSchema, { event });
      expect(Buffer.from(wire)).toEqual(Buffer.from(toBinary(GetAnalysisRunLogsResponseSchema, message)));
      expect(fromBinary(TWIN, wire).event).toMatchObject(event);
    }
  });

  it("leaves the field of the message itself a string", () => {
    expect(toJson(GetAnalysisRunLogsResponseSchema, create(GetAnalysisRunLogsResponseSchema, { chunk: "é" }))).toEqual({
      chunk: "é",
    });
  });

  it("can also be created from Kargo's message", () => {
    const twin = bytesTwin(KargoResponseSchema);
    expect(twin.typeName).toBe(KargoResponseSchema.typeName);
    const wire = toBinary(twin, create(twin, { chunk: Buffer.from("text") }));
    expect(fromBinary(KargoResponseSchema, wire).chunk).toBe("text");
  });

  it("cannot be created from a message without a chunk", () => {
    expect(() => bytesTwin(OriginSchema as never)).toThrow("taffrail.v1.Origin has no field chunk");
  });
});
