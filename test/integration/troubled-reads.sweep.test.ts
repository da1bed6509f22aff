import { createHash } from "node:crypto";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../../src/client/client.ts";
import { describeError } from "../../src/client/describe-error.ts";
import type { LogEvent } from "../../src/client/log-event.ts";
import { createFetchTransport } from "../../src/client/transport.ts";
import type { Gateway } from "../../src/server/gateway.ts";
import { type BreakingProxy, startBreakingProxy } from "../fakes/breaking-proxy.ts";
import { seeded } from "../fakes/seeded.ts";
import { fakeTimer } from "../fakes/timers.ts";
import { TOKENS } from "./objects.ts";
import { type Sea, type SeaRun, startSea } from "./sea.ts";
import { SWEEP, sweep } from "./sweep.ts";

let sea: Sea;
beforeAll(async () => {
  sea = await startSea();
});
afterAll(() => sea.close());

/** Rows of troubles and their outcomes, printed if `SHOW_TABLE` is set. */
const table: object[] = [];
afterAll(() => {
  if (process.env.SHOW_TABLE) console.table(table);
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const WAYS: readonly { readonly name: string; readonly open: (options: WayOptions) => Transport }[] = [
  {
    name: "Connect by fetch, as in a browser",
    open: createFetchTransport,
  },
  { name: "gRPC over HTTP/2", open: (options) => createGrpcTransport(options) },
];

type Way = (typeof WAYS)[number];

interface WayOptions {
  readonly baseUrl: string;
  readonly interceptors: Interceptor[];
}

/** What a client yielded, and the complete messages that the server sent. */
interface Read {
  readonly text: string;
  readonly sent: string;
  readonly events: readonly LogEvent[];
  readonly error: unknown;
  /** The number of resumes. */
  readonly times: number;
}

/** @param onText called after each chunk with the length of the log so far. */
async function read(
  { open }: Way,
  port: number,
  { namespace, name }: SeaRun,
  onText: (length: number, piece: number) => void = () => {},
): Promise<Read> {
  const sent: Uint8Array[] = [];
  const given: Uint8Array[] = [];
  const events: LogEvent[] = [];
  const listening: Interceptor = (next) => async (request) => {
    request.header.set("authorization", `Bearer ${TOKENS.reader}`);
    const response = await next(request);
    if (!response.stream) return response;
    async function* listened<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
      for await (const message of messages) {
        sent.push((message as unknown as { chunk: Uint8Array }).chunk);
        yield message;
      }
    }
    return { ...response, message: listened(response.message) };
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  const client = createTaffrailClient({ baseUrl, transport: open({ baseUrl, interceptors: [listening] }) });
  const resume = { tries: 100, timer: fakeTimer().timer };
  let error: unknown;
  let length = 0;
  try {
    for await (const event of client.getAnalysisRunLogs({ namespace, name, follow: true }, { resume })) {
      events.push(event);
      if (event.kind !== "chunk") continue;
      given.push(event.bytes);
      length += event.bytes.length;
      onText(length, given.length);
    }
  } catch (caught) {
    error = caught;
  }
  const times = events.filter(({ kind }) => kind === "resumed").length;
  return { text: textOf(given), sent: textOf(sent), events, error, times };
}

/** A log that grows while it is read. */
interface Writing {
  readonly run: SeaRun;
  readonly whole: string;
  /** Writes the next piece once everything written has been read, and ends the job after the last piece. */
  readonly goOn: (lengthRead: number) => void;
}

const textOf = (pieces: readonly Uint8Array[]): string => Buffer.concat(pieces).toString();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const time = (ms: number): string => new Date(Date.parse("2026-01-01T00:00:00Z") + ms).toISOString();

/** Lines, some of which are partial and completed by the next piece. */
function madePieces(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const end = index % 7 === 3 && index < count - 1 ? "" : "\n";
    return `${index} ${["ok", "Größe", "世界", "😀"][index % 4]?.repeat(index % 9)}${end}`;
  });
}

function writing(run: SeaRun, pieces: readonly string[], write: (piece: string, index: number) => void): Writing {
  let next = 0;
  let written = 0;
  const goOn = (lengthRead: number): void => {
    if (lengthRead < written) return;
    const piece = pieces[next];
    if (piece === undefined) {
      run.end();
      return;
    }
    written += Buffer.byteLength(piece);
    write(piece, next);
    next += 1;
  };
  goOn(0);
  return { run, whole: pieces.join(""), goOn };
}

function podLog(): Writing {
  const run = sea.addRun();
  // Every three lines share a time.
  return writing(run, madePieces(90), (piece, index) => run.log.append(time(Math.floor(index / 3)), piece));
}

/** An object in a store that is replaced by longer versions, of a job without a known pod. */
function growingFile(): Writing {
  const run = sea.addRun();
  run.removePod();
  const object = run.archive("");
  let text = "";
  return writing(run, madePieces(60), (piece) => {
    text += piece;
    object.bytes = Buffer.from(text);
  });
}

