import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut } from "../../test/fakes/byte-source.ts";
import { PodLines } from "./pod-lines.ts";

const TIME = "2026-01-01T00:00:00.000000000Z";
const LATER = "2026-01-01T00:00:01.500000000Z";
const INOTIFY = 'failed to create fsnotify watcher "/var/log/pods/x": too many open files';

/** What becomes of an answer that comes in these pieces, which are overwritten. */
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
  it("are text without the times that a kubelet puts before it", () => {
    expect(take([`${TIME} one\n${LATER} two\n`])).toEqual({
      text: "one\ntwo\n",
      starts: [0, 4],
      times: [TIME, LATER],
      words: undefined,
    });
  });

  it("are empty where nothing stands behind the time", () => {
    expect(take([`${TIME} \n${LATER} \n`])).toMatchObject({ text: "\n\n", starts: [0, 1], words: undefined });
  });

  it("may themselves begin with a time, or hold one: only the kubelet's is cut out", () => {
    expect(take([`${TIME} ${LATER} own\n${LATER} and ${TIME} in it\n`])).toMatchObject({
      text: `${LATER} own\nand ${TIME} in it\n`,
      times: [TIME, LATER],
    });
  });

  it("need not end, and half a time at the end of what was cut off is not one", () => {
    for (let length = 1; length <= LATER.length; length += 1) {
      expect(take([`${TIME} one\n${LATER.slice(0, length)}`])).toMatchObject({ text: "one\n", words: undefined });
    }
    expect(take([`${TIME} one\n${LATER} tw`])).toMatchObject({ text: "one\ntw", times: [TIME, LATER] });
  });

  it("are none where a time stands at the end, and no character of its line has come", () => {
    expect(take([`${TIME} `])).toEqual({ text: "", starts: [], times: [], words: undefined });
  });

  it("are the same with all else that is told, wherever the answer is cut", () => {
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

  it("hold no text of the kubelet's, whatever it says at a line's beginning", () => {
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

describe("a kubelet's own words", () => {
  it("are told where they stand alone, and behind a log", () => {
    expect(take([INOTIFY])).toEqual({ text: "", starts: [], times: [], words: INOTIFY });
    expect(take([`${TIME} one\n`, INOTIFY])).toMatchObject({ text: "one\n", words: INOTIFY });
  });

  it("are told where lines follow them, which are log", () => {
    expect(take([`${INOTIFY}\n${TIME} one\n`])).toMatchObject({ text: "one\n", words: `${INOTIFY}\n` });
  });

  it("are kept up to 4 KiB", () => {
    expect(take(Array.from({ length: 100 }, () => "no! ".repeat(100))).words).toHaveLength(4 * 1_024);
  });

  it("are not what is left of a line that began before what was asked for", () => {
    expect(take([`rest of a line\n${TIME} one\n`], true)).toMatchObject({ text: "one\n", words: undefined });
  });

  it("are all there is where no line feed follows, though a line may have begun before", () => {
    expect(take([INOTIFY], true)).toMatchObject({ text: "", words: INOTIFY });
  });

  it("are told behind the first line, though that may have begun before", () => {
    expect(take([`rest\n${TIME} one\n${INOTIFY}\n`], true)).toMatchObject({ text: "one\n", words: `${INOTIFY}\n` });
  });
});
