import { describe, expect, it } from "vitest";
import { makeView } from "../../test/fakes/container-view.ts";
import {
  FILES,
  fileLog,
  type NodeLine,
  nodeLog,
  PODS,
  type ScriptSource,
  scriptSource,
} from "../../test/fakes/script-source.ts";
import { Failure } from "../failure.ts";
import type { LogSource, OpenedFile } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import { type Begin, type OpenedText, type OpenTextOptions, openText } from "./open-text.ts";
import type { Place } from "./place.ts";
import type { Position } from "./position.ts";
import { LogReplaced } from "./text.ts";

const VIEW = makeView();
const never = new AbortController().signal;

function open(candidates: readonly LogSource[], position?: Position, options: Partial<OpenTextOptions> = {}) {
  return openText(candidates, VIEW, position, {
    follow: false,
    growing: false,
    settled: true,
    showDocument: false,
    begin: {},
    limits: { ratio: 200, ratioFreeBytes: 1024 * 1024 },
    searchBytes: 1024 * 1024,
    failed: new Map(),
    signal: never,
    ...options,
  });
}

async function failureOf(opening: Promise<unknown>): Promise<Failure> {
  const error: unknown = await opening.then(
    () => undefined,
    (each: unknown) => each,
  );
  if (!(error instanceof Failure)) throw new Error("There was no Failure.", { cause: error });
  return error;
}

/** All the text that comes, and the place behind each of its pieces. */
async function readAll({ text }: OpenedText): Promise<{ readonly text: string; readonly places: readonly Place[] }> {
  let all = "";
  const places: Place[] = [];
  for (let piece = await text.next(); piece !== undefined; piece = await text.next()) {
    all += Buffer.from(piece.bytes).toString();
    places.push(piece.after);
  }
  return { text: all, places };
}

const textFrom = async (...args: Parameters<typeof open>) => (await readAll(await open(...args))).text;
const file = (name: string, text: string, parts: Partial<OpenedFile> = {}): ScriptSource =>
  scriptSource(name, FILES, () => fileLog([text], parts));
/** A file whose store gives parts of it. */
const ranged = (name: string, text: string): ScriptSource =>
  scriptSource(name, { ...FILES, ranges: true }, ({ range }) => {
    const whole = Buffer.from(text);
    if (range === undefined) return fileLog([whole]);
    const part = whole.subarray(range.first, (range.last ?? whole.length) + 1);
    return fileLog([part], { part: { first: range.first, total: whole.length } });
  });
const pods = (lines: readonly string[], name = "pods"): ScriptSource => {
  const records: NodeLine[] = lines.map((text, second) => ({ nanos: second * 1e9, text }));
  return scriptSource(name, PODS, (options) => nodeLog(records, options));
};
const failing = (name: string, outcome: SourceError["outcome"], did = "did something"): ScriptSource =>
  scriptSource(name, FILES, () => new SourceError(name, outcome, did));

/** Where a log is resumed, of which a source has given so many lines. */
async function positionBehind(source: LogSource, lines: number): Promise<Position> {
  const { text } = await open([source]);
  let read = 0;
  for (let piece = await text.next(); piece !== undefined; piece = await text.next()) {
    read += Buffer.from(piece.bytes).toString().split("\n").length - 1;
    if (read === lines) return { source: source.name, place: piece.after, line: lines + 1 };
  }
  throw new Error("No piece ends there.");
}

const LINES = Array.from({ length: 40 }, (_, index) => `line ${index} of a log, like no other line in it\n`);
const LOG = LINES.join("");
/** What a source has of it that has only the beginning. */
const BEGINNING = LINES.slice(0, 20);

