import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Answer } from "../fakes/scripted-store.ts";
import { type StoredObjectOptions, storedObject } from "../fakes/stored-object.ts";
import { PROTOCOLS } from "./protocols.ts";
import { numberedLines, type Request, readMessages, type SentMessage, textOf } from "./read-messages.ts";
import { useWorld } from "./world.ts";

const KEYS = { cursors: { keys: [{ env: "CURSOR_KEY" }] } };
const GRPC = PROTOCOLS[0] as (typeof PROTOCOLS)[number];

const grep = (pattern: string, more: object = {}) =>
  ({ pattern, fixed: false, ignoreCase: false, invert: false, before: 0, after: 0, ...more }) as NonNullable<
    Request["grep"]
  >;
const second = (at: number) =>
  ({ seconds: BigInt(Date.parse("2026-01-01T00:00:00Z") / 1_000 + at), nanos: 0 }) as NonNullable<Request["since"]>;

/** Some 2.5 MB. */
const LOG = Array.from({ length: 30_000 }, (_, index) => {
  const time = new Date(Date.parse("2026-01-01T00:00:00Z") + index * 1_000).toISOString();
  return `${time} Größe ${index} ${"x".repeat(index % 90)}\n`;
}).join("");

const FILTERS: readonly { readonly name: string; readonly request: Request; readonly lines?: number }[] = [
  { name: "a pattern that nothing matches", request: { grep: grep("nowhere") }, lines: 0 },
  { name: "a pattern with context", request: { grep: grep("ße [0-9]*777 ", { before: 2, after: 3 }) }, lines: 180 },
  { name: "a late first line", request: { firstLine: 29_990n }, lines: 11 },
  { name: "a first line behind the end", request: { firstLine: 31_000n }, lines: 0 },
  { name: "a late first line and a pattern", request: { firstLine: 25_000n, grep: grep("99 x") } },
  { name: "a time to begin at", request: { since: second(29_000) }, lines: 1_000 },
  { name: "times and a pattern", request: { since: second(20_000), until: second(29_000), grep: grep("00 ") } },
];

const STORES: readonly {
  readonly name: string;
  readonly bytes?: (log: string) => Uint8Array;
  readonly options?: StoredObjectOptions;
}[] = [
  { name: "with Range" },
  { name: "without Range", options: { ranges: false } },
  { name: "in gzip", bytes: gzipSync },
];

describe("the bytes scanned by one call", () => {
  const world = useWorld({ config: { ...KEYS, limits: { scanBytes: "200KiB" } } });

  /** Resumes each time the budget is spent, until the log ends. */
  async function readOn(request: Request): Promise<{ calls: number; messages: readonly SentMessage[] }> {
    const messages: SentMessage[] = [];
    let cursor = "";
    for (let calls = 1; calls < 500; calls += 1) {
      const now = await readMessages(world().transport(GRPC), { ...request, cursor });
      messages.push(...now);
      const end = now.at(-1);
      if (end?.end?.reason !== EndReason.SCAN_BUDGET_SPENT) return { calls, messages };
      // Each call makes progress, and exceeds the budget by one piece at most.
      expect(Number(end.end.scannedBytes)).toBeGreaterThan(200 * 1024);
      expect(Number(end.end.scannedBytes)).toBeLessThan(456 * 1024);
      expect(end.cursor).not.toBe(cursor);
      cursor = end.cursor;
    }
    throw new Error("It never ends.");
  }

  describe.each(STORES)("of a log $name", ({ bytes = Buffer.from, options }) => {
    it.each(FILTERS)("are limited with $name, and the cursor resumes", async ({ request, lines }) => {
      const run = world().addLog(storedObject(bytes(LOG), { pieceBytes: 50_000, ...options }).answer);
      const whole = numberedLines(await readMessages(await unbounded(), { ...run, ...request }));
      if (lines !== undefined) expect(whole.length).toBe(lines);
      else expect(whole.length).toBeGreaterThan(10);
      const { calls, messages } = await readOn({ ...run, ...request });
      expect(numberedLines(messages)).toEqual(whole);
      expect(calls).toBeGreaterThan(4);
    });
  });

  it("are not limited if all of them are sent", async () => {
    const run = world().addLog(storedObject(LOG).answer);
    for (const [request, sent] of [
      [{}, LOG],
      [{ firstLine: 2n }, LOG.slice(LOG.indexOf("\n") + 1)],
    ] as const) {
      const { calls, messages } = await readOn({ ...run, ...request });
      expect(calls).toBe(1);
      expect(textOf(messages) === sent).toBe(true);
    }
  });

  it("are limited in empty and endless lines too", async () => {
    for (const log of ["\n".repeat(1_000_000), "x".repeat(1_000_000), "50 %\r".repeat(200_000)]) {
      const run = world().addLog(storedObject(log, { pieceBytes: 50_000 }).answer);
      for (const [pattern, sent] of [
        ["^$", log.startsWith("\n")],
        ["^(x|5)", !log.startsWith("\n")],
      ] as const) {
        const { calls, messages } = await readOn({ ...run, grep: grep(pattern) });
        expect(textOf(messages) === (sent ? log : "")).toBe(true);
        expect(calls).toBeGreaterThan(2);
      }
    }
  });

  let bounded: ReturnType<ReturnType<typeof world>["replica"]> | undefined;
  const unbounded = () => (bounded ??= world().replica(GRPC, { limits: {} }));
});

describe("the time for which one call scans a log", () => {
  const world = useWorld({ config: { ...KEYS, limits: { scanTime: "10s" } } });

  it("is limited, and the cursor resumes", async () => {
    const object = storedObject(LOG, { pieceBytes: 100_000 });
    // The store takes three seconds for each piece.
    const slow: Answer = (response, request) => {
      const write = response.write.bind(response) as (...args: unknown[]) => boolean;
      response.write = (...args: unknown[]) => {
        world().clock.advance(3_000);
        return write(...args);
      };
      object.answer(response, request);
    };
    const request = { ...world().addLog(slow), grep: grep("777 ") };
    const messages: SentMessage[] = [];
    let calls = 0;
    for (let cursor = ""; calls === 0 || messages.at(-1)?.end?.reason === EndReason.SCAN_BUDGET_SPENT; calls += 1) {
      messages.push(...(await readMessages(world().transport(GRPC), { ...request, cursor })));
      cursor = messages.at(-1)?.cursor ?? "";
    }
    expect(calls).toBeGreaterThan(1);
    expect(textOf(messages)).toBe(
      LOG.split("\n")
        .filter((line) => line.includes("777 "))
        .join("\n")
        .concat("\n"),
    );
    expect(messages.at(-1)?.end?.reason).toBe(EndReason.COMPLETE);
  });
});
