import { kubeletFailure } from "./kubelet-failure.ts";
import { PodLines } from "./pod-lines.ts";
import type { EntriesPiece } from "./source.ts";

/** Reads the lines of a kubelet's response. The kubelet's own message is thrown at the end, after all lines. */
export class PodEntries implements AsyncIterableIterator<EntriesPiece> {
  readonly #source: string;
  readonly #body: AsyncIterator<Uint8Array>;
  readonly #lines: PodLines;
  #first: EntriesPiece | undefined;
  #ended = false;

  /**
   * @param source the source's name, for errors.
   * @param mayBeginInside whether the response may begin within a line; see {@link PodLines}.
   */
  constructor(source: string, body: AsyncIterable<Uint8Array>, mayBeginInside: boolean) {
    this.#source = source;
    this.#body = body[Symbol.asyncIterator]();
    this.#lines = new PodLines(mayBeginInside);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Reads ahead up to the first line.
   *
   * @throws SourceError if there is nothing but the kubelet's own message.
   */
  async begin(): Promise<void> {
    const next = await this.next();
    if (next.done !== true) this.#first = next.value;
  }

  async next(): Promise<IteratorResult<EntriesPiece, undefined>> {
    if (this.#first !== undefined) {
      const value = this.#first;
      this.#first = undefined;
      return { done: false, value };
    }
    while (!this.#ended) {
      const next = await this.#body.next();
      if (next.done === true) this.#ended = true;
      const value = next.done === true ? this.#lines.end() : this.#lines.push(next.value);
      if (value !== undefined) return { done: false, value };
    }
    const { words } = this.#lines;
    if (words !== undefined) throw kubeletFailure(this.#source, words);
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<EntriesPiece, undefined>> {
    this.#ended = true;
    await this.#body.return?.();
    return { done: true, value: undefined };
  }
}