describe("a log that is opened", () => {
  it("is that of the first source that has it: no other is asked", async () => {
    const rest = file("rest", "rest\n");
    const other = { ...file("other", "other\n"), matches: () => false };
    const opened = await open([other, failing("first", "not-found"), file("second", "second\n"), rest]);
    expect([opened.source.name, opened.handover]).toEqual(["second", undefined]);
    expect((await readAll(opened)).text).toBe("second\n");
    expect([rest.opened, other.opened]).toEqual([[], []]);
  });

  it("fails with what each source answered where none has it", async () => {
    const other = { ...file("other", "other\n"), matches: () => false };
    const failure = await failureOf(open([other, failing("a", "not-found", "answered 404"), failing("b", "silent")]));
    expect(failure).toMatchObject({ kind: "silent", reason: "SOURCE_SILENT" });
    expect(failure.tries?.map(({ source, outcome }) => [source, outcome])).toEqual([
      ["other", "not-matched"],
      ["a", "not-found"],
      ["b", "silent"],
    ]);
  });

  it("is not asked for at a source that was found to have none a moment ago, which is told all the same", async () => {
    const source = file("a", "a\n");
    const failed = new Map([["a", new SourceError("a", "not-found", "has a damaged log")]]);
    const failure = await failureOf(open([source], undefined, { failed }));
    expect(failure.tries).toMatchObject([{ source: "a", outcome: "not-found" }]);
    expect(source.opened).toEqual([]);
  });

  it("passes an abort through, and asks no other source after it", async () => {
    const reason = new Error("left");
    const abort = new AbortController();
    const next = file("next", "next\n");
    const aborting = scriptSource("first", FILES, () => {
      abort.abort(reason);
      return new SourceError("first", "unavailable", "broke off");
    });
    await expect(open([aborting, next], undefined, { signal: abort.signal })).rejects.toBe(reason);
    await expect(open([next], undefined, { signal: abort.signal })).rejects.toBe(reason);
    expect(next.opened).toEqual([]);
  });

  it("does not hide a defect of a source", async () => {
    const defect = new TypeError("x is not a function");
    await expect(open([scriptSource("s", FILES, () => defect), file("t", "t\n")])).rejects.toBe(defect);
  });

  it("ends its request when it has been read", async () => {
    const source = file("a", "a\n");
    await readAll(await open([source]));
    expect(source.signals.map(({ aborted }) => aborted)).toEqual([true]);
  });
});

describe("the beginning of a log", () => {
  const begin = (source: LogSource, where: Begin) => open([source], undefined, { begin: where });

  it.each<[string, () => ScriptSource]>([
    ["a file whose store gives parts", () => ranged("s3", LOG)],
    ["pods", () => pods(LINES)],
  ])("is so many of the last lines of %s, counted from there", async (_, source) => {
    for (const tail of [0, 1, 3, 40, 100]) {
      const opened = await begin(source(), { tail });
      expect((await readAll(opened)).text).toBe(tail === 0 ? "" : LINES.slice(-tail).join(""));
    }
    expect((await begin(source(), { tail: 3 })).start.relative).toBe(true);
  });

  it("is the first wanted line of a file that is read whole, and numbered so", async () => {
    const { start } = await begin(file("s3", LOG), { tail: 3 });
    expect(start).toMatchObject({ relative: false, line: 1, firstWanted: 38 });
  });

  it("is a time where the source can choose lines: how many lie before is not known", async () => {
    const source = pods(LINES);
    const opened = await begin(source, { since: "2026-01-01T00:10:30.500000000Z" });
    expect(source.opened).toEqual([{ follow: false, since: "2026-01-01T00:10:30Z" }]);
    expect(opened.start).toMatchObject({ relative: true, offset: undefined });
    expect((await readAll(opened)).text).toBe(LINES.slice(30).join(""));
  });

  it("is the file's own where a time is asked for, but its source tells none", async () => {
    expect((await readAll(await begin(file("s3", LOG), { since: "2026-01-01T00:10:30Z" }))).text).toBe(LOG);
  });
});

describe("a log that is resumed at its own source", () => {
  it("continues behind the place: by the part behind it, where the store gives parts", async () => {
    const source = ranged("s3", LOG);
    const { places } = await readAll(await open([ranged("s3", BEGINNING.join(""))]));
    const [place] = places.slice(-1);
    if (place === undefined) throw new Error("Nothing was read.");
    expect(await textFrom([source], { source: "s3", place, line: 21 })).toBe(LINES.slice(20).join(""));
    const length = place.kind === "bytes" ? place.fingerprint.length : 0;
    expect(source.opened).toEqual([{ range: { first: BEGINNING.join("").length - length } }]);
  });

  it.each<[string, (text: string) => ScriptSource]>([
    ["a file that is read whole", (text) => file("s3", text)],
    ["a file whose store gives parts", (text) => ranged("s3", text)],
  ])("was replaced where another text stands before the place, in %s", async (_, source) => {
    const position = await positionBehind(source(BEGINNING.join("")), 20);
    // As much text as before lies before the place.
    await expect(open([source(LOG.replace("line 10 ", "LINE 10 "))], position)).rejects.toThrow(LogReplaced);
    await expect(open([source("short\n")], position)).rejects.toThrow(LogReplaced);
  });

  it("continues behind the place in lines with times", async () => {
    const position = await positionBehind(pods(BEGINNING), 20);
    const opened = await open([pods(LINES)], position);
    expect(opened.handover).toBeUndefined();
    expect((await readAll(opened)).text).toBe(LINES.slice(20).join(""));
  });
});

