import { createHash } from "node:crypto";
import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, EndReason, type Grep, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Answer } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

const MIB = 1024 * 1024;
const LINE_BYTES = 50 * MIB;
const PIECE = Buffer.from("0123456789abcdef".repeat(4096));

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that are in use, and not only not collected yet. */
async function heldBytes(): Promise<number> {
  // What is only just let go, and what the collector itself does beside the program, is counted until the next turn.
  for (let turn = 0; turn < 3; turn += 1) {
    collect();
    await new Promise(setImmediate);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Sends one piece over and over, at the reader's pace. */
function repeats(piece: Uint8Array, times: number): Answer {
  return (response) => {
    response.writeHead(200, { "content-length": String(piece.length * times) });
    let left = times;
    const write = (): void => {
      for (; left > 0; left -= 1) {
        if (!response.write(piece)) {
          left -= 1;
          response.once("drain", write);
          return;
        }
      }
      response.end();
    };
    write();
  };
}

describe.each(PROTOCOLS)("a large log over $name", (protocol) => {
  const world = useWorld();
  const limited = useWorld({ config: { limits: { logBytes: "1MiB" } } });

  it("may be one line of 50 MiB, of which little is ever held", async () => {
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
    const expected = createHash("sha256");
    for (let i = 0; i < times; i += 1) expected.update(PIECE);
    expect(hash.digest("hex")).toBe(expected.digest("hex"));
    expect(lines).toBe(1n);
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect(Math.max(...held)).toBeLessThan(16 * MIB);
  }, 30_000);

  it("is cut off where it is longer than the server allows", async () => {
    const ref = limited().addLog(repeats(PIECE, 100));
    const { text, kinds, end, error } = await readLog(limited().transport(protocol), ref);
    expect(text.length).toBe(MIB);
    expect(kinds.at(-1)).toBe("end");
    expect(end).toMatchObject({ reason: EndReason.SERVER_LIMIT_REACHED, bytes: BigInt(MIB) });
    expect(error).toMatchObject({ code: "ResourceExhausted", reason: "LIMIT_REACHED" });
    expect(error?.message).toBe("The log is larger than 1048576 bytes.");
  });
});

/** Sends one piece over and over, and notes before each ten megabytes what is held. */
function measured(piece: Uint8Array, times: number, held: number[]): Answer {
  return async (response) => {
    response.writeHead(200, { "content-length": String(piece.length * times) });
    for (let sent = 0; sent < times && !response.destroyed; sent += 1) {
      if ((sent * piece.length) % (10 * MIB) === 0) held.push(await heldBytes());
      if (!response.write(piece)) await once(response, "drain");
    }
    response.end();
  };
}

const grep = (pattern: string, more: object = {}) =>
  ({ pattern, fixed: false, ignoreCase: false, invert: false, before: 0, after: 0, ...more }) as Grep;

const PROGRESS = Buffer.from("50 % 0123456789\r".repeat(4096));

describe("a line of 50 MiB that is filtered", () => {
  const world = useWorld();
  const [protocol] = PROTOCOLS as [(typeof PROTOCOLS)[number]];

  it.each<[string, Uint8Array, Grep, boolean]>([
    ["is sent whole where a text is in its beginning", PIECE, grep("345", { fixed: true }), true],
    ["is sent whole where a text in any case is", PROGRESS, grep("345", { fixed: true, ignoreCase: true }), true],
    ["is sent whole where a pattern matches its beginning", PROGRESS, grep("[0-9]{3}.*9"), true],
    ["is sent whole where others than it are left out", PIECE, grep("nowhere", { invert: true }), true],
    ["is left out where nothing in its beginning matches", PROGRESS, grep("nowhere|last$"), false],
    ["is no context, since it is too long to be held", PIECE, grep("last", { before: 5 }), false],
  ])(
    "%s, which is said, and little of it is ever held",
    async (_what, piece, request, sent) => {
      const times = LINE_BYTES / piece.length;
      const held: number[] = [];
      const answer = measured(piece, times, held);
      const ref = world().addLog(answer);
      const client = createClient(AnalysisRunLogService, world().transport(protocol));
      const hash = createHash("sha256");
      const notices: NoticeKind[] = [];
      let received = 0;
      let reason: EndReason | undefined;
      for await (const { chunk, event } of client.getAnalysisRunLogs({ ...ref, grep: request }, as(TOKENS.reader))) {
        hash.update(chunk);
        received += chunk.length;
        if (event.case === "notice") notices.push(event.value.kind);
        if (event.case === "end") reason = event.value.reason;
      }
      const expected = createHash("sha256");
      for (let i = 0; i < (sent ? times : 0); i += 1) expected.update(piece);
      expect(received).toBe(sent ? LINE_BYTES : 0);
      expect(hash.digest("hex")).toBe(expected.digest("hex"));
      expect(notices).toEqual([NoticeKind.LINE_CUT]);
      expect(reason).toBe(EndReason.COMPLETE);
      expect(held.length).toBe(5);
      expect(Math.max(...held) - Math.min(...held)).toBeLessThan(16 * MIB);
    },
    30_000,
  );
});

describe.each(PROTOCOLS)("10 GB of zeros in 10 MB of gzip over $name", (protocol) => {
  const world = useWorld();
  // A byte of zero is six characters of JSON: there, the zeros are digits.
  const member = gzipSync(Buffer.alloc(10_000_000, protocol.json ? "0" : 0));

  it("are not unpacked to the end, and the store is let go", async () => {
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
      rawMessage: "The compressed log grows to more than 200 times its size.",
    });
    expect(reason).toBe(EndReason.SERVER_LIMIT_REACHED);
    expect(last).toBe("end");
    expect(received).toBeLessThan(80 * MIB);
    await world().store.untilAnswering(0);
  }, 60_000);
});