/** A log that is complete from the beginning. */
function largeFile(): Writing {
  const run = sea.addRun();
  run.removePod();
  const whole = Array.from({ length: 3_000 }, (_, index) => `${index} ${"Größe ".repeat(index % 300)}\n`).join("");
  run.archive(whole, { pieceBytes: 30_000 });
  run.end();
  return { run, whole, goOn: () => {} };
}

const LOGS: readonly {
  readonly name: string;
  readonly make: () => Writing;
  /** The bytes of responses that pass before a cut: more than a message has. */
  readonly cutBytes: number;
}[] = [
  { name: "the log of a pod", make: podLog, cutBytes: 2_000 },
  { name: "a file that grows", make: growingFile, cutBytes: 2_000 },
  { name: "a file of 3.6 MB", make: largeFile, cutBytes: 300_000 },
];

interface Trouble {
  readonly name: string;
  /** The bytes that each connection delivers before it is cut. */
  readonly cuts?: (bytes: number) => readonly number[];
  /** Called after each chunk. */
  readonly make?: (proxy: BreakingProxy, gateways: Gateway[], share: number) => void;
  /** The minimum number of resumes. */
  readonly atLeast: number;
}

/** Runs `act` each time another such share of the log was read. */
function atShares(count: number, act: (proxy: BreakingProxy, gateways: Gateway[]) => void): () => Trouble["make"] {
  return () => {
    let done = 0;
    return (proxy, gateways, share) => {
      if (share < (done + 1) / (count + 1) || done === count) return;
      done += 1;
      act(proxy, gateways);
    };
  };
}

const TROUBLES: readonly (Omit<Trouble, "make"> & { readonly make?: () => Trouble["make"] })[] = [
  { name: "a proxy that cuts every N bytes", cuts: (bytes) => Array.from({ length: 500 }, () => bytes), atLeast: 4 },
  {
    name: "a proxy that cuts at random bytes",
    cuts: (bytes) => {
      const random = seeded(42);
      return [bytes, ...Array.from({ length: 500 }, () => Math.ceil(random() * bytes * 2))];
    },
    atLeast: 4,
  },
  {
    name: "another replica, five times",
    make: atShares(5, (proxy, gateways) => {
      gateways.reverse();
      proxy.moveTo(gateways[0]?.address.port ?? 0);
      proxy.breakNow();
    }),
    atLeast: 4,
  },
  {
    name: "a server that is killed, and another one",
    make: atShares(1, (proxy, gateways) => {
      const [killed, next] = gateways;
      proxy.moveTo(next?.address.port ?? 0);
      proxy.breakNow();
      void killed?.stop();
    }),
    atLeast: 1,
  },
  {
    name: "SERVER_SHUTDOWN, and another server",
    make: atShares(1, (proxy, gateways) => {
      proxy.moveTo(gateways[1]?.address.port ?? 0);
      void gateways[0]?.stop();
    }),
    atLeast: 1,
  },
];

async function startTrouble(lengths: readonly number[] = []) {
  const gateways = [await sea.startReplica(), await sea.startReplica()];
  for (const gateway of gateways) closing.push(() => gateway.stop());
  const proxy = await startBreakingProxy(gateways[0]?.address.port ?? 0, lengths);
  closing.push(proxy.close);
  return { gateways, proxy };
}

async function readDirectly(way: Way, run: SeaRun): Promise<Read> {
  const gateway = await sea.startReplica();
  closing.push(() => gateway.stop());
  return read(way, gateway.address.port, run);
}

function show(way: string, log: string, trouble: string, direct: Read, resumed: Read): void {
  table.push({
    way,
    log,
    trouble,
    "sha256 direct": sha256(direct.text).slice(0, 16),
    "sha256 resumed": sha256(resumed.text).slice(0, 16),
    "bytes, sent": `${Buffer.byteLength(direct.text)}, ${Buffer.byteLength(resumed.sent)}`,
    resumed: resumed.times,
  });
}

const PIECES = madePieces(40);
const WHOLE = PIECES.join("");
const HALF = PIECES.slice(0, 20).join("");

/**
 * Reads a half-written log, and calls `act` once the client has read that half. If the connection is cut then, another
 * replica answers the client's next request.
 */
async function readHalf(way: Way, run: SeaRun, cut: boolean, act: () => void): Promise<Read> {
  const { gateways, proxy } = await startTrouble();
  let acted = false;
  return read(way, proxy.port, run, (length) => {
    if (acted || length < Buffer.byteLength(HALF)) return;
    acted = true;
    act();
    if (!cut) return;
    proxy.moveTo(gateways[1]?.address.port ?? 0);
    proxy.breakNow();
  });
}

const noticesOf = ({ events }: Read): readonly NoticeKind[] =>
  events.flatMap((event) => (event.kind === "notice" ? [event.notice.kind] : []));
const endOf = ({ events }: Read) => events.flatMap((event) => (event.kind === "end" ? [event.end] : []))[0];
const lineCount = (text: string): bigint => BigInt(text.split("\n").length - 1);

function podRun(): SeaRun {
  const run = sea.addRun();
  for (const [index, piece] of PIECES.slice(0, 20).entries()) run.log.append(time(index), piece);
  return run;
}

