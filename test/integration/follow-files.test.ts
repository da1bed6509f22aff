import { gzipSync, zstdCompressSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Answer, refuses } from "../fakes/scripted-store.ts";
import { type StoredObject, type StoredObjectOptions, storedObject } from "../fakes/stored-object.ts";
import { type LiveRun, useLiveWorld } from "./live-world.ts";

const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const ENDED = Date.parse("2026-01-01T00:30:00Z");
/** The interval at which an archive is polled. */
const isPoll = (ms: number): boolean => ms === 2_000;
const isRetry = (ms: number): boolean => [500, 1_000, 2_000, 4_000].includes(ms);

interface Kind {
  readonly name: string;
  readonly options?: StoredObjectOptions;
  readonly bytes?: (log: string) => Uint8Array;
  /** Fields of every log of this kind. */
  readonly notices?: readonly NoticeKind[];
}

const KINDS: readonly Kind[] = [
  { name: "plain, in a store that gives parts" },
  { name: "plain, in a store that gives no parts", options: { ranges: false } },
  { name: "plain, in a store that gives other parts than it is asked for", options: { wrongRange: true } },
  { name: "stored as gzip, uploaded anew each time", bytes: gzipSync },
  {
    name: "sent as gzip, uploaded anew each time",
    bytes: gzipSync,
    options: { headers: { "content-encoding": "gzip" } },
  },
  {
    name: "UTF-16, in a store that gives parts",
    bytes: (log) => Buffer.from(`\ufeff${log}`, "utf16le"),
    notices: [NoticeKind.DECODED],
  },
];

/**
 * A growing log with characters of all lengths. Lines of a kilobyte in between mean that its beginning alone does not
 * prove a position.
 */
const STEPS = ["", "one\n", "two ö", "世界\n", "x".repeat(1_500), "\nthree\n", "😀", "\nfour"];
const WHOLE = STEPS.join("");
const upTo = (step: number): string => STEPS.slice(0, step + 1).join("");

