/** What another thread kept of a large object, in place of the object. */
export class Reduced<T> {
  readonly value: T;
  /** How many bytes were read for it. */
  readonly bytes: number;

  constructor(value: T, bytes: number) {
    this.value = value;
    this.bytes = bytes;
  }
}

/**
 * Parses a response in another thread, and returns what is kept of it: {@link Reduced} in place of an object; of a list,
 * in place of each item.
 */
export type ReduceLarge = (text: string, signal: AbortSignal) => Promise<unknown>;

/**
 * From this length on, responses are reduced in another thread, in characters. Parsing a shorter one occupies the event
 * loop for a few milliseconds at most.
 */
export const LARGE_LENGTH = 128 * 1024;
