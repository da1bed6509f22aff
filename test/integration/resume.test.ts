import { gzipSync, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type StoredObject, type StoredObjectOptions, storedObject } from "../fakes/stored-object.ts";
import { analysisRun, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import {
  messagesOf,
  numberedLines,
  type Request,
  readMessages,
  reasonOf,
  type SentMessage,
  textOf,
} from "./read-messages.ts";
import { useWorld } from "./world.ts";

const KEYS = { cursors: { keys: [{ env: "CURSOR_KEY" }] } };
const GRPC = PROTOCOLS[0] as (typeof PROTOCOLS)[number];

/** Lines with a time each, some of them long, with characters of all lengths, and no line feed at the end. */
function madeLog(lines: number, wide = true): string {
  const words = wide
    ? ["ok", "Größe", "世界", "😀😀", "error: no", "\u001b[31mred\u001b[0m"]
    : ["ok", "Größe", "error: no"];
  return Array.from({ length: lines }, (_, index) => {
    const time = new Date(Date.parse("2026-01-01T00:00:00Z") + index * 1_000).toISOString();
    const word = words[index % words.length] ?? "";
    const more = index % 97 === 0 ? word.repeat(300) : word.repeat(index % 7);
    return index % 11 === 3 ? `  at ${word} ${index}` : `${time} ${word} ${index} ${more}`;
  }).join("\n");
}

interface Kind {
  readonly name: string;
  readonly bytes: (log: string) => Uint8Array;
  readonly options?: StoredObjectOptions;
  readonly log?: string;
  /** What the log is as text, where that is not what it was made of. */
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
  { name: "UTF-16LE with a mark", bytes: (log) => Buffer.from(`\ufeff${log}`, "utf16le") },
  { name: "UTF-8 with a mark", bytes: (log) => Buffer.from(`\ufeff${log}`) },
  {
    name: "bytes that are no text",
    bytes: invalid,
    text: (log) => new TextDecoder().decode(invalid(log)),
  },
  {
    name: "windows-1252 by its charset",
    bytes: (log) => Buffer.from(log, "latin1"),
    options: { headers: { "content-type": "text/plain; charset=windows-1252" } },
    log: madeLog(9_000, false),
  },
  { name: "a store that gives another part than was asked for", bytes: Buffer.from, options: { wrongRange: true } },
];

const LOG = madeLog(9_000);
const SMALL = madeLog(60);

const FILTERS: readonly {
  readonly name: string;
  readonly request: Request;
  readonly expected?: { readonly first?: number; readonly count: number };
}[] = [
  { name: "a text", request: { grep: grep("error: no", { fixed: true }) } },
  { name: "a text in any case", request: { grep: grep("GRÖSSE|größe", { ignoreCase: true }) } },
  { name: "a regular expression", request: { grep: grep("(error|ok).*[0-9]6 ") } },
  { name: "all lines but some", request: { grep: grep("ok", { fixed: true, invert: true }) } },
  { name: "lines with context", request: { grep: grep("[0-9]3 ", { before: 3, after: 2 }) } },
  { name: "a time to begin at", request: { since: at(1_000) }, expected: { first: 1_001, count: 8_000 } },
  { name: "a time to end at", request: { until: at(7_999) }, expected: { first: 1, count: 7_999 } },
  {
    name: "times and a text, with context",
    request: { since: at(500), until: at(7_000), grep: grep("error", { before: 1, after: 1 }) },
  },
  { name: "timestamps, which this source does not have", request: { timestamps: true } },
  { name: "a first line", request: { firstLine: 4_321n }, expected: { first: 4_321, count: 4_680 } },
  { name: "the last lines", request: { tailLines: 5_000n }, expected: { count: 5_000 } },
  { name: "the last lines that match", request: { tailLines: 5_000n, grep: grep("error", { after: 1 }) } },
  { name: "a first line and context", request: { firstLine: 77n, grep: grep("[0-9]5 ", { before: 2 }) } },
];

function at(second: number) {
  return { seconds: BigInt(Date.parse("2026-01-01T00:00:00Z") / 1_000 + second), nanos: 0 } as NonNullable<
    Request["since"]
  >;
}

function grep(
  pattern: string,
  more: { fixed?: boolean; ignoreCase?: boolean; invert?: boolean; before?: number; after?: number } = {},
) {
  const all = { pattern, fixed: false, ignoreCase: false, invert: false, before: 0, after: 0, ...more };
  return all as NonNullable<Request["grep"]>;
}

/** What has to be true of unfiltered messages behind some text. */
function expectPlaces(messages: readonly SentMessage[], before: string): void {
  let passed = before;
  for (const { text, firstLine, offset } of messages) {
    if (text === "") continue;
    expect(firstLine).toBe(passed.split("\n").length);
    expect(offset).toBe(Buffer.byteLength(passed));
    passed += text;
  }
}

describe("a log that is gone on with", () => {
  const world = useWorld({ config: KEYS });
  const put = (kind: Kind, log: string, more: StoredObjectOptions = {}): { run: Request; object: StoredObject } => {
    const object = storedObject(kind.bytes(log), { pieceBytes: 40_000, ...kind.options, ...more });
    return { run: world().addLog(object.answer), object };
  };
  const read = (request: Request) => readMessages(world().transport(GRPC), request);

  /** Reads in many calls, each with the cursor of the call before. */
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
    throw new Error("It never ends.");
  }

  describe.each(KINDS)("$name", (kind) => {
    const log = kind.log ?? LOG;

    it("goes on behind every message, with the same lines and places", async () => {
      const { run } = put(kind, log);
      const direct = await read(run);
      const whole = textOf(direct);
      expect(whole === (kind.text?.(log) ?? log)).toBe(true);
      expectPlaces(direct, "");
      expect(direct.filter(({ text }) => text !== "").length).toBeGreaterThan(2);
      for (const [index, { cursor }] of direct.entries()) {
        if (cursor === "") continue;
        const before = textOf(direct.slice(0, index + 1));
        const after = await read({ ...run, cursor });
        expect(before + textOf(after) === whole).toBe(true);
        expectPlaces(after, before);
      }
    });

    it("goes on at every character and every line where it was cut by a limit", async () => {
      const short = kind.log === undefined ? SMALL : madeLog(60, false);
      const { run } = put(kind, short);
      const direct = await read(run);
      for (const limits of [
        [{ limitBytes: 17n }],
        [{ limitLines: 1n }],
        [{ limitBytes: 5n }, { limitLines: 2n }, { limitBytes: 301n }],
      ]) {
        const parts = await readInParts(run, limits);
        expect(textOf(parts)).toBe(textOf(direct));
        expectPlaces(parts, "");
      }
    });

    it.each(FILTERS)("with $name", async ({ request, expected }) => {
      const { run } = put(kind, log);
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
    });
  });
});

