import { createFileRegistry, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { type FileDescriptorProto, FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { GetAnalysisRunLogsResponseSchema as KargoResponseSchema } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { GetAnalysisRunLogsResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { bytesTwin } from "../../src/rpc/bytes-twin.ts";
import { cut } from "../fakes/byte-source.ts";
import { CHARACTER } from "../fakes/characters.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS, type Protocol } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

const LOGS_PATH = "/taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs";

describe.each([GetAnalysisRunLogsResponseSchema, KargoResponseSchema])("the bytes twin of $typeName", (message) => {
  // The two types differ in ways that do not matter here.
  const twin = bytesTwin(message as typeof KargoResponseSchema);

  it("differs only in the type of its chunk", () => {
    const shape = (file: FileDescriptorProto) => toJson(FileDescriptorProtoSchema, file);
    const proto = JSON.stringify(shape(message.file.proto));
    const asBytes = proto.replace(
      /("name":"GetAnalysisRunLogsResponse","field":\[\{"name":"chunk","number":1,"label":"LABEL_OPTIONAL","type":)"TYPE_STRING"/,
      '$1"TYPE_BYTES"',
    );
    expect(asBytes).not.toBe(proto);
    expect(JSON.stringify(shape(twin.file.proto))).toBe(asBytes);
  });

  it("leaves the original message unchanged", () => {
    expect(message.field.chunk?.scalar).not.toBe(twin.field.chunk?.scalar);
    expect(() =>
      createFileRegistry(message.file.proto, (name) =>
        message.file.dependencies.find((each) => each.proto.name === name),
      ),
    ).not.toThrow();
  });

  it("is identical on the wire", () => {
    fc.assert(
      fc.property(fc.string({ unit: CHARACTER }), (chunk) => {
        const bytes = Buffer.from(chunk);
        const made = { ...fromBinary(twin, new Uint8Array(0)), chunk: new Uint8Array(bytes) };
        const wire = toBinary(twin, made);
        expect(fromBinary(message, wire).chunk).toBe(bytes.toString());
        expect(Buffer.from(toBinary(message, { ...fromBinary(message, new Uint8Array(0)), chunk }))).toEqual(
          Buffer.from(wire),
        );
      }),
    );
  });
});

describe("the wire format", () => {
  const world = useWorld();

  /** The bytes of each message of a stream, with the flags of its envelope. */
  async function messagesOf(contentType: string, request: Uint8Array, log = "Größe\n") {
    const ref = world().addLog(sends(log));
    const body = contentType.endsWith("json") ? Buffer.from(JSON.stringify(ref)) : request;
    const envelope = Buffer.alloc(5);
    envelope.writeUInt32BE(body.length, 1);
    const headers = {
      "content-type": contentType,
      "connect-accept-encoding": "gzip",
      authorization: `Bearer ${TOKENS.reader}`,
    };
    const init = { method: "POST", headers, body: Buffer.concat([envelope, body]) };
    const response = await fetch(world().url + LOGS_PATH, init);
    const answer = Buffer.from(await response.arrayBuffer());
    const messages: { flags: number; body: Buffer }[] = [];
    for (let at = 0; at < answer.length; ) {
      const length = answer.readUInt32BE(at + 1);
      const message = { flags: answer[at] ?? 0, body: answer.subarray(at + 5, at + 5 + length) };
      // On a busy machine, a heartbeat may come first.
      if (message.flags !== 0 || !["", "{}"].includes(message.body.toString())) messages.push(message);
      at += 5 + length;
    }
    return { type: response.headers.get("content-type"), messages };
  }

  // Field 1, "shop"; field 2, "uat.run-1".
  const REQUEST = Buffer.from("0a0473686f7012097561742e72756e2d31", "hex");

  it("in binary, has the chunk as field 1 and small fields beside it", async () => {
    const { type, messages } = await messagesOf("application/connect+proto", REQUEST);
    expect(type).toBe("application/connect+proto");
    expect(messages.map(({ flags }) => flags)).toEqual([0, 0, 0, 2]);
    const chunk = messages[1]?.body ?? Buffer.alloc(0);
    // Field 1 with a length of 8: G r ö ß e, line feed. Field 2: the cursor, with a length of two bytes.
    expect(chunk.subarray(0, 11).toString("hex")).toBe("0a084772c3b6c39f650a12");
    const cursor = chunk.subarray(13, -4);
    expect(chunk.readUInt16LE(11)).toBe(((cursor.length >> 7) << 8) | 0x80 | (cursor.length & 0x7f));
    expect(cursor.toString()).toMatch(/^[\w-]{150,800}$/);
    // Field 6: line 1. Field 10: 0 bytes before it.
    expect(chunk.subarray(-4).toString("hex")).toBe("30015000");
    // Field 5, 8 bytes: reason 1 COMPLETE; field 3, 1 line; field 4, 8 bytes; field 5, 8 bytes scanned.
    expect(messages[2]?.body.toString("hex")).toBe("2a080801180120082808");
    expect(messages[3]?.body.toString()).toBe("{}");
  });

  it("in JSON, has the chunk as a string and small fields beside it", async () => {
    const { type, messages } = await messagesOf("application/connect+json", REQUEST);
    expect(type).toBe("application/connect+json");
    expect(messages.slice(1).map(({ body }) => body.toString().replace(/"cursor":"[\w-]{150,800}"/, "CURSOR"))).toEqual(
      [
        '{"chunk":"Größe\\n",CURSOR,"firstLine":"1","offset":"0"}',
        '{"end":{"reason":"END_REASON_COMPLETE","lines":"1","bytes":"8","scannedBytes":"8"}}',
        "{}",
      ],
    );
  });

  it("never compresses messages, whatever the client accepts", async () => {
    const { messages } = await messagesOf("application/connect+json", REQUEST, "all the same ".repeat(10_000));
    expect(messages.filter(({ flags }) => (flags & 1) === 1)).toEqual([]);
    expect(messages.reduce((sum, { body }) => sum + body.length, 0)).toBeGreaterThan(130_000);
  });
});

describe("any bytes in the store, split anywhere", () => {
  const world = useWorld();
  const binary = PROTOCOLS.filter(({ json }) => !json);
  const json = PROTOCOLS.find((each) => each.json);

  const text = fc.string({ unit: CHARACTER, maxLength: 60 }).map((each) => Buffer.from(each));
  const utf16 = fc.string({ unit: CHARACTER, maxLength: 60 }).map((each) => Buffer.from(`\ufeff${each}`, "utf16le"));
  const rubbish = fc.uint8Array({ maxLength: 60 }).map((each) => Buffer.from(each));
  const bytes = fc.array(fc.oneof(text, rubbish, utf16), { maxLength: 4 }).map((parts) => Buffer.concat(parts));
  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

  it("give the same text and the same end over every protocol", async () => {
    await fc.assert(
      fc.asyncProperty(bytes, lengths, fc.nat(), async (log, cuts, turn) => {
        const ref = world().addLog(sends(cut(log, cuts)));
        const read = (protocol: Protocol | undefined) => protocol && readLog(world().transport(protocol), ref);
        const [one, other] = await Promise.all([read(binary[turn % binary.length]), read(json)]);
        expect(other).toBeDefined();
        expect(other?.text).toBe(one?.text);
        expect(other?.error).toEqual(one?.error);
        expect(other?.notices).toEqual(one?.notices);
        expect(other?.end).toEqual(one?.end);
        expect(one?.end?.bytes).toBe(BigInt(Buffer.byteLength(one?.text ?? "")));
      }),
      { numRuns: 150 },
    );
  }, 30_000);
});
