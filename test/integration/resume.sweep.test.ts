import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type StoredObjectOptions, storedObject } from "../fakes/stored-object.ts";
import { grep, madeLog, timeAt } from "./made-log.ts";
import { PROTOCOLS } from "./protocols.ts";
import { messagesOf, numberedLines, type Request, readMessages, type SentMessage, textOf } from "./read-messages.ts";
import { SWEEP, sweep } from "./sweep.ts";
import { useWorld } from "./world.ts";

const KEYS = { cursors: { keys: [{ env: "CURSOR_KEY" }] } };
const GRPC = PROTOCOLS[0] as (typeof PROTOCOLS)[number];

interface Kind {
  readonly name: string;
  readonly bytes: (log: string) => Uint8Array;
  readonly options?: StoredObjectOptions;
  readonly log?: string;
  /** The log as text, if that differs from what it was made of. */
  readonly text?: (log: string) => string;
}

const invalid = (log: string): Buffer =>
  Buffer.concat(
    log
      .split("\n")
      .map((line, index) =>
        Buffer.concat([Buffer.from(line), index % 5 === 0 ? Buffer.from([0xff, 0xe2, 0x82, 0x0a]) : Buffer.from("\n")]),
      ),
  );

const KINDS: readonly Kind[] = [
  { name: "plain, with Range", bytes: Buffer.from },
  { name: "plain, without Range", bytes: Buffer.from, options: { ranges: false } },
  { name: "gzip", bytes: (log) => gzipSync(log) },
  {
    name: "gzip as Content-Encoding",
    bytes: (log) => gzipSync(log),
    options: { headers: { "content-encoding": "gzip" } },
  },
  { name: "zstd", bytes: (log) => zstdCompressSync(log) },
  { name: "UTF-16LE with a byte order mark", bytes: (log) => Buffer.from(`\ufeff${log}`, "utf16le") },
  { name: "UTF-8 with a byte order mark", bytes: (log) => Buffer.from(`\ufeff${log}`) },
  {
    name: "binary data",
    bytes: invalid,
    text: (log) => new TextDecoder().decode(invalid(log)),
  },
  {
    name: "windows-1252 with a charset header",
    bytes: (log) => Buffer.from(log, "latin1"),
    options: { headers: { "content-type": "text/plain; charset=windows-1252" } },
    log: madeLog(9_000, false),
  },
  { name: "a store that returns another range than requested", bytes: Buffer.from, options: { wrongRange: true } },
];

const LOG = madeLog(9_000);
const SMALL = madeLog(60);

interface Filter {
  readonly name: string;
  readonly request: Request;
  /** The number of the first line, and the count of lines. */
  readonly expected?: { readonly first?: number; readonly count: number };
}

const FILTERS: readonly Filter[] = [
  { name: "a text", request: { grep: grep("error: no", { fixed: true }) } },
  { name: "a text, ignoring case", request: { grep: grep("GRÖSSE|größe", { ignoreCase: true }) } },
  { name: "a regular expression", request: { grep: grep("(error|ok).*[0-9]6 ") } },
  { name: "an inverted text", request: { grep: grep("ok", { fixed: true, invert: true }) } },
  { name: "lines with context", request: { grep: grep("[0-9]3 ", { before: 3, after: 2 }) } },
  { name: "since", request: { since: timeAt(1_000) }, expected: { first: 1_001, count: 8_000 } },
  { name: "until", request: { until: timeAt(7_999) }, expected: { first: 1, count: 7_999 } },
  {
    name: "since, until and a text with context",
    request: { since: timeAt(500), until: timeAt(7_000), grep: grep("error", { before: 1, after: 1 }) },
  },
  { name: "timestamps, which this source lacks", request: { timestamps: true } },
  { name: "a first line", request: { firstLine: 4_321n }, expected: { first: 4_321, count: 4_680 } },
  { name: "the last lines", request: { tailLines: 5_000n }, expected: { count: 5_000 } },
  { name: "the last matching lines", request: { tailLines: 5_000n, grep: grep("error", { after: 1 }) } },
  { name: "a first line and context", request: { firstLine: 77n, grep: grep("[0-9]5 ", { before: 2 }) } },
];

/** Checks the line and offset of each message of an unfiltered log. `before` is the text before the first. */
function expectPositions(messages: readonly SentMessage[], before: string): void {
  let passed = before;
  for (const { text, firstLine, offset } of messages) {
    if (text === "") continue;
    expect(firstLine).toBe(passed.split("\n").length);
    expect(offset).toBe(Buffer.byteLength(passed));
    passed += text;
  }
}

