import { randomBytes } from "node:crypto";
import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient, type TaffrailClient } from "../../src/client/client.ts";
import { describeError } from "../../src/client/describe-error.ts";
import type { LogEvent } from "../../src/client/log-event.ts";
import { createIngestStation } from "../../src/ui/viewer/store/ingest-station.ts";
import { createLogReader } from "../../src/ui/viewer/store/log-reader.ts";
import { linesOf } from "../fakes/blocks.ts";
import { runInProcess } from "../fakes/cli.ts";
import type { Answer } from "../fakes/scripted-store.ts";
import { fakeTimer } from "../fakes/timers.ts";
import { TOKENS } from "./objects.ts";
import { type LogRef, useWorld } from "./world.ts";

/** The first call, and the eight tries after it that the client's documentation promises. */
const CALLS = 9;
const DELAYS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000];

const LINES = Array.from({ length: 400 }, (_, index) => `${index + 1} ${randomBytes(60).toString("base64")}\n`);
const LOG = LINES.join("");

/** Never serves more than the first `length` bytes of the log, however often it is asked. */
const upTo = (length: number): Answer => cutting((first) => Math.max(0, length - first));

/** Declares the full length, but breaks the connection after as many bytes as `lengthFrom` returns. */
function cutting(lengthFrom: (first: number) => number, { ranges = true } = {}): Answer {
  const bytes = Buffer.from(LOG);
  return (response, request) => {
    const [, from] = (ranges && /^bytes=(\d+)-/.exec(request.headers.range ?? "")) || [];
    const first = Number(from ?? 0);
    const headers = { "content-type": "text/plain", "content-length": bytes.length - first, etag: '"1"' };
    response.writeHead(from === undefined ? 200 : 206, {
      ...headers,
      ...(from !== undefined && { "content-range": `bytes ${first}-${bytes.length - 1}/${bytes.length}` }),
    });
    const length = lengthFrom(first);
    if (length >= bytes.length - first) return void response.end(bytes.subarray(first));
    const cut = (): void => void response.socket?.destroy();
    if (length === 0) response.flushHeaders();
    if (length === 0) setImmediate(cut);
    else response.write(bytes.subarray(first, first + length), cut);
  };
}

/** The outcome of a read, whichever reader made it. */
interface Outcome {
  readonly text: string;
  readonly message: string;
  /** Milliseconds waited before each further call. */
  readonly waited: readonly number[];
}

describe("a log that always breaks in the same place", () => {
  const world = useWorld();

  /** A cursor contains its time, so its text changes even if the position does not. */
  const whileTimePasses =
    (answer: Answer): Answer =>
    (response, request) => {
      world().clock.advance(2_000);
      answer(response, request);
    };

  const client = (): TaffrailClient => createTaffrailClient({ baseUrl: world().url, token: TOKENS.reader });

  async function readByLibrary(ref: LogRef): Promise<Outcome & { readonly events: readonly LogEvent[] }> {
    const { timer, waited } = fakeTimer();
    const events: LogEvent[] = [];
    let error: unknown;
    try {
      const options = { resume: { timer, random: () => 1 } };
      for await (const event of client().getAnalysisRunLogs(ref, options)) events.push(event);
    } catch (caught) {
      error = caught;
    }
    const { code, reason, message } = describeError(error);
    expect([code, reason]).toEqual([Code.Unavailable, "SOURCE_FAILED"]);
    const chunks = events.flatMap((event) => (event.kind === "chunk" ? [event.bytes] : []));
    return { text: Buffer.concat(chunks).toString(), message, waited, events };
  }

  async function readByCommand(ref: LogRef): Promise<Outcome> {
    const { timer, waited } = fakeTimer();
    const env = { TAFFRAIL_SERVER: world().url, TAFFRAIL_TOKEN: TOKENS.reader };
    const { code, out, said } = await runInProcess(["logs", ref.name, "-n", ref.namespace], { env, timer });
    expect(code).toBe(6);
    expect(said.filter((line) => /Try \d of 8/.test(line))).toHaveLength(DELAYS.length - 1);
    const message = said.find((line) => line.startsWith("error: "))?.slice("error: ".length) ?? "";
    return { text: out, message, waited };
  }

  async function readByViewer(ref: LogRef): Promise<Outcome> {
    const { timer, waited } = fakeTimer();
    const ended = Promise.withResolvers<void>();
    const reader = createLogReader({
      client: {
        getAnalysisRunLogs: (request, options) =>
          client().getAnalysisRunLogs(request, { ...options, resume: { timer, random: () => 1 } }),
      },
      request: ref,
      follow: false,
      memory: Number.POSITIVE_INFINITY,
      openPort: (answer) => {
        const station = createIngestStation(() => 0);
        return { post: (task) => void setImmediate(() => answer(station(task))), end() {} };
      },
      timer: () => () => {},
      changed: () => {
        if (reader.progress.state.kind === "ended") ended.resolve();
      },
    });
    await ended.promise;
    const text = linesOf(reader.store).join("\n");
    const { message } = describeError(reader.progress.error);
    reader.close();
    return { text, message, waited };
  }

  const READERS = [
    ["the client library", readByLibrary],
    ["the command line", readByCommand],
    ["the viewer", readByViewer],
  ] as const;
  const STORES: readonly (readonly [string, () => Answer])[] = [
    ["a file of which the store serves only the beginning", () => upTo(10_000)],
    ["a file of which the store serves less than its readers have to compare", () => cutting(() => 500)],
    [
      "a file that the store always cuts, and always serves from its beginning",
      () => cutting(() => 9_000, { ranges: false }),
    ],
  ];

  describe.each(READERS)("read by %s", (_reader, read) => {
    it.each(STORES)("is given up after the documented tries: %s", async (_store, answer) => {
      const before = world().store.asked.length;
      const { text, message, waited } = await read(world().addLog(whileTimePasses(answer())));
      expect(message).toMatch(/incomplete/);
      expect(text.length).toBeGreaterThan(400);
      expect(LOG.startsWith(text)).toBe(true);
      if (read !== readByCommand) expect(waited).toEqual(DELAYS);
      // A resumed read asks for the part behind its position first, then for the whole file.
      expect(world().store.asked.length - before).toBeGreaterThanOrEqual(CALLS);
      expect(world().store.asked.length - before).toBeLessThan(2 * CALLS);
    });
  });

  it("ends with the server's end, whose cursor can be resumed", async () => {
    const ref = world().addLog(whileTimePasses(upTo(10_000)));
    const { text, events } = await readByLibrary(ref);
    expect(events.at(-1)).toMatchObject({
      kind: "end",
      end: { reason: EndReason.SOURCE_FAILED, bytes: BigInt(text.length) },
      cursor: expect.stringMatching(/./),
    });
  });
});

describe("a log whose store cuts every response", () => {
  const world = useWorld();

  it("is read completely as long as each response makes progress", async () => {
    const { timer } = fakeTimer();
    const client = createTaffrailClient({ baseUrl: world().url, token: TOKENS.reader });
    const ref = world().addLog(cutting(() => 3_000));
    const pieces: Uint8Array[] = [];
    let resumed = 0;
    for await (const event of client.getAnalysisRunLogs(ref, { resume: { timer, random: () => 1 } })) {
      if (event.kind === "chunk") pieces.push(event.bytes);
      if (event.kind === "resumed") resumed = event.times;
    }
    expect(Buffer.concat(pieces).toString()).toBe(LOG);
    expect(resumed).toBeGreaterThan(10);
  });
});
