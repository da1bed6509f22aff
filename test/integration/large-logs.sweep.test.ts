import { createHash } from "node:crypto";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, EndReason, type Grep, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Answer, sends } from "../fakes/scripted-store.ts";
import { grep } from "./made-log.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS, type Protocol } from "./protocols.ts";
import { as, readLog } from "./read-log.ts";
import { SWEEP, sweep } from "./sweep.ts";
import { useWorld } from "./world.ts";

const MIB = 1024 * 1024;
const LINE_BYTES = 50 * MIB;
const PIECE = Buffer.from("0123456789abcdef".repeat(4096));
const PROGRESS = Buffer.from("50 % 0123456789\r".repeat(4096));
const GRPC = PROTOCOLS[0] as Protocol;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes in use after a garbage collection. */
async function heldBytes(): Promise<number> {
  // What was only just released, and the collector's concurrent work, count until the next iteration of the event loop.
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Sends a piece repeatedly at the reader's pace, and records in `held` the bytes in use before each 10 MiB. */
function repeats(piece: Uint8Array, times: number, held?: number[]): Answer {
  return async (response) => {
    response.writeHead(200, { "content-length": String(piece.length * times) });
    for (let sent = 0; sent < times && !response.destroyed; sent += 1) {
      if ((sent * piece.length) % (10 * MIB) === 0) held?.push(await heldBytes());
      // If the reader leaves, this waits for ever but holds nothing.
      if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end();
  };
}

function sha256(piece: Uint8Array, times: number): string {
  const hash = createHash("sha256");
  for (let index = 0; index < times; index += 1) hash.update(piece);
  return hash.digest("hex");
}

interface LineFilter {
  readonly title: string;
  readonly piece: Uint8Array;
  readonly pattern: Grep;
  /** Whether the line is sent. */
  readonly sent: boolean;
}

const FILTERS: readonly LineFilter[] = [
  {
    title: "is sent if its beginning contains a text",
    piece: PIECE,
    pattern: grep("345", { fixed: true }),
    sent: true,
  },
  {
    title: "is sent if its beginning contains a text, ignoring case",
    piece: PROGRESS,
    pattern: grep("345", { fixed: true, ignoreCase: true }),
    sent: true,
  },
  { title: "is sent if a pattern matches its beginning", piece: PROGRESS, pattern: grep("[0-9]{3}.*9"), sent: true },
  {
    title: "is sent if an inverted pattern does not match it",
    piece: PIECE,
    pattern: grep("nowhere", { invert: true }),
    sent: true,
  },
  {
    title: "is left out if the pattern does not match it",
    piece: PROGRESS,
    pattern: grep("nowhere|last$"),
    sent: false,
  },
  { title: "is too long for context", piece: PIECE, pattern: grep("last", { before: 5 }), sent: false },
];

describe(`a large log (${SWEEP})`, () => {
  const world = useWorld();
  const withRatio = useWorld({ config: { limits: { decompressionRatio: 10 } } });

  const READS = [
    { title: "is sent as one line of 50 MiB, in constant memory", run: readsLongLine },
    {
      title: "is truncated if 10 MB of gzip decompress to 10 GB, and the store's connection is closed",
      run: stopsBomb,
    },
    { title: "is refused if it decompresses beyond the configured ratio", run: refusesRatio },
  ];
  const protocolsOf = sweep(READS, PROTOCOLS, 2);
  const filtersOf = sweep([GRPC], FILTERS, 3);

  describe.each(READS)("$title", (read) => {
    it.each(protocolsOf(read))("over $name", (protocol) => read.run(protocol));
  });

  describe("as one line of 50 MiB that is filtered in constant memory", () => {
    it.each(filtersOf(GRPC))("$title", (filter) => readsFiltered(filter));
  });

  async function readsLongLine(protocol: Protocol): Promise<void> {
    const times = LINE_BYTES / PIECE.length;
    const ref = world().addLog(repeats(PIECE, times));
    const before = await heldBytes();
    const hash = createHash("sha256");
    const held: number[] = [];
    let received = 0;
    let lines: bigint | undefined;
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    for await (const { chunk, event } of client.getAnalysisRunLogs(ref, as(TOKENS.reader))) {
      hash.update(chunk);
      received += chunk.length;
      if (received > (held.length + 1) * 10 * MIB) held.push((await heldBytes()) - before);
      if (event.case === "end") lines = event.value.lines;
    }
    expect(hash.digest("hex")).toBe(sha256(PIECE, times));
    expect(lines).toBe(1n);
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...held)).toBeLessThan(16 * MIB);
  }

  async function readsFiltered({ piece, pattern, sent }: LineFilter): Promise<void> {
    const times = LINE_BYTES / piece.length;
    const held: number[] = [];
    const ref = world().addLog(repeats(piece, times, held));
    const client = createClient(AnalysisRunLogService, world().transport(GRPC));
    const hash = createHash("sha256");
    const notices: NoticeKind[] = [];
    let received = 0;
    let reason: EndReason | undefined;
    for await (const { chunk, event } of client.getAnalysisRunLogs({ ...ref, grep: pattern }, as(TOKENS.reader))) {
      hash.update(chunk);
      received += chunk.length;
      if (event.case === "notice") notices.push(event.value.kind);
      if (event.case === "end") reason = event.value.reason;
    }
    expect(received).toBe(sent ? LINE_BYTES : 0);
    expect(hash.digest("hex")).toBe(sha256(piece, sent ? times : 0));
    expect(notices).toEqual([NoticeKind.LINE_CUT]);
    expect(reason).toBe(EndReason.COMPLETE);
    expect(held.length).toBe(5);
    expect(Math.max(...held) - Math.min(...held)).toBeLessThan(16 * MIB);
  }

  async function stopsBomb(protocol: Protocol): Promise<void> {
    // A byte of zero is six characters of JSON: there, the zeros are digits.
    const member = gzipSync(Buffer.alloc(10_000_000, protocol.json ? "0" : 0));
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const ref = world().addLog(repeats(member, 1_000));
    let received = 0;
    let reason: EndReason | undefined;
    let last: string | undefined;
    const read = async (): Promise<void> => {
      for await (const { chunk, event } of client.getAnalysisRunLogs(ref, as(TOKENS.reader))) {
        received += chunk.length;
        last = event.case ?? "chunk";
        if (event.case === "end") reason = event.value.reason;
      }
    };
    await expect(read()).rejects.toMatchObject({
      rawMessage: "The compressed log expands to more than 200 times its size.",
    });
    expect(reason).toBe(EndReason.SERVER_LIMIT_REACHED);
    expect(last).toBe("end");
    expect(received).toBeLessThan(80 * MIB);
    await world().store.untilAnswering(0);
  }

  async function refusesRatio(protocol: Protocol): Promise<void> {
    const bomb = gzipSync(Buffer.alloc(70_000_000, "0"));
    const { error } = await readLog(withRatio().transport(protocol), withRatio().addLog(sends(bomb)));
    expect(error).toMatchObject({
      code: "ResourceExhausted",
      reason: "LIMIT_REACHED",
      message: "The compressed log expands to more than 10 times its size.",
    });
  }
});
