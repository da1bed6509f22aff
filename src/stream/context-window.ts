/** A line that is held back until a match shows that it is context. */
export interface HeldLine {
  readonly number: number;
  /** The line with its line feed. Absent: it was too long to hold, and is never sent as context. */
  readonly bytes: Uint8Array | undefined;
  /** What is put before it when it is sent. */
  readonly prefix: Uint8Array | undefined;
  /** The time in effect before it. */
  readonly timeBefore: string | undefined;
}

/** The last lines before a possible match. */
export interface ContextWindow {
  /** The oldest line that is held. */
  readonly first: HeldLine | undefined;
  add(line: HeldLine): void;
  /** Takes the oldest line out. */
  take(): HeldLine | undefined;
  clear(): void;
  /** Copies what still belongs to a text, so that a few lines do not keep the whole of it alive. */
  own(): void;
}

/** How much is held at most: a thousand lines of a kilobyte. */
const MAX_BYTES = 1024 * 1024;

/**
 * Holds the last `lines` lines, 1 MiB at most: of longer ones, fewer. Which they are depends on those lines alone, and not on how they came or on
 * what was before them.
 */
export function createContextWindow(lines: number, maxBytes = MAX_BYTES): ContextWindow {
  let held: HeldLine[] = [];
  let head = 0;
  let owned = 0;
  let size = 0;

  const take = (): HeldLine | undefined => {
    const line = held[head];
    if (line === undefined) return undefined;
    head += 1;
    size -= line.bytes?.length ?? 0;
    if (head === held.length) clear();
    else if (head > lines) {
      held = held.slice(head);
      owned = Math.max(0, owned - head);
      head = 0;
    }
    return line;
  };
  const clear = (): void => {
    held = [];
    head = 0;
    owned = 0;
    size = 0;
  };

  return {
    get first() {
      return held[head];
    },
    add(line) {
      held.push(line);
      size += line.bytes?.length ?? 0;
      while (held.length - head > lines || size > maxBytes) take();
      // A line that is never sent says nothing at the front.
      while (held[head] !== undefined && held[head]?.bytes === undefined) take();
    },
    take,
    clear,
    own() {
      for (let at = Math.max(owned, head); at < held.length; at += 1) {
        const line = held[at];
        if (line?.bytes !== undefined) held[at] = { ...line, bytes: Buffer.from(line.bytes) };
      }
      owned = held.length;
    },
  };
}