describe(`a log of each kind of store (${SWEEP})`, () => {
  const world = useWorld({ config: KEYS });
  const put = (kind: Kind, log: string): Request =>
    world().addLog(storedObject(kind.bytes(log), { pieceBytes: 40_000, ...kind.options }).answer);
  const read = (request: Request) => readMessages(world().transport(GRPC), request);

  /** Reads in many calls, each with the cursor of the previous one. */
  async function readInParts(request: Request, limits: readonly Request[]): Promise<readonly SentMessage[]> {
    const all: SentMessage[] = [];
    let cursor = "";
    for (let turn = 0; turn < 2_000; turn += 1) {
      const messages = await read({ ...request, ...limits[turn % limits.length], cursor });
      all.push(...messages);
      const end = messages.at(-1);
      if (end?.end?.reason !== EndReason.LIMIT_REACHED) return all;
      cursor = end.cursor;
    }
    throw new Error("The log has no end.");
  }

  const CHECKS: readonly { readonly title: string; readonly run: (kind: Kind) => Promise<void> }[] = [
    { title: "resumes after every message, with the same lines and positions", run: resumesAfterEachMessage },
    { title: "resumes wherever a limit cut it, by character or line", run: resumesAtEachLimit },
    ...FILTERS.map((filter) => ({
      title: `resumes with ${filter.name}`,
      run: (kind: Kind) => resumesFiltered(kind, filter),
    })),
  ];
  const checksOf = sweep(KINDS, CHECKS, 3);

  describe.each(KINDS)("$name", (kind) => {
    it.each(checksOf(kind))("$title", ({ run }) => run(kind));
  });

  async function resumesAfterEachMessage(kind: Kind): Promise<void> {
    const log = kind.log ?? LOG;
    const run = put(kind, log);
    const direct = await read(run);
    const whole = textOf(direct);
    expect(whole === (kind.text?.(log) ?? log)).toBe(true);
    expectPositions(direct, "");
    expect(direct.filter(({ text }) => text !== "").length).toBeGreaterThan(2);
    for (const [index, { cursor }] of direct.entries()) {
      if (cursor === "") continue;
      const before = textOf(direct.slice(0, index + 1));
      const after = await read({ ...run, cursor });
      expect(before + textOf(after) === whole).toBe(true);
      expectPositions(after, before);
    }
  }

  async function resumesAtEachLimit(kind: Kind): Promise<void> {
    const run = put(kind, kind.log === undefined ? SMALL : madeLog(60, false));
    const direct = await read(run);
    for (const limits of [
      [{ limitBytes: 17n }],
      [{ limitLines: 1n }],
      [{ limitBytes: 5n }, { limitLines: 2n }, { limitBytes: 301n }],
    ]) {
      const parts = await readInParts(run, limits);
      expect(textOf(parts)).toBe(textOf(direct));
      expectPositions(parts, "");
    }
  }

  async function resumesFiltered(kind: Kind, { request, expected }: Filter): Promise<void> {
    const run = put(kind, kind.log ?? LOG);
    const filtered = { ...run, ...request };
    const direct = await read(filtered);
    const lines = numberedLines(direct);
    expect(lines.length).toBeGreaterThan(10);
    const [first, count] = [Number.parseInt(lines[0] ?? "", 10), lines.length];
    if (request.firstLine !== undefined) expect(first).toBeGreaterThanOrEqual(Number(request.firstLine));
    if (expected !== undefined) expect({ first, count }).toMatchObject(expected);
    for (const [index, { cursor }] of direct.entries()) {
      if (cursor === "") continue;
      const after = await read({ ...filtered, cursor });
      expect(numberedLines([...direct.slice(0, index + 1), ...after])).toEqual(lines);
    }
    const parts = await readInParts(filtered, [{ limitBytes: 70_001n }, { limitLines: 501n }]);
    expect(numberedLines(parts)).toEqual(lines);
  }
});

const REQUESTS: readonly { readonly name: string; readonly more: Request }[] = [
  { name: "the whole log", more: {} },
  { name: "a pattern with context", more: { grep: grep("error|世", { before: 1 }) } },
  { name: "100 lines a call", more: { limitLines: 100n } },
];
const requestsOf = sweep(PROTOCOLS, REQUESTS, 1);

describe.each(PROTOCOLS)(`a log over $name (${SWEEP})`, (protocol) => {
  const world = useWorld({ config: KEYS });

  it.each(requestsOf(protocol))("resumes after every message of $name", async ({ more }) => {
    const run = world().addLog(storedObject(LOG, { pieceBytes: 60_000 }).answer);
    const transport = world().transport(protocol);
    const direct = await readMessages(transport, { ...run, ...more, limitLines: 0n });
    const lines = numberedLines(direct);
    const begun: SentMessage[] = [];
    for await (const message of messagesOf(transport, { ...run, ...more })) {
      begun.push(message);
      if (message.cursor === "") continue;
      const after = await readMessages(transport, { ...run, ...more, limitLines: 0n, cursor: message.cursor });
      expect(numberedLines([...begun, ...after])).toEqual(lines);
    }
  });
});
