import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EndReason, LineNumbers, NoticeKind, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { cut } from "../fakes/byte-source.ts";
import { sends } from "../fakes/scripted-store.ts";
import { PROTOCOLS } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

// UTF-16 without a byte order mark is detected only if the beginning is mostly ASCII.
const MIXED =
  "2026-01-01T00:00:00Z INFO begins\nplain ä € 😀 ﷽ \u0000 \ufeff \u2028 end\nGrüße, 世界 😀😀😀\r\nlast line without a line feed";
const utf16 = (text: string): Buffer => Buffer.from(text, "utf16le");

describe.each(PROTOCOLS)("a log over $name", (protocol) => {
  const world = useWorld();
  const read = (answer: Parameters<ReturnType<typeof world>["addLog"]>[0]) =>
    readLog(world().transport(protocol), world().addLog(answer));

  it("begins with its origin and ends with an end frame", async () => {
    const { kinds, origin, end, text, error } = await read(sends("one\ntwo\nthree"));
    expect(kinds).toEqual(["origin", "chunk", "end"]);
    expect(text).toBe("one\ntwo\nthree");
    expect(origin).toMatchObject({
      metricName: "checks",
      metricReason: SelectionReason.ONLY,
      metricNames: ["checks"],
      attempt: 1,
      attempts: [1],
      containerName: "main",
      containerNames: ["main"],
      source: "archive",
      live: false,
      lineNumbers: LineNumbers.ABSOLUTE,
    });
    expect(end).toMatchObject({ reason: EndReason.COMPLETE, headMissing: false, lines: 3n, bytes: 13n });
    expect(error).toBeUndefined();
  });

  it("is the same bytes, wherever the store splits it", async () => {
    for (const length of [1, 2, 3, 5, 7]) {
      const { text, end } = await read(sends(cut(Buffer.from(MIXED), [length])));
      expect(text).toBe(MIXED);
      expect(end).toMatchObject({ lines: 4n, bytes: BigInt(Buffer.byteLength(MIXED)) });
    }
  });

  it("splits no four-byte character between large messages", async () => {
    const log = `x${"😀".repeat(300_000)}`;
    const { text, chunks } = await read(sends(log));
    expect(text === log).toBe(true);
    expect(chunks.length).toBeGreaterThan(4);
    expect(Math.max(...chunks.map((each) => Buffer.byteLength(each)))).toBeLessThanOrEqual(256 * 1024);
  });

  it("has no chunk when it is empty, and is complete", async () => {
    const { kinds, end } = await read(sends("", { "content-length": "0" }));
    expect(kinds).toEqual(["origin", "end"]);
    expect(end).toMatchObject({ reason: EndReason.COMPLETE, lines: 0n, bytes: 0n });
  });

  it("is complete when the store answers 204", async () => {
    const { kinds, end } = await read((response) => response.writeHead(204).end());
    expect(kinds).toEqual(["origin", "end"]);
    expect(end?.reason).toBe(EndReason.COMPLETE);
  });

  it("does not claim to be complete when only a closed connection ends it", async () => {
    const { text, end, error } = await read((response) => {
      response.socket?.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall of it?\n");
    });
    expect(text).toBe("all of it?\n");
    expect(end?.reason).toBe(EndReason.SOURCE_ENDED);
    expect(error).toBeUndefined();
  });

  it("has caught up while the job runs", async () => {
    const ref = world().addLog(sends("so far\n"), [{ running: true }]);
    const { text, end } = await readLog(world().transport(protocol), ref);
    expect(text).toBe("so far\n");
    expect(end?.reason).toBe(EndReason.CAUGHT_UP);
  });

  it("replaces invalid bytes with U+FFFD, and says so once before the first", async () => {
    const log = Buffer.concat([Buffer.from("good\n"), Buffer.from([0xff, 0xfe, 0x20, 0xc3]), Buffer.from("\nbad")]);
    const { text, notices, kinds } = await read(sends(log));
    expect(text).toBe("good\n\ufffd\ufffd \ufffd\nbad");
    expect(notices).toMatchObject([{ kind: NoticeKind.BYTES_REPLACED }]);
    expect(kinds).toEqual(["origin", "notice", "chunk", "end"]);
  });

  it("counts the bytes that are sent, not those that are stored", async () => {
    const { end } = await read(sends(Buffer.from([0xff])));
    expect(end?.bytes).toBe(3n);
  });

  it.each([
    [
      "with its mark",
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(MIXED)]),
      {},
      "UTF-16LE",
      "its byte order mark says",
    ],
    [
      "big end first",
      Buffer.concat([Buffer.from([0xff, 0xfe]), utf16(MIXED)]).swap16(),
      {},
      "UTF-16BE",
      "its byte order mark says",
    ],
    ["without a mark", utf16(MIXED), {}, "UTF-16LE", "its first bytes show"],
    [
      "as the store names it",
      utf16(MIXED),
      { "content-type": "text/plain; charset=utf-16le" },
      "UTF-16LE",
      "its store says",
    ],
    ["within zstd", zstdCompressSync(utf16(MIXED)), {}, "UTF-16LE", "its first bytes show"],
  ])("is decoded from UTF-16 %s, which is told once", async (_, body, headers, name, why) => {
    for (const pieces of [[body], cut(body, [1])]) {
      const { text, error, notices } = await read(sends(pieces, headers));
      expect(text).toBe(MIXED);
      expect(notices).toMatchObject([
        { kind: NoticeKind.DECODED, message: `The log is stored in ${name}, as ${why}; it is sent as UTF-8.` },
      ]);
      expect(error).toBeUndefined();
    }
  });

  it.each([
    ["UTF-8 with a mark, which is left out", Buffer.from(`\ufeff${MIXED}`), {}],
    ["gzip that the store says", gzipSync(MIXED), { "content-encoding": "gzip" }],
    ["gzip that the store does not mention", gzipSync(MIXED), {}],
    ["two members of gzip", Buffer.concat([gzipSync(MIXED.slice(0, 9)), gzipSync(MIXED.slice(9))]), {}],
    ["zstd", zstdCompressSync(MIXED), {}],
  ])("is decoded from %s", async (_, body, headers) => {
    for (const pieces of [[body], cut(body, [1])]) {
      const { text, error, notices } = await read(sends(pieces, headers));
      expect(text).toBe(MIXED);
      expect(notices).toEqual([]);
      expect(error).toBeUndefined();
    }
  });
});
