import type { OpenedLog } from "../sources/source.ts";
import type { SourceRequest } from "./source-request.ts";
import type { LogText, TextPiece } from "./text.ts";

/**
 * What the texts of files and of entries share: pieces are taken from what is at hand, and more is read when it is used
 * up.
 */
export abstract class SourceText<T> implements LogText {
  readonly mediaType: string | undefined;
  readonly timed: boolean;
  abstract readonly document: LogText["document"];
  abstract readonly decoding: LogText["decoding"];
  abstract readonly replaced: boolean;
  readonly #request: SourceRequest;
  readonly #delimited: boolean;
  /** Whether its end was found to prove nothing. */
  protected unproven = false;
  #hasEnded = false;
  #closed = false;
  #putBack: TextPiece | undefined;

  constructor(log: Pick<OpenedLog, "delimited" | "mediaType">, request: SourceRequest, timed: boolean) {
    this.#delimited = log.delimited;
    this.mediaType = log.mediaType;
    this.timed = timed;
    this.#request = request;
  }

  get delimited(): boolean {
    return this.#delimited && !this.unproven;
  }

  async next(): Promise<TextPiece | undefined> {
    if (this.#putBack !== undefined) {
      const piece = this.#putBack;
      this.#putBack = undefined;
      return piece;
    }
    try {
      for (;;) {
        const piece = this.take();
        if (piece !== undefined) return piece;
        if (this.#hasEnded) {
          this.#request.close();
          return undefined;
        }
        this.add(await this.read());
      }
    } catch (error) {
      if (this.#closed) return undefined;
      this.close();
      throw error;
    }
  }

  putBack(piece: TextPiece): void {
    this.#putBack = piece;
  }

  close(): void {
    this.#closed = true;
    if (!this.#hasEnded) this.leave();
    this.#hasEnded = true;
    this.#putBack = undefined;
    this.discard();
    this.#request.close();
  }

  /** The source has no more. */
  protected end(): void {
    this.#hasEnded = true;
  }

  /** Takes a piece from what is at hand. `undefined`: it is used up. */
  protected abstract take(): TextPiece | undefined;
  /** Reads more from the source. */
  protected abstract read(): Promise<IteratorResult<T, undefined>>;
  /** Takes what was read. Calls `end` at the source's end. */
  protected abstract add(next: IteratorResult<T, undefined>): void;
  /** Stops reading the source before its end. */
  protected abstract leave(): void;
  /** Discards what is at hand. */
  protected abstract discard(): void;
}
