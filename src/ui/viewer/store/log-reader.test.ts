import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { EndReason, EndSchema } from "../../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { linesOf } from "../../../../test/fakes/blocks.ts";
import type { TaffrailClient } from "../../../client/client.ts";
import type { LogChunk, LogEvent } from "../../../client/log-event.ts";
import { createFakeClient, type Scene } from "../fake-client.ts";
import { createIngestStation, type IngestTask } from "./ingest-station.ts";
import { createLogReader } from "./log-reader.ts";

type LogClient = Pick<TaffrailClient, "getAnalysisRunLogs">;
type Options = Parameters<typeof createLogReader>[0];

/** Processes bytes asynchronously, as a worker does. */
const openPort: Options["openPort"] = (answer) => {
  const station = createIngestStation(() => 0);
  return { post: (task) => void setImmediate(() => answer(station(task))), end() {} };
};

/** Starts to read a log. */
function readWith(client: LogClient, more: Partial<Options> = {}) {
  let over: (() => void) | undefined;
  const reader = createLogReader({
    client,
    request: { namespace: "guestbook", name: "a" },
    follow: false,
    memory: Number.POSITIVE_INFINITY,
    openPort,
    timer: () => () => {},
    changed: () => {
      if (reader?.progress.state.kind === "ended") over?.();
    },
    ...more,
  });
  const ended = (): Promise<void> =>
    new Promise((resolve) => {
      over = resolve;
    });
  return { reader, ended };
}

const played = (...scenes: Scene[]): LogClient => createFakeClient(() => scenes);

function chunk(text: string, more: Partial<LogChunk> = {}): LogChunk {
  const about = { firstLine: 1, runs: [], containerName: "", attempt: 0, offset: undefined, cursor: "" };
  return { kind: "chunk", bytes: new TextEncoder().encode(text), ...about, ...more };
}

const COMPLETE: LogEvent = { kind: "end", end: create(EndSchema, { reason: EndReason.COMPLETE }), cursor: "" };

/** A client whose calls yield these events, call by call, and whose requests are recorded. */
function scripted(...calls: (readonly (LogEvent | Error)[])[]) {
  const requests: Parameters<LogClient["getAnalysisRunLogs"]>[0][] = [];
  const client: LogClient = {
    async *getAnalysisRunLogs(request) {
      requests.push(request);
      for (const event of calls[requests.length - 1] ?? []) {
        if (event instanceof Error) throw event;
        yield event;
      }
    },
  };
  return { client, requests };
}

