import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { END_HEADERS, END_STREAM, frame, headerBlock, PREFACE, TYPE, uint32 } from "../fakes/http2-frames.ts";
import { hangs } from "../fakes/scripted-store.ts";
import { HTTP_VERSIONS } from "./http-versions.ts";
import { TOKENS } from "./objects.ts";
import { openRaw, type RawSocket } from "./raw-socket.ts";
import { DEBUG, useWorld } from "./world.ts";

const MIB = 1024 * 1024;
const FRAMES = 100_000;
const AT_ONCE = 500;

const common = { ":scheme": "http", ":authority": "x", authorization: `Bearer ${TOKENS.reader}` };
const block = (method: string, path: string): Buffer => headerBlock({ ":method": method, ":path": path, ...common });
const post = block("POST", "/taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs");
const stream = (at: number): number => 2 * at + 1;
/** A first frame, then many of another type. */
const after =
  (first: Buffer, rest: Buffer) =>
  (at: number): Buffer =>
    at === 0 ? first : rest;
const opensPost = frame(TYPE.headers, END_HEADERS, 1, post);
const beginsPost = frame(TYPE.headers, 0, 1, post);

/** The frames of each flood, starting with stream 1. */
const FLOODS: readonly (readonly [name: string, make: (at: number, path: string) => Buffer])[] = [
  ["SETTINGS", () => frame(TYPE.settings, 0, 0)],
  ["PING", () => frame(TYPE.ping, 0, 0, Buffer.alloc(8))],
  [
    "requests that are reset at once (CVE-2023-44487)",
    (at, path) =>
      Buffer.concat([
        frame(TYPE.headers, END_STREAM | END_HEADERS, stream(at), block("GET", path)),
        frame(TYPE.reset, 0, stream(at), uint32(8)),
      ]),
  ],
  [
    "requests that make the server reset them (CVE-2025-8671)",
    (at, path) =>
      Buffer.concat([
        frame(TYPE.headers, END_STREAM | END_HEADERS, stream(at), block("GET", path)),
        frame(TYPE.windowUpdate, 0, stream(at), uint32(0)),
      ]),
  ],
  ["more requests at once than are allowed", (at) => frame(TYPE.headers, END_HEADERS, stream(at), post)],
  ["CONTINUATION", after(beginsPost, frame(TYPE.continuation, 0, 1, headerBlock({ a: "b" })))],
  ["empty CONTINUATION", after(beginsPost, frame(TYPE.continuation, 0, 1))],
  ["headers without a name", after(beginsPost, frame(TYPE.continuation, 0, 1, Buffer.alloc(300)))],
  ["empty DATA", after(opensPost, frame(TYPE.data, 0, 1))],
  ["WINDOW_UPDATE by nothing", () => frame(TYPE.windowUpdate, 0, 0, uint32(0))],
  ["WINDOW_UPDATE beyond the largest window", () => frame(TYPE.windowUpdate, 0, 0, uint32(0x7fffffff))],
  ["PRIORITY", (at) => frame(TYPE.priority, 0, stream(at), Buffer.alloc(5))],
  ["frames of a kind that nobody knows", () => frame(77, 0, 0, Buffer.from("x"))],
  ["frames that are larger than allowed", () => frame(TYPE.data, 0, 1, Buffer.alloc(100), 0x100000)],
  ["SETTINGS of a wrong length", () => frame(TYPE.settings, 0, 0, Buffer.alloc(5))],
  ["DATA on a stream that is none", () => frame(TYPE.data, 0, 99, Buffer.from("x"))],
  ["DATA with more padding than data", after(opensPost, frame(TYPE.data, 8, 1, Buffer.from([200, 0])))],
  ["headers that are no HPACK", () => frame(TYPE.headers, END_HEADERS, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff]))],
  ["PUSH_PROMISE from a client", () => frame(TYPE.pushPromise, END_HEADERS, 1, Buffer.concat([uint32(2), post]))],
];

/** Floods that HTTP/2 allows: their cost is only bounded. */
const HARMLESS: typeof FLOODS = [
  ["DATA of one byte", after(opensPost, frame(TYPE.data, 0, 1, Buffer.from("x")))],
  ["WINDOW_UPDATE by one", () => frame(TYPE.windowUpdate, 0, 0, uint32(1))],
];

describe("a flood over HTTP/2", () => {
  const world = useWorld();
  const opened: RawSocket[] = [];

  afterEach(() => {
    for (const { socket } of opened.splice(0)) socket.destroy();
  });

  /**
   * Sends a flood until it is complete or the server closes the connection. Returns how much the process grew.
   */
  async function flood(make: (at: number, path: string) => Buffer): Promise<{ raw: RawSocket; grown: number }> {
    const { namespace, name } = world().addLog(hangs);
    const raw = await openRaw(world().port);
    opened.push(raw);
    const before = process.memoryUsage().rss;
    let grown = 0;
    await raw.say(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0)]));
    for (let at = 0; at < FRAMES && raw.socket.writable; at += AT_ONCE) {
      const frames = Array.from({ length: AT_ONCE }, (_, more) => make(at + more, `/raw/${namespace}/${name}`));
      await raw.say(Buffer.concat(frames));
      grown = Math.max(grown, process.memoryUsage().rss - before);
    }
    return { raw, grown };
  }

  async function expectWell(): Promise<void> {
    for (const { ask } of HTTP_VERSIONS)
      expect(await ask(world().port, { path: "/healthz" })).toMatchObject({ body: "ok\n" });
    await world().store.untilAnswering(0);
    expect(world().log.filter(({ level, msg }) => level > DEBUG && msg !== "call")).toEqual([]);
  }

  it.each(FLOODS)("of %s is ended by the server, which hardly grows and keeps serving others", async (_, make) => {
    const { raw, grown } = await flood(make);
    await raw.ended();
    expect(grown).toBeLessThan(128 * MIB);
    await expectWell();
  });

  it.each(HARMLESS)("of %s hardly grows the server, which keeps serving others", async (_, make) => {
    const { raw, grown } = await flood(make);
    expect(grown).toBeLessThan(128 * MIB);
    await expectWell();
    raw.socket.destroy();
    await once(raw.socket, "close");
  });

  it.each([70_000, 100_000, 1_000_000])(
    "of %i bytes of headers is rejected, and the server keeps serving others",
    async (size) => {
      const raw = await openRaw(world().port);
      opened.push(raw);
      const headers = headerBlock({ ":method": "GET", ":path": "/healthz", ...common, "x-large": "x".repeat(size) });
      const parts = Array.from({ length: Math.ceil(headers.length / 16_000) }, (_, at) =>
        headers.subarray(at * 16_000, (at + 1) * 16_000),
      );
      const frames = parts.map((part, at) =>
        frame(
          at === 0 ? TYPE.headers : TYPE.continuation,
          (at === 0 ? END_STREAM : 0) | (at === parts.length - 1 ? END_HEADERS : 0),
          1,
          part,
        ),
      );
      await raw.say(Buffer.concat([PREFACE, frame(TYPE.settings, 0, 0), ...frames]));
      const told = (all: Buffer): boolean =>
        all.includes(Buffer.from([0, 0, 4, TYPE.reset, 0, 0, 0, 0, 1])) ||
        all.includes(Buffer.from([TYPE.goAway, 0, 0, 0, 0, 0]));
      await raw.until(told);
      expect(String(raw.received)).not.toContain("ok\n");
      await expectWell();
    },
  );
});
