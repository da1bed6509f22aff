import * as z from "zod";

const MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const BYTES = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

/** Timers of more than 2^31 ms fire immediately. */
const MAX_MS = 24 * MS.d;

/** A time such as `30s`, `5m` or `1h`, at most 24 days: milliseconds. */
export const Duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h|d)$/, "must be a number and a unit: ms, s, m, h or d, as in 30s")
  .transform((text) => {
    const [, count, unit] = /^(\d+)(\w+)$/.exec(text) ?? [];
    return Number(count) * MS[unit as keyof typeof MS];
  })
  .refine((ms) => ms <= MAX_MS, "must be at most 24d");

/** A size such as `16GiB`: bytes. */
export const Size = z
  .string()
  .regex(/^\d{1,6}(B|KiB|MiB|GiB|TiB)$/, "must be a number and a unit: B, KiB, MiB, GiB or TiB, as in 16GiB")
  .transform((text) => {
    const [, count, unit] = /^(\d+)(\w+)$/.exec(text) ?? [];
    return Number(count) * BYTES[unit as keyof typeof BYTES];
  });