describe("a log that is read", () => {
  it("has its lines, its notices at their positions, and its end", async () => {
    const { reader, ended } = readWith(
      played(
        { kind: "text", text: "one\ntw" },
        { kind: "text", text: "o\n" },
        { kind: "notice", notice: "SEAM", message: "Elsewhere." },
        { kind: "notice", notice: "WAITING", message: "That passes." },
        { kind: "text", text: "three" },
        { kind: "end", reason: "COMPLETE" },
      ),
    );
    await ended();
    expect(linesOf(reader.store)).toEqual(["one", "two", "three"]);
    expect(reader.store.ended).toBe(3);
    expect(reader.store.notices).toEqual([{ line: 2, kind: "SEAM", message: "Elsewhere." }]);
    expect(reader.progress).toMatchObject({ end: { reason: EndReason.COMPLETE }, error: undefined, bytes: 13 });
  });

  it("has its source's line numbers, even if lines are missing, and its containers' names", async () => {
    const runs = [
      { firstLine: 5, count: 2, context: false },
      { firstLine: 90, count: 1, context: true },
    ];
    const { client } = scripted([
      chunk("five\nsix\nninety\n", { firstLine: 5, runs, containerName: "tests" }),
      chunk("one\n", { containerName: "proxy" }),
      COMPLETE,
    ]);
    const { reader, ended } = readWith(client);
    await ended();
    const about = [0, 1, 2, 3].map((line) => {
      const placed = reader.store.at(line);
      const source = reader.store.sources[placed?.block.sources[placed.index] ?? 0];
      return [placed?.block.numbers[placed.index], source?.container];
    });
    expect(about).toEqual([
      [5, "tests"],
      [6, "tests"],
      [90, "tests"],
      [1, "proxy"],
    ]);
  });

  it("keeps its lines when it fails, and is resumed behind them on request", async () => {
    const failure = new Error("gone");
    const { client, requests } = scripted(
      [chunk("one\ntw", { cursor: "c1" }), failure],
      [chunk("o\nthree\n", { firstLine: 2 }), COMPLETE],
    );
    const { reader, ended } = readWith(client);
    await ended();
    expect([linesOf(reader.store), reader.progress.error]).toEqual([["one", "tw"], failure]);
    reader.again();
    expect(reader.progress.error).toBeUndefined();
    await ended();
    expect([linesOf(reader.store), reader.progress.error]).toEqual([["one", "two", "three"], undefined]);
    expect(requests.map(({ cursor }) => cursor)).toEqual([undefined, "c1"]);
  });

  it("starts from the beginning if it cannot be resumed", async () => {
    const { client } = scripted([chunk("one\n"), new Error("gone")], [chunk("one\ntwo\n"), COMPLETE]);
    const { reader, ended } = readWith(client);
    await ended();
    reader.again();
    await ended();
    expect(linesOf(reader.store)).toEqual(["one", "two"]);
  });

  it("gives its connection up on request, and is resumed behind what has arrived", async () => {
    const asked: { readonly cursor: string | undefined; readonly signal: AbortSignal | undefined }[] = [];
    const client: LogClient = {
      async *getAnalysisRunLogs({ cursor }, options) {
        asked.push({ cursor, signal: options?.signal });
        if (asked.length > 1) {
          yield chunk("o\nthree\n", { firstLine: 2, cursor: "c2" });
          return yield COMPLETE;
        }
        yield chunk("one\ntw", { cursor: "c1" });
        await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
      },
    };
    const { reader, ended } = readWith(client, { follow: true });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    reader.resume();
    reader.pause();
    reader.pause();
    expect(asked.map(({ signal }) => signal?.aborted)).toEqual([true]);
    await new Promise(setImmediate);
    expect(reader.progress).toMatchObject({ state: { kind: "connecting" }, error: undefined });
    reader.resume();
    await ended();
    expect(asked.map(({ cursor }) => cursor)).toEqual([undefined, "c1"]);
    expect(linesOf(reader.store)).toEqual(["one", "two", "three"]);
    expect(reader.store.notices).toEqual([]);
    reader.pause();
    reader.resume();
    expect(asked).toHaveLength(2);
  });

  it("keeps its connection while it could not be resumed at the same place", async () => {
    let signal: AbortSignal | undefined;
    const client: LogClient = {
      async *getAnalysisRunLogs(_, options) {
        signal = options?.signal;
        yield chunk("one\n", { cursor: "c1" });
        yield chunk("two\n");
        await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
      },
    };
    const { reader } = readWith(client, { follow: true });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    reader.pause();
    expect(signal?.aborted).toBe(false);
    reader.close();
  });

  it("knows the source that is being read now", async () => {
    const { reader, ended } = readWith(
      played(
        { kind: "text", text: "one\n" },
        {
          kind: "notice",
          notice: "SOURCE_CHANGED",
          message: "The log continues in another source, at the same line.",
          source: "store",
        },
        { kind: "text", text: "two\n" },
        { kind: "end", reason: "COMPLETE" },
      ),
    );
    await ended();
    expect(reader.progress.source).toBe("store");
  });

  it("is read no faster than its lines are processed", async () => {
    const piece = chunk(`${"x".repeat(1024 * 1024 - 1)}\n`);
    let given = 0;
    const tasks: IngestTask[] = [];
    const client: LogClient = {
      async *getAnalysisRunLogs() {
        for (; given < 50; given += 1) yield piece;
        yield COMPLETE;
      },
    };
    const { reader } = readWith(client, { openPort: () => ({ post: (task) => void tasks.push(task), end() {} }) });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(given).toBe(7);
    expect(tasks).toHaveLength(8);
    reader.close();
  });

  it("aborts its call when it is closed, and reports nothing after that", async () => {
    let signal: AbortSignal | undefined;
    let changes = 0;
    const client: LogClient = {
      async *getAnalysisRunLogs(_, options) {
        signal = options?.signal;
        yield chunk("one\n");
        await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
      },
    };
    const changed = (): void => {
      changes += 1;
    };
    const { reader } = readWith(client, { changed });
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    reader.close();
    const before = changes;
    await new Promise(setImmediate);
    expect([signal?.aborted, changes]).toEqual([true, before]);
  });
});