function leave(run: SeaRun, archived: string): void {
  run.archive(archived);
  run.end();
  run.removePod();
  run.log.cut("ends");
}

function replacedFile() {
  const run = sea.addRun();
  run.removePod();
  return { run, object: run.archive(HALF) };
}

const HANDOVERS = [
  { title: "a followed pod is deleted: the log continues in its archive", run: podDeleted, cut: false },
  { title: "a pod is deleted and the connection cut: the log continues in its archive", run: podDeleted, cut: true },
  { title: "a followed pod's archive differs: a seam says so, and all of it follows", run: archiveDiffers, cut: false },
  {
    title: "a pod's archive differs and the connection is cut: a seam says so, and all of it follows",
    run: archiveDiffers,
    cut: true,
  },
  { title: "a followed file is replaced: none of the new one is sent", run: fileReplaced, cut: false },
  { title: "a file is replaced and the connection cut: none of the new one is sent", run: fileReplaced, cut: true },
];
const handoversOf = sweep(WAYS, HANDOVERS, 3);

const READS = WAYS.flatMap((way) => LOGS.map((log) => ({ name: `${log.name} over ${way.name}`, way, log })));
const troublesOf = sweep(READS, TROUBLES, 2);

describe.each(WAYS)(`over $name (${SWEEP})`, (way) => {
  it.each(handoversOf(way))("$title", ({ run, title, cut }) => run(way, title, cut));
});

describe.each(READS)(`$name (${SWEEP})`, (each) => {
  it.each(troublesOf(each))("through $name equals a direct read, and each line is sent once", (trouble) =>
    readThroughTrouble(each.way, each.log, trouble),
  );
});

async function podDeleted(way: Way, title: string, cut: boolean): Promise<void> {
  const run = podRun();
  const resumed = await readHalf(way, run, cut, () => leave(run, WHOLE));
  const direct = await readDirectly(way, run);
  show(way.name, "the log of a pod", title, direct, resumed);
  expect(sha256(resumed.text)).toBe(sha256(direct.text));
  expect([resumed.text, resumed.sent, resumed.error, resumed.times]).toEqual([WHOLE, WHOLE, undefined, cut ? 1 : 0]);
  expect(noticesOf(resumed)).toEqual([NoticeKind.SOURCE_CHANGED]);
  expect(endOf(resumed)).toMatchObject({ reason: EndReason.COMPLETE, lines: lineCount(WHOLE), headMissing: false });
}

async function archiveDiffers(way: Way, title: string, cut: boolean): Promise<void> {
  const run = podRun();
  const other = WHOLE.replaceAll("ok", "OK");
  const resumed = await readHalf(way, run, cut, () => leave(run, other));
  const direct = await readDirectly(way, run);
  show(way.name, "the log of a pod", title, direct, resumed);
  expect(resumed.error).toBeUndefined();
  expect(noticesOf(resumed)).toEqual([NoticeKind.SEAM]);
  expect(endOf(resumed)).toMatchObject({ reason: EndReason.COMPLETE });
  expect([resumed.text, resumed.sent]).toEqual([HALF + other, resumed.text]);
}

async function fileReplaced(way: Way, title: string, cut: boolean): Promise<void> {
  const { run, object } = replacedFile();
  const resumed = await readHalf(way, run, cut, () => {
    object.bytes = Buffer.from("another log\n".repeat(100));
  });
  run.end();
  const direct = await readDirectly(way, run);
  show(way.name, "a file that grows", title, direct, resumed);
  expect([resumed.text, resumed.sent]).toEqual([HALF, HALF]);
  if (cut) expect(describeError(resumed.error)).toMatchObject({ reason: "CURSOR_STALE" });
  else expect([resumed.error, noticesOf(resumed)]).toEqual([undefined, [NoticeKind.LOG_REPLACED]]);
  expect(endOf(resumed)?.reason).toBe(cut ? undefined : EndReason.SOURCE_ENDED);
}

async function readThroughTrouble(way: Way, log: (typeof LOGS)[number], trouble: (typeof TROUBLES)[number]) {
  const { run, whole, goOn } = log.make();
  const { gateways, proxy } = await startTrouble(trouble.cuts?.(log.cutBytes));
  const make = trouble.make?.();
  const length = Buffer.byteLength(whole);
  const resumed = await read(way, proxy.port, run, (given) => {
    goOn(given);
    make?.(proxy, gateways, given / length);
  });
  const direct = await readDirectly(way, run);
  show(way.name, log.name, trouble.name, direct, resumed);
  expect(resumed.error).toBeUndefined();
  expect(sha256(resumed.text)).toBe(sha256(direct.text));
  expect(resumed.text === whole).toBe(true);
  expect(resumed.sent === whole).toBe(true);
  expect(resumed.times).toBeGreaterThanOrEqual(trouble.atLeast);
  expect(resumed.events.at(-1)).toMatchObject({
    kind: "end",
    end: { reason: EndReason.COMPLETE, bytes: BigInt(length), lines: BigInt(whole.split("\n").length - 1) },
  });
}