describe("a followed log in a store", () => {
  const world = useLiveWorld(["archive"]);
  beforeEach(() => {
    world().clock.time = ENDED - 60_000;
  });

  const begin = (
    log: string | undefined,
    { bytes = Buffer.from, options }: Partial<Kind> = {},
  ): { run: LiveRun; object: StoredObject; put(text: string | undefined): void; answer(by: Answer): void } => {
    const object = storedObject(log === undefined ? undefined : bytes(log), options);
    const run = world().addRun();
    world().store.answer(run.archivePath(), object.answer);
    return {
      run,
      object,
      put: (text) => {
        object.bytes = text === undefined ? undefined : bytes(text);
      },
      answer: (by) => world().store.answer(run.archivePath(), by),
    };
  };
  /** Lets the follow poll once more when it waits for that. */
  const lookAgain = async (isTime = isPoll): Promise<void> => {
    await world().waits.until(isTime);
    world().waits.pass(isTime);
  };
  /** Ends the job, long enough ago that its whole log has been shipped. */
  const endLongAgo = async (run: LiveRun): Promise<void> => {
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 24 * 3_600_000;
    run.put(OVER);
  };

  it("is read to its end even if its attempt is dropped from the run", async () => {
    const { run, put } = begin(upTo(1));
    const read = run.read({ follow: true, attempt: { case: "attemptNumber", value: 1 } });
    await read.until(upTo(1));
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 1_000;
    run.put({ attempts: [{ number: 1, phase: "Failed" }, { number: 2 }] });
    put(upTo(3));
    await read.until(upTo(3));
    await world().waits.until(isPoll);
    run.put({ attempts: [{ number: 2 }] });
    put(WHOLE);
    await read.until(WHOLE);
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 24 * 3_600_000;
    world().waits.pass(isPoll);
    await read.done;
    expect(read.text()).toBe(WHOLE);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  describe.each(KINDS)("$name", (kind) => {
    const { notices = [] } = kind;

    it("is sent as it grows, including partial lines, and is complete when its job has ended", async () => {
      const { run, put } = begin(upTo(1), kind);
      const read = run.read({ follow: true });
      for (let step = 2; step < STEPS.length; step += 1) {
        await read.until(upTo(step - 1));
        await world().waits.until(isPoll);
        put(upTo(step));
        world().waits.pass(isPoll);
      }
      await read.until(WHOLE);
      await endLongAgo(run);
      await read.done;
      expect(read.text()).toBe(WHOLE);
      expect(read.notices()).toEqual(notices);
      expect(read.end()).toMatchObject({ reason: EndReason.COMPLETE, bytes: BigInt(Buffer.byteLength(WHOLE)) });
    });

    it.each([
      ["is shorter", upTo(2)],
      ["is empty", ""],
      ["is another one", `${"y".repeat(1_600)}\n${upTo(5)}`],
      ["has another end", `${upTo(3)}${"y".repeat(1_500)}\nthree\nfour\n`],
    ])("stops with a notice when it %s", async (_how, now) => {
      const { run, put } = begin(upTo(5), kind);
      const read = run.read({ follow: true });
      await read.until(upTo(5));
      await world().waits.until(isPoll);
      put(now);
      world().waits.pass(isPoll);
      await read.done;
      expect(read.text()).toBe(upTo(5));
      expect(read.notices()).toEqual([...notices, NoticeKind.LOG_REPLACED]);
      expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
    });

    it("can start at its last lines", async () => {
      const { run, put } = begin(upTo(5), kind);
      const read = run.read({ follow: true, tailLines: 1n });
      await read.until("three\n");
      await world().waits.until(isPoll);
      put(WHOLE);
      world().waits.pass(isPoll);
      await read.until("four");
      await endLongAgo(run);
      await read.done;
      expect(read.text()).toBe("three\n😀\nfour");
    });

    it("filters each line once it is complete", async () => {
      const { run, put } = begin(upTo(2), kind);
      const grep = { pattern: "o|世", fixed: false, ignoreCase: false, invert: false, before: 0, after: 0 };
      const read = run.read({ follow: true, grep: { $typeName: "taffrail.v1.Grep", ...grep } });
      await read.until("one\n");
      await world().waits.until(isPoll);
      expect(read.text()).toBe("one\n");
      put(WHOLE);
      world().waits.pass(isPoll);
      await read.until("two ö世界\n");
      await endLongAgo(run);
      await read.done;
      expect(read.text()).toBe("one\ntwo ö世界\nfour");
    });
  });

  it("requests only new bytes, plus one kilobyte to verify the position", async () => {
    const { run, object, put } = begin("");
    let log = "";
    const read = run.read({ follow: true });
    for (let line = 0; line < 40; line += 1) {
      await world().waits.until(isPoll);
      log += `${line} ${"x".repeat(997)}\n`;
      put(log);
      world().waits.pass(isPoll);
      await read.until(log);
    }
    await endLongAgo(run);
    await read.done;
    expect(read.text()).toBe(log);
    expect(object.ranges.at(-1)).toBe(`bytes=${log.length - 1_024}-`);
    expect(object.served).toBeLessThan(log.length + 42 * 2_048);
  });

  it("never sends part of a character", async () => {
    const { run, object } = begin("");
    const bytes = Buffer.from("größe 世界 😀\n".repeat(3));
    const read = run.read({ follow: true });
    for (let length = 1; length <= bytes.length; length += 1) {
      await world().waits.until(isPoll);
      object.bytes = bytes.subarray(0, length);
      world().waits.pass(isPoll);
      const whole = bytes
        .subarray(0, length)
        .toString()
        .replace(/\ufffd+$/, "");
      if (whole !== "") await read.until(whole);
    }
    await endLongAgo(run);
    await read.done;
    expect(read.text()).toBe(bytes.toString());
    expect(read.notices()).toEqual([]);
  });

  it.each([
    ["gzip", gzipSync],
    ["zstd", zstdCompressSync],
  ] as const)(
    "is sent as far as it can be decompressed while %s of it is written, and fails if no more follows",
    async (_name, pack) => {
      const log = Array.from(
        { length: 12_000 },
        (_, line) => `${line} ${Math.sin(line)} ${"x".repeat(line % 50)}\n`,
      ).join("");
      const bytes = pack(log);
      const { run, object } = begin("");
      const read = run.read({ follow: true });
      for (const part of [0.4, 0.8]) {
        await world().waits.until(isPoll);
        object.bytes = bytes.subarray(0, bytes.length * part);
        world().waits.pass(isPoll);
        // Of an incomplete file, as much is sent as can be decompressed.
        await world().waits.until(isPoll);
        await read.until(log.slice(0, log.length * (part - 0.35)));
      }
      const other = run.read({ follow: true });
      await other.until(log.slice(0, log.length / 3));
      await world().waits.until(isPoll, 2);
      object.bytes = bytes;
      world().waits.pass(isPoll);
      await read.until(log);
      await other.until(log);
      await world().waits.until(isPoll, 2);
      object.bytes = bytes.subarray(0, -20);
      await endLongAgo(run);
      await Promise.all([read.done, other.done]);
      for (const each of [read, other]) {
        expect(each.text() === log).toBe(true);
        expect(each.notices()).toEqual([]);
        expect(each.end()?.reason).toBe(EndReason.SOURCE_DAMAGED);
      }
    },
  );

  it.each<[string, Kind]>([
    ["gives no parts any more", { name: "", options: { ranges: false } }],
    ["gives another part", { name: "", options: { wrongRange: true } }],
    ["sends it compressed", { name: "", bytes: gzipSync, options: { headers: { "content-encoding": "gzip" } } }],
    ["has compressed it", { name: "", bytes: gzipSync }],
    ["says another tag of it", { name: "", options: { headers: { etag: '"another"' } } }],
    ["takes it for something else", { name: "", options: { headers: { "content-type": "application/octet-stream" } } }],
  ])("continues at its position when the store %s, and when that is undone", async (_how, other) => {
    const { run, object, answer } = begin(upTo(4));
    const { bytes = Buffer.from } = other;
    const read = run.read({ follow: true });
    await read.until(upTo(4));
    await world().waits.until(isPoll);
    answer(storedObject(bytes(upTo(5)), other.options).answer);
    world().waits.pass(isPoll);
    await read.until(upTo(5));
    await world().waits.until(isPoll);
    object.bytes = Buffer.from(WHOLE);
    answer(object.answer);
    world().waits.pass(isPoll);
    await read.until(WHOLE);
    await endLongAgo(run);
    await read.done;
    expect(read.text()).toBe(WHOLE);
    expect(read.notices()).toEqual([]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("continues after its store was unreachable or down", async () => {
    const { run, put, object, answer } = begin(upTo(3));
    const read = run.read({ follow: true });
    await read.until(upTo(3));
    put(undefined);
    await lookAgain();
    await read.untilSaid("Waiting.");
    await world().waits.until(isPoll);
    put(upTo(4));
    world().waits.pass(isPoll);
    await read.until(upTo(4));
    answer(refuses(503));
    await lookAgain();
    for (let turn = 0; turn < 3; turn += 1) await lookAgain(isRetry);
    await world().waits.until(isRetry);
    put(WHOLE);
    answer(object.answer);
    world().waits.pass(isRetry);
    await read.until(WHOLE);
    await endLongAgo(run);
    await read.done;
    expect(read.text()).toBe(WHOLE);
    expect(read.notices()).toEqual([NoticeKind.WAITING]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("is awaited until it exists", async () => {
    const { run, put } = begin(undefined);
    const read = run.read({ follow: true });
    await read.untilSaid("Waiting.");
    await lookAgain();
    await world().waits.until(isPoll);
    put(upTo(2));
    world().waits.pass(isPoll);
    await read.until(upTo(2));
    await endLongAgo(run);
    await read.done;
    expect(read.text()).toBe(upTo(2));
    expect(read.notices()).toEqual([NoticeKind.WAITING]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("is polled for the shipper's lag after its job's end, and is then complete", async () => {
    const { run, put } = begin(upTo(2));
    const read = run.read({ follow: true });
    await read.until(upTo(2));
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 5_000;
    run.put(OVER);
    // The job's end is noticed at once; the log is polled as before.
    for (const [seconds, step] of [
      [10, 3],
      [29, 5],
    ] as const) {
      await world().waits.until(isPoll);
      world().clock.time = ENDED + seconds * 1_000;
      put(upTo(step));
      world().waits.pass(isPoll);
      await read.until(upTo(step));
      expect(read.end()).toBeUndefined();
    }
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 30_000;
    put(WHOLE);
    world().waits.pass(isPoll);
    await read.done;
    expect(read.text()).toBe(WHOLE);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("is complete in time even if our clock is behind the cluster's and is set back", async () => {
    const { run } = begin(WHOLE);
    const read = run.read({ follow: true });
    await read.until(WHOLE);
    await world().waits.until(isPoll);
    world().clock.time = ENDED - 600_000;
    run.put(OVER);
    for (const jump of [0, -3_600_000, 29_999]) {
      await world().waits.until(isPoll);
      world().clock.time += jump;
      world().waits.pass(isPoll);
      await world().waits.until(isPoll);
      expect(read.end()).toBeUndefined();
    }
    world().clock.time += 1;
    world().waits.pass(isPoll);
    await read.done;
    expect(read.text()).toBe(WHOLE);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("may appear after its job's end within the shipper's lag", async () => {
    const { run, put } = begin(undefined);
    const read = run.read({ follow: true });
    await read.untilSaid("Waiting.");
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 5_000;
    run.put(OVER);
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 20_000;
    put(WHOLE);
    world().waits.pass(isPoll);
    await read.until(WHOLE);
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 40_000;
    world().waits.pass(isPoll);
    await read.done;
    expect(read.text()).toBe(WHOLE);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("is NOT_FOUND with everything tried, once its job has ended and the shipper's lag has passed", async () => {
    const { run } = begin(undefined);
    const read = run.read({ follow: true });
    await read.untilSaid("Waiting.");
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 5_000;
    run.put(OVER);
    await world().waits.until(isPoll);
    world().clock.time = ENDED + 30_000;
    world().waits.pass(isPoll);
    await read.done;
    expect(read.error).toMatchObject({
      code: "NotFound",
      reason: "LOG_NOT_FOUND",
      sources: [expect.objectContaining({ source: "archive", httpStatus: 404 })],
    });
    expect(read.origin()).toBeUndefined();
  });
});
