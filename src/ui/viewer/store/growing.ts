/** Their buffers are not shared, so that they can be transferred to another thread. */
export type Packed = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** A growing array of packed numbers. Setting a smaller `length` truncates it. */
export interface Growing<T extends Packed> {
  /** The storage; valid up to `length`, and until the next call that grows it. */
  data: T;
  length: number;
  /** Reserves space for this many more. */
  reserve(more: number): void;
  push(value: number): void;
  append(values: T): void;
  /** Copies the numbers from `start`. */
  slice(start: number): T;
}

export function createGrowing<T extends Packed>(kind: new (length: number) => T, size: number): Growing<T> {
  const growing: Growing<T> = {
    data: new kind(size),
    length: 0,
    reserve(more) {
      if (growing.length + more <= growing.data.length) return;
      const larger = new kind(Math.max(growing.data.length * 2, growing.length + more));
      larger.set(growing.data.subarray(0, growing.length));
      growing.data = larger;
    },
    push(value) {
      if (growing.length === growing.data.length) growing.reserve(1);
      growing.data[growing.length] = value;
      growing.length += 1;
    },
    append(values) {
      growing.reserve(values.length);
      growing.data.set(values, growing.length);
      growing.length += values.length;
    },
    slice: (start) => growing.data.slice(start, growing.length) as T,
  };
  return growing;
}
