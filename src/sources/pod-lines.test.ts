import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { PodLines } from "./pod-lines.ts";

const TIME = "2026-01-01T00:00:00.000000000Z";
const LATER = "2026-01-01T00:00:01.500000000Z";
const INOTIFY = 'failed to create fsnotify watcher "/var/log/pods/x": too many open files';

/** Parses a response that arrives in these pieces. */
function take(pieces: readonly (string | Uint8Array)[], mayBeginInside = false) {
  const lines = new PodLines(mayBeginInside);
  const given = [...pieces.map((piece) => lines.push(Buffer.from(piece))), lines.end()];
  let text = "";
  const starts: number[] = [];
  const times: string[] = [];
  for (const piece of given) {
    if (piece === undefined) continue;
    expect(piece.bytes.length).toBeGreaterThan(0);
    expect(piece.times.starts.every((start) => start < piece.bytes.length)).toBe(true);
    starts.push(...piece.times.starts.map((start) => text.length + start));
    times.push(...piece.times.times);
    text += Buffer.from(piece.bytes).toString("latin1");
  }
  return { text, starts, times, words: lines.words };
}

describe("the lines of a pod's log", () => {
  it("are text without the kubelet's times", () => {
    expect(take([`${TIME} one\n${LATER} two\n`])).toEqual({
      text: "one\ntwo\n",
      starts: [0, 4],
      times: [TIME, LATER],
      words: undefined,
    });
  });

  it("are empty if nothing follows the time", () => {
    expect(take([`${TIME} \n${LATER} \n`])).toMatchObject({ text: "\n\n", starts: [0, 1], words: undefined });
  });

  it("may contain times of their own: only the kubelet's is removed", () => {
    expect(take([`${TIME} ${LATER} own\n${LATER} and ${TIME} in it\n`])).toMatchObject({
      text: `${LATER} own\nand ${TIME} in it\n`,
      times: [TIME, LATER],
    });
  });

  it("may be partial, and half a time at a cut is not a line", () => {
    for (let length = 1; length <= LATER.length; length += 1) {
      expect(take([`${TIME} one\n${LATER.slice(0, length)}`])).toMatchObject({ text: "one\n", words: undefined });
    }
    expect(take([`${TIME} one\n${LATER} tw`])).toMatchObject({ text: "one\ntw", times: [TIME, LATER] });
  });

  it("do not include one of which only the time has arrived", () => {
    expect(take([`${TIME} `])).toEqual({ text: "", starts: [], times: [], words: undefined });
  });

  it("are the same wherever the response is split, as are times and words", () => {
    const line = fc.constantFrom(
      `${TIME} plain\n`,
      `${LATER} \n`,
      `${TIME} größe\n`,
      `${TIME} ${LATER} \n`,
      "2026-01-01T00:00:02+01:00 zone\n",
      `${INOTIFY}\n`,
      "word\n",
      "\n",
      "2026-",
      `${TIME} open`,
      "20 apples\n",
      `${"x".repeat(60)}\n`,
    );
    const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), lengths, fc.boolean(), (parts, turns, mayBeginInside) => {
        const whole = Buffer.from(parts.join(""));
        expect(take(cut(whole, turns), mayBeginInside)).toEqual(take([whole], mayBeginInside));
      }),
      { numRuns: 1000 },
    );
  });

  it("contain no text of the kubelet, whatever it says at a line's beginning", () => {
    const words = fc.stringMatching(/^[a-z"/ ][ -~]{0,60}$/);
    const log = fc.array(fc.stringMatching(/^[A-Z ]{0,20}$/), { maxLength: 5 });
    fc.assert(
      fc.property(log, words, (texts, said) => {
        const lines = texts.map((text) => `${TIME} ${text}\n`).join("");
        expect(take([lines + said])).toMatchObject({ text: texts.map((text) => `${text}\n`).join(""), words: said });
      }),
    );
  });
});

describe("a kubelet's own message", () => {
  it("is reported if it stands alone, or follows a log", () => {
    expect(take([INOTIFY])).toEqual({ text: "", starts: [], times: [], words: INOTIFY });
    expect(take([`${TIME} one\n`, INOTIFY])).toMatchObject({ text: "one\n", words: INOTIFY });
  });

  it("is reported if lines of the log follow it", () => {
    expect(take([`${INOTIFY}\n${TIME} one\n`])).toMatchObject({ text: "one\n", words: `${INOTIFY}\n` });
  });

  it("is kept up to 4 KiB", () => {
    expect(take(Array.from({ length: 100 }, () => "no! ".repeat(100))).words).toHaveLength(4 * 1_024);
  });

  it("is not the rest of a line that began before the requested part", () => {
    expect(take([`rest of a line\n${TIME} one\n`], true)).toMatchObject({ text: "one\n", words: undefined });
  });

  it("is everything without a line feed, even if the response may begin within a line", () => {
    expect(take([INOTIFY], true)).toMatchObject({ text: "", words: INOTIFY });
  });

  it("is reported after the first line, even if that may be the rest of a line", () => {
    expect(take([`rest\n${TIME} one\n${INOTIFY}\n`], true)).toMatchObject({ text: "one\n", words: `${INOTIFY}\n` });
  });
});
