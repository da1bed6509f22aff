import { z } from "zod";
import { ContainerCursor } from "./container-cursor.ts";
import { refused } from "./cursor.ts";

const count = z.int().min(0);

/** Where a stream of a log can be gone on with. */
export const LogCursor = z.object({
  /** The run's uid: one that was deleted and made again is another. */
  run: z.string(),
  metric: z.string(),
  attempt: count,
  /** For each container that something was sent of: where it goes on, or that it has ended. */
  containers: z.record(z.string(), ContainerCursor.or(z.literal("ended"))),
  /** Whether the beginning of one of them is known to be missing. */
  headMissing: z.boolean().optional(),
  /** What counts against the caller's own limits. */
  lines: count,
  bytes: count,
  /** Whether the last line has not ended. */
  inside: z.boolean(),
});

export type LogCursor = z.output<typeof LogCursor>;

/** @throws Failure CURSOR_INVALID where a server of another version made it. */
export function readLogCursor(position: unknown): LogCursor {
  const { data } = LogCursor.safeParse(position);
  if (data === undefined) throw refused("CURSOR_INVALID", "This cursor is of another version of this server.");
  return data;
}
