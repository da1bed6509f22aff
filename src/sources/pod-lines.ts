import { LINE_FEED } from "../stream/characters.ts";
import { splitTime } from "./line-stamp.ts";
import type { EntriesPiece } from "./source.ts";

/** How much of what the kubelet says in a log's place is kept. */
const MAX_WORDS_BYTES = 4 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Takes a pod's log apart that was asked for with times: a kubelet puts one before each line, so text at a line's beginning
 * without one is the kubelet's own word about why it cannot go on, and never a part of the log.
 */
export class PodLines {
  readonly #mayBeginInside: boolean;
  /** A time of which not all has come, or whose line has not begun. */
  #held: Buffer = NOTHING;
  #state: "line-start" | "line" | "before-first" | "words" = "line-start";
  #hasLines = false;
  #words: Buffer = NOTHING;

  /** @param mayBeginInside whether the first line may have begun before what was asked for: the rest of it is left out. */
  constructor(mayBeginInside: boolean) {
    this.#mayBeginInside = mayBeginInside;
  }

  /** What the kubelet said, cut to 4 KiB; `undefined`: nothing. To be asked at the end. */
  get words(): string | undefined {
    return this.#words.length === 0 ? undefined : this.#words.toString();
  }

  /** @param chunk the next bytes of the answer. They are overwritten: the times are cut out in place. */
  push(chunk: Uint8Array): EntriesPiece | undefined {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    return this.#take(this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]), false);
  }

  /** To be called at the end of the answer, which may be cut off anywhere. */
  end(): EntriesPiece | undefined {
    return this.#take(this.#held, true);
  }

  #take(text: Buffer, isLast: boolean): EntriesPiece | undefined {
    const starts: number[] = [];
    const times: string[] = [];
    let length = 0;
    let at = 0;
    this.#held = NOTHING;
    while (at < text.length) {
      if (this.#state === "line-start") {
        const found = splitTime(text, at);
        // A line begins with its first character.
        const isHeld = found === "unfinished" || (typeof found === "object" && found.textAt === text.length);
        if (isHeld && !isLast) {
          this.#held = Buffer.from(text.subarray(at));
          break;
        }
        // At the end of what was cut off, half a time is not text.
        if (isHeld && (typeof found === "object" || looksLikeTime(text, at))) break;
        if (typeof found === "object") {
          starts.push(length);
          times.push(found.time);
          at = found.textAt;
          this.#hasLines = true;
          this.#state = "line";
        } else this.#state = this.#mayBeginInside && !this.#hasLines ? "before-first" : "words";
      }
      const feed = text.indexOf(LINE_FEED, at);
      const end = feed === -1 ? text.length : feed + 1;
      if (this.#state === "line") {
        if (length !== at) text.copyWithin(length, at, end);
        length += end - at;
      } else this.#hear(text.subarray(at, end));
      if (feed !== -1) {
        // It was the end of a line, since it has one.
        if (this.#state === "before-first") this.#words = NOTHING;
        this.#state = "line-start";
      }
      at = end;
    }
    return length === 0 ? undefined : { bytes: text.subarray(0, length), times: { starts, times } };
  }

  #hear(words: Buffer): void {
    this.#words = Buffer.concat([this.#words, words.subarray(0, MAX_WORDS_BYTES - this.#words.length)]);
  }
}

function looksLikeTime(text: Buffer, at: number): boolean {
  return /^\d{1,4}(-[\dT:.+Z-]*)?$/.test(text.toString("latin1", at));
}