describe("a log that is resumed at another source than before", () => {
  const gone = (name: string, capabilities = PODS) =>
    scriptSource(name, capabilities, () => new SourceError(name, "not-found", "has no such log any more"));

  it.each<[string, () => ScriptSource, () => ScriptSource, () => ScriptSource]>([
    ["from pods to a file", () => pods(BEGINNING), () => gone("pods"), () => file("s3", LOG)],
    ["from pods to a file in parts", () => pods(BEGINNING), () => gone("pods"), () => ranged("s3", LOG)],
    ["from pods to entries", () => pods(BEGINNING), () => gone("pods"), () => pods(LINES, "loki")],
    ["from a file to pods", () => file("s3", BEGINNING.join("")), () => gone("s3", FILES), () => pods(LINES)],
    ["from a file to a file", () => file("s3", BEGINNING.join("")), () => gone("s3", FILES), () => file("gcs", LOG)],
  ])("continues where as much of the same text lies before it: %s", async (_, from, source, other) => {
    const position = await positionBehind(from(), 20);
    const opened = await open([source(), other()], position);
    expect(opened.handover).toBe("proved");
    expect(opened.start.line ?? position.line).toBe(21);
    const { text } = await readAll(opened);
    expect(text).toBe(LINES.slice(20).join(""));
  });

  it.each<[string, (lines: readonly string[]) => ScriptSource]>([
    ["a file", (lines) => file("s3", lines.join(""))],
    ["entries", (lines) => pods(lines, "loki")],
  ])("continues behind what ends alike where %s lacks lines, and counts its own from there", async (_, copyOf) => {
    const position = await positionBehind(pods(BEGINNING.concat(LINES.slice(20, 30))), 30);
    // Its shipper dropped five lines at the beginning, so that line 30 is another one here.
    const copy = copyOf(LINES.slice(5));
    const opened = await open([gone("pods"), copy], position);
    expect(opened.handover).toBe("moved");
    expect(opened.start).toMatchObject({ line: 26, offset: LINES.slice(5, 30).join("").length });
    expect((await readAll(opened)).text).toBe(LINES.slice(30).join(""));
  });

  it("continues where the same few bytes lie before it, though they say too little to be looked for", async () => {
    const position = await positionBehind(pods(["ok\n"]), 1);
    const opened = await open([gone("pods"), file("s3", "ok\nmore\n")], position);
    expect(opened.handover).toBe("proved");
    expect((await readAll(opened)).text).toBe("more\n");
  });

  it("has a seam where neither is found: all that the other source has follows", async () => {
    const position = await positionBehind(pods(BEGINNING), 20);
    const opened = await open([gone("pods"), file("s3", "something\nelse\n")], position);
    expect(opened).toMatchObject({ handover: "seam", start: { line: 1, offset: 0 } });
    expect((await readAll(opened)).text).toBe("something\nelse\n");
  });

  it("has a seam where too little was read to prove the place by what it says, and the beginning is another", async () => {
    const position = await positionBehind(pods(["ok\n"]), 1);
    const opened = await open([gone("pods"), file("s3", "first\nok\nlast\n")], position);
    expect(opened.handover).toBe("seam");
  });

  it("is not taken from a copy in which the place is not found where only a part was asked for", async () => {
    const position = { ...(await positionBehind(pods(BEGINNING), 20)), relative: true };
    const failure = await failureOf(open([gone("pods"), file("s3", "something\nelse\n")], position));
    expect(failure.reason).toBe("LOG_NOT_FOUND");
    expect(failure.message).toContain("has a log in which the position to resume at cannot be found");
  });

  it("closes each copy that it looked through in vain", async () => {
    const position = await positionBehind(pods(BEGINNING), 20);
    const copy = file("s3", "something\nelse\n");
    await readAll(await open([gone("pods"), copy], position));
    expect(copy.signals.every(({ aborted }) => aborted)).toBe(true);
  });
});