describe("a cursor", () => {
  const world = useWorld({ config: KEYS });
  const made = async (log = LOG, more: Request = {}) => {
    const object = storedObject(log);
    const run = world().addLog(object.answer);
    const messages = await readMessages(world().transport(GRPC), { ...run, ...more, limitBytes: 1_001n });
    return { object, run, begun: textOf(messages), cursor: messages.at(-1)?.cursor ?? "" };
  };
  const reason = (request: Request, options?: Parameters<typeof reasonOf>[2]) =>
    reasonOf(world().transport(GRPC), request, options);

  it("goes on at another gateway that has its key, also where another one signs", async () => {
    const { run, begun, cursor } = await made();
    for (const keys of [[{ env: "CURSOR_KEY" }], [{ env: "OTHER_KEY" }, { env: "CURSOR_KEY" }]]) {
      const other = await world().replica(GRPC, { cursors: { keys } });
      expect(begun + textOf(await readMessages(other, { ...run, cursor }))).toBe(LOG);
    }
  });

  it("is not known where the key is another one, or made up anew", async () => {
    const { run, cursor } = await made();
    for (const keys of [[{ env: "OTHER_KEY" }], []]) {
      const other = await world().replica(GRPC, { cursors: { keys } });
      expect(await reasonOf(other, { ...run, cursor })).toBe("CURSOR_INVALID");
    }
  });

  it("is refused where any of its bytes was changed, cut off or put in", async () => {
    const { run, cursor } = await made();
    await fc.assert(
      fc.asyncProperty(fc.nat(cursor.length - 1), fc.constantFrom("A", "_", "", "zz", "="), async (place, put) => {
        const forged = cursor.slice(0, place) + put + cursor.slice(place + 1);
        fc.pre(forged !== cursor && forged !== "");
        expect(await reason({ ...run, cursor: forged })).toBe("CURSOR_INVALID");
      }),
      { numRuns: 60 },
    );
  });

  it("serves no other caller, run or filter", async () => {
    const { run, cursor } = await made();
    const other = await made();
    const foreign: readonly Request[] = [
      { ...other.run, cursor },
      { ...run, cursor, grep: grep("ok") },
      { ...run, cursor, since: at(0) },
      { ...run, cursor, timestamps: true },
      { ...run, cursor, containerName: "main" },
      { ...run, cursor, allContainers: true },
    ];
    for (const request of foreign) expect(await reason(request)).toBe("CURSOR_FOREIGN");
    // A stranger is told no more than that there is nothing for them.
    expect(await reason({ ...run, cursor }, as(TOKENS.stranger))).toBe("ACCESS_DENIED");
  });

  it("is stale where the run was deleted and made again", async () => {
    const { run, cursor } = await made();
    const [namespace = "", name = ""] = [run.namespace, run.name];
    const uid = "00000000-0000-4000-8000-00000000abcd";
    world().cluster.put(analysisRun({ namespace, name, uid, metrics: [{}] }));
    expect(await reason({ ...run, cursor })).toBe("CURSOR_STALE");
  });

  it.each([true, false])("is stale where the log was replaced or cut since (parts given: %s)", async (ranges) => {
    for (const now of [LOG.slice(0, 900), LOG.replaceAll("ok", "no"), "", LOG.slice(500)]) {
      const object = storedObject(LOG, { ranges });
      const run = world().addLog(object.answer);
      const cursor = (await readMessages(world().transport(GRPC), { ...run, limitBytes: 1_001n })).at(-1)?.cursor;
      object.bytes = Buffer.from(now);
      expect(await reason({ ...run, cursor: cursor ?? "" })).toBe("CURSOR_STALE");
    }
  });

  it("is good for seven days", async () => {
    const { run, begun, cursor } = await made();
    const request = { ...run, cursor };
    const week = 7 * 24 * 3_600_000;
    world().clock.advance(week);
    expect(begun + textOf(await readMessages(world().transport(GRPC), request))).toBe(LOG);
    world().clock.advance(1_000);
    expect(await reason(request)).toBe("CURSOR_STALE");
  });
});

