import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import { type Answer, sends } from "../fakes/scripted-store.ts";
import { storedObject } from "../fakes/stored-object.ts";
import { useLiveWorld } from "./live-world.ts";
import { PROTOCOLS } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { messagesOf } from "./read-messages.ts";
import { useWorld, type World } from "./world.ts";

const LOG = "one\ntwo\nthree ö\n";
const [PROTOCOL] = PROTOCOLS;
const latin1 = (text: string): Buffer => Buffer.from(text, "latin1");

function reader(world: () => World) {
  return (answer: Answer, request = {}) => {
    if (PROTOCOL === undefined) throw new Error("There is no protocol.");
    return readLog(world().transport(PROTOCOL), { ...world().addLog(answer), ...request });
  };
}

/** Sends repeated headers as they are. */
const sendsWith =
  (body: Uint8Array | string, codings: readonly string[]): Answer =>
  (response) => {
    const headers = codings.flatMap((each) => ["content-encoding", each]);
    response.writeHead(200, ["content-length", String(Buffer.byteLength(body)), ...headers]).end(body);
  };

/** Headers of uploads that stores return, and bytes that they say nothing about. */
const HARMLESS: readonly (readonly [string, readonly string[], Uint8Array | string])[] = [
  ["aws-chunked", ["aws-chunked"], LOG],
  ["aws-chunked,gzip of gzip", ["aws-chunked,gzip"], gzipSync(LOG)],
  ["UTF-8", ["UTF-8"], LOG],
  ["none", ["none"], LOG],
  ["binary", ["binary"], LOG],
  ["an empty one", [""], LOG],
  ["two of gzip", ["aws-chunked", "gzip"], gzipSync(LOG)],
  ["two of plain text", ["aws-chunked", "gzip"], LOG],
  ["gzip of plain text", ["gzip"], LOG],
  ["gzip of zstd", ["gzip"], zstdCompressSync(LOG)],
  ["none at all of gzip", [], gzipSync(LOG)],
  ["gzip, gzip of gzip twice", ["gzip, gzip"], gzipSync(gzipSync(LOG))],
  ["gzip of gzip twice", ["gzip"], gzipSync(gzipSync(LOG))],
  ["br of plain text", ["br"], LOG],
  ["deflate of gzip", ["deflate"], gzipSync(LOG)],
  ["br of a log of no bytes", ["br"], ""],
];

describe("the Content-Encoding of a stored log", () => {
  const world = useWorld();
  const read = reader(world);

  it.each(HARMLESS)("decides nothing where the bytes say otherwise: %s", async (_, codings, body) => {
    const expected = body === "" ? "" : LOG;
    const whole = await read(sendsWith(body, codings));
    expect(whole.error).toBeUndefined();
    expect(whole.text).toBe(expected);
    expect(whole.end?.reason).toBe(EndReason.COMPLETE);
    const tail = await read(sendsWith(body, codings), { tailLines: 1n });
    expect(tail.text).toBe(body === "" ? "" : "three ö\n");
    const headers = { "content-encoding": codings.join(", ") };
    const inParts = await read(storedObject(body, { headers }).answer, { tailLines: 1n });
    expect(inParts.text).toBe(body === "" ? "" : "three ö\n");
  });

  it.each([
    ["br", brotliCompressSync(LOG)],
    ["br", brotliCompressSync(LOG.repeat(9_000))],
    ["deflate", deflateSync(LOG)],
    ["deflate", deflateSync(LOG.repeat(9_000))],
    ["compress", Buffer.from("1f9d906f6e0a", "hex")],
    ["x-compress", Buffer.from("1f9d906f6e0a", "hex")],
  ])("is refused by name where it is %s, read whole or from its end", async (coding, body) => {
    const name = coding.replace("x-", "");
    for (const request of [{}, { tailLines: 1n }]) {
      const { error } = await read(storedObject(body, { headers: { "content-encoding": coding } }).answer, request);
      expect(error).toMatchObject({
        reason: "BACKEND_REFUSED",
        message:
          `No log: source "archive" sent the log compressed with ${name}, ` +
          "which is not supported; gzip and zstd are.",
      });
    }
  });
});

describe("a log whose Content-Encoding codes nothing", () => {
  const world = useLiveWorld(["archive", "pods"]);
  const isPoll = (ms: number): boolean => ms === 2_000;

  it.each(["aws-chunked", "UTF-8", "none", "binary", "", "gzip", "br"])(
    "is followed in parts, as one without it: %j",
    async (coding) => {
      world().clock.time = Date.parse("2026-01-01T00:29:00Z");
      const run = world().addRun();
      const object = storedObject(`${"x".repeat(99)}\n`.repeat(2_000), { headers: { "content-encoding": coding } });
      world().store.answer(run.archivePath(), object.answer);
      const log = run.read({ follow: true });
      await log.until("x\n");
      for (const line of ["two\n", "three\n"]) {
        await world().waits.until(isPoll);
        object.bytes = Buffer.concat([object.bytes ?? Buffer.alloc(0), Buffer.from(line)]);
        world().waits.pass(isPoll);
        await log.until(line);
      }
      expect(object.ranges.slice(1).every((range) => range.startsWith("bytes="))).toBe(true);
      // Once the whole log, then what proves the place, and what is new.
      expect(object.served).toBeLessThan(210_000);
      run.remove();
      world().waits.pass(isPoll);
      await log.done;
    },
  );

  it("is read from the next source where it is compressed in a way that is not supported", async () => {
    const run = world().addRun({ phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] });
    const br = sends(brotliCompressSync(LOG), { "content-encoding": "br" });
    world().store.answer(run.archivePath(), br);
    world().clock.time = Date.parse("2026-01-02T00:00:00Z");
    const pod = run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    run.log(pod).append("2026-01-01T00:00:01Z", "from the pod\n");
    const log = run.read();
    await log.done;
    expect(log.text()).toBe("from the pod\n");
    expect(log.origin()?.source).toBe("pods");
  });
});

