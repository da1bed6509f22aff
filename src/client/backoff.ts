/** How long to wait before calling again. */
export interface Backoff {
  /** Before the first try, in milliseconds; each further one waits for twice as long. */
  readonly firstMs: number;
  /** At most, in milliseconds. */
  readonly mostMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Milliseconds to wait before a try, counted from 1: at least half of what is due, so that many clients that broke off together do not come back together. */
export function delayBefore(tries: number, { firstMs, mostMs, random }: Backoff): number {
  const due = Math.min(mostMs, firstMs * 2 ** (tries - 1));
  return due / 2 + (random() * due) / 2;
}
