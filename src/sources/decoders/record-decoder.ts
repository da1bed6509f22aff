import { LINE_FEED } from "../../stream/characters.ts";
import type { EntriesPiece } from "../source.ts";
import type { ReadRecord } from "./record.ts";
import type { RecordFilter } from "./record-filter.ts";

/** The longest record: shippers send far shorter ones. */
const MAX_RECORD_BYTES = 1024 * 1024;
const NOTHING = Buffer.alloc(0);
const FEED = Buffer.from("\n");

/** Decodes a file of records, in pieces cut anywhere, to the lines that they hold. */
export class RecordDecoder {
  readonly #read: ReadRecord;
  readonly #filter: RecordFilter;
  readonly #mark: Buffer | undefined;
  /** The beginning of a record whose end has not come. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** Whether the rest of a record that is too long is skipped. */
  #skipping = false;
  /** The stream of a line that is not finished. */
  #inside: { readonly stream: string | undefined } | undefined;
  #parts: Uint8Array[] = [];
  #length = 0;
  #starts: number[] = [];
  #times: string[] = [];
  #missing: string | undefined;

  constructor(read: ReadRecord, filter: RecordFilter) {
    this.#read = read;
    this.#filter = filter;
    this.#mark = filter.mark === undefined ? undefined : Buffer.from(filter.mark);
  }

  /** Decodes the next bytes. `undefined`: no text has come of them. */
  push(chunk: Uint8Array): EntriesPiece | undefined {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    for (let feed = bytes.indexOf(LINE_FEED); feed !== -1; feed = bytes.indexOf(LINE_FEED, at)) {
      const rest = bytes.subarray(at, feed);
      at = feed + 1;
      if (this.#skipping) this.#skipping = false;
      else if (this.#heldBytes + rest.length > MAX_RECORD_BYTES) this.#leaveOut();
      else this.#addLine(this.#heldBytes === 0 ? rest : Buffer.concat([...this.#takeHeld(), rest]));
    }
    if (at < bytes.length) this.#hold(bytes.subarray(at));
    return this.#take();
  }

  /** Decodes what is left at the end of the file. A record that is cut there is left out: it is being written. */
  end(): EntriesPiece | undefined {
    const line = Buffer.concat(this.#takeHeld());
    if (line.length > 0) this.#addLine(line, true);
    return this.#take();
  }

  #addLine(line: Buffer, isLast = false): void {
    // Most lines of a shared object are of other containers: they need not be parsed.
    if (this.#mark !== undefined && !line.includes(this.#mark)) return;
    const record = this.#read(line);
    if (record === undefined) {
      if (!this.#filter.strict && !isLast) this.#addText(line, true, undefined, undefined);
    } else if (this.#filter.wants(record)) this.#addText(record.text, record.endsLine, record.time, record.stream);
  }

  #addText(text: Uint8Array, endsLine: boolean, time: string | undefined, stream: string | undefined): void {
    // A line of another stream came in the middle of an unfinished one.
    if (this.#inside !== undefined && this.#inside.stream !== stream) {
      this.#put(FEED);
      this.#inside = undefined;
    }
    if (this.#inside === undefined && time !== undefined) {
      this.#starts.push(this.#length);
      this.#times.push(time);
    }
    this.#put(text);
    if (endsLine) this.#put(FEED);
    this.#inside = endsLine ? undefined : { stream };
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  #hold(bytes: Buffer): void {
    if (this.#skipping) return;
    if (this.#heldBytes + bytes.length > MAX_RECORD_BYTES) {
      this.#leaveOut();
      this.#skipping = true;
      return;
    }
    this.#held.push(Buffer.from(bytes));
    this.#heldBytes += bytes.length;
  }

  #leaveOut(): void {
    this.#takeHeld();
    this.#missing = "A line is missing here: its record is longer than 1 MiB.";
  }

  #takeHeld(): Buffer[] {
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    return held;
  }

  #take(): EntriesPiece | undefined {
    const missing = this.#missing;
    if (this.#length === 0 && missing === undefined) return undefined;
    const bytes = this.#length === 0 ? NOTHING : Buffer.concat(this.#parts, this.#length);
    const piece = {
      bytes,
      times: { starts: this.#starts, times: this.#times },
      ...(missing !== undefined && { missing }),
    };
    this.#parts = [];
    this.#length = 0;
    this.#starts = [];
    this.#times = [];
    this.#missing = undefined;
    return piece;
  }
}