const TEXT = "✓ Größe geprüft — 3 von 3\n";
const ASCII = `${"plain text, 40 bytes in each of its lines".padEnd(39, ".")}\n`.repeat(1_800);

describe("the charset of a stored log", () => {
  const world = useWorld();
  const read = reader(world);
  const labelled = (charset: string) => ({ "content-type": `text/plain; charset=${charset}` });

  it.each(["us-ascii", "iso-8859-1", "windows-1252", "shift_jis", "utf-16", "utf-16le"])(
    "is UTF-8 where the bytes are, though the store says %s",
    async (charset) => {
      for (const log of [TEXT.repeat(3), ASCII + TEXT]) {
        const { text, error } = await read(sends(log, labelled(charset)));
        expect(error).toBeUndefined();
        expect(text === log).toBe(true);
      }
    },
  );

  it("is decided for each line, and told with what decided", async () => {
    const body = Buffer.concat([Buffer.from(TEXT), latin1("Größe\n"), Buffer.from("plain\n")]);
    const { text, notices } = await read(sends(body, labelled("iso-8859-1")));
    expect(text).toBe(`${TEXT}Größe\nplain\n`);
    expect(notices.map(({ kind, message }) => [kind, message])).toEqual([
      [NoticeKind.DECODED, "The log is stored in WINDOWS-1252, as its store says (iso-8859-1); it is sent as UTF-8."],
      [NoticeKind.DECODED, "Lines of the log are UTF-8, as their bytes show, although its store says iso-8859-1."],
    ]);
  });

  it("is not told for ASCII, which is the same in all", async () => {
    expect((await read(sends("plain\n", labelled("iso-8859-1")))).notices).toEqual([]);
  });

  it("is UTF-16 where the bytes are, though the store says another", async () => {
    const log = "a line of text\n".repeat(10);
    const { text, notices } = await read(sends(Buffer.from(log, "utf16le"), labelled("iso-8859-1")));
    expect(text).toBe(log);
    expect(notices).toMatchObject([
      { message: "The log is stored in UTF-16LE, as its first bytes show; it is sent as UTF-8." },
    ]);
  });

  it("is the same text after a resume at any piece, in parts", async () => {
    const lines = Array.from({ length: 30_000 }, (_, at) => (at % 3 === 0 ? latin1(`é ${at}\n`) : `✓ ${at}\n`));
    const body = Buffer.concat(lines.map((each) => Buffer.from(each)));
    const object = storedObject(body, { headers: labelled("iso-8859-1") });
    const expected = lines.map((each) => (typeof each === "string" ? each : each.toString("latin1"))).join("");
    if (PROTOCOL === undefined) throw new Error("There is no protocol.");
    const ref = world().addLog(object.answer);
    let text = "";
    let cursor = "";
    for (let calls = 0; calls < 40; calls += 1) {
      let reason: EndReason | undefined;
      for await (const message of messagesOf(world().transport(PROTOCOL), { ...ref, cursor, limitLines: 4_000n })) {
        text += message.text;
        cursor = message.cursor;
        reason = message.end?.reason;
      }
      if (reason === EndReason.COMPLETE) break;
    }
    expect(text === expected).toBe(true);
    // The first position that can be sent lies behind the first piece.
    expect(object.ranges.filter((range) => range === "").length).toBeLessThanOrEqual(2);
    expect(object.ranges.filter((range) => range !== "").length).toBeGreaterThan(4);
  });
});

describe("the configured charset of a source", () => {
  const world = useWorld({ charset: "iso-8859-1" });
  const read = reader(world);

  it("wins over the store's, and is told", async () => {
    for (const type of ["text/plain; charset=utf-8", "text/plain; charset=koi8-r", "text/plain"]) {
      const { text, notices } = await read(sends(latin1("Größe\n"), { "content-type": type }));
      expect(text).toBe("Größe\n");
      expect(notices).toMatchObject([
        {
          kind: NoticeKind.DECODED,
          message:
            "The log is stored in WINDOWS-1252, as its source's configuration says (iso-8859-1); it is sent as UTF-8.",
        },
      ]);
    }
  });

  it("does not win over the bytes", async () => {
    const { text, notices } = await read(sends(TEXT));
    expect(text).toBe(TEXT);
    expect(notices).toMatchObject([{ message: expect.stringMatching(/although its source's configuration says/) }]);
    expect((await read(sends(Buffer.from(`\ufeff${TEXT}`, "utf16le")))).text).toBe(TEXT);
  });
});