describe.each(PROTOCOLS)("over $name", (protocol) => {
  const world = useWorld({ config: KEYS });

  it("a log goes on behind every message, plain and filtered", async () => {
    const run = world().addLog(storedObject(LOG, { pieceBytes: 60_000 }).answer);
    for (const more of [{}, { grep: grep("error|世", { before: 1 }) }, { limitLines: 100n }]) {
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
    }
  });
});

describe("the last lines of a large object", () => {
  const world = useWorld();
  const line = (index: number): string => `${index} ${"x".repeat(index % 90)}\n`;

  it("are read from its end where the store gives parts", async () => {
    const large = Buffer.concat([
      Buffer.alloc(100_000_000, `${"y".repeat(99)}\n`),
      Buffer.from([1, 2, 3].map(line).join("")),
    ]);
    const object = storedObject(large);
    const run = world().addLog(object.answer);
    const messages = await readMessages(world().transport(GRPC), { ...run, tailLines: 100n });
    const wanted = large.subarray(large.length - 97 * 100 - [1, 2, 3].map(line).join("").length).toString();
    expect(textOf(messages)).toBe(wanted);
    expect(messages.find(({ text }) => text !== "")).toMatchObject({
      firstLine: 1,
      offset: large.length - wanted.length,
    });
    expect(object.served).toBeLessThan(1_000_000);
  });

  it.each([true, false])("are as many as there are, with their numbers (parts given: %s)", async (ranges) => {
    for (const log of ["a\nb\nc\n", "a\nb\nc", "", "\n", "a", "\n\n\n"]) {
      const lines = log.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      for (const tail of [0, 1, 2, 3, 4, 10_000_000]) {
        const run = world().addLog(storedObject(log, { ranges }).answer);
        const messages = await readMessages(world().transport(GRPC), { ...run, tailLines: BigInt(tail) });
        const wanted = tail === 0 ? [] : lines.slice(-tail);
        expect(textOf(messages)).toBe(wanted.join(""));
        const first = messages.find(({ text }) => text !== "");
        const all = wanted.length === lines.length;
        const absolute = lines.length - wanted.length + 1;
        if (first !== undefined) expect(first.firstLine).toBe(ranges && !all ? 1 : absolute);
        if (first !== undefined) expect(first.offset).toBe(Buffer.byteLength(log) - Buffer.byteLength(wanted.join("")));
      }
    }
  });
});
