import { z } from "zod";
import { FingerprintShape, Place } from "./place.ts";

const count = z.int().min(0);

/** Where a log of one container can be resumed: at which source, and which line that is. */
export const Position = z.object({
  /** The name of the source. */
  source: z.string(),
  /** The pod and how often the container had been restarted in it, where the source is live: another one has another log. */
  pod: z.string().optional(),
  restarts: count.optional(),
  place: Place,
  /** The number of the line in which the next byte lies. */
  line: z.int().min(1),
  /** Whether the place lies inside that line. */
  inside: z.boolean().optional(),
  /** Whether lines are counted from where the text began, rather than from the log's beginning. */
  relative: z.boolean().optional(),
  /** Lines before this one are passed over. */
  from: z.int().min(1).optional(),
});

export type Position = z.output<typeof Position>;

/** What a filter has to be told to resume: see `LineFilterStart`. */
const FilterState = z.object({
  within: count.optional(),
  going: z.object({ kind: z.enum(["match", "context", "dropped"]), time: z.string().optional() }).optional(),
  done: count,
  part: count,
  context: count,
  time: z.string().optional(),
});

/** Where to resume behind what was sent of one container's log. */
export const ContainerCursor = z.object({
  position: Position,
  /** Where lines are filtered. */
  filter: FilterState.optional(),
  /** How many bytes behind the position were sent already. */
  sent: count.optional(),
  /** The last of them. */
  sentFingerprint: FingerprintShape.optional(),
});

export type ContainerCursor = z.output<typeof ContainerCursor>;

/** Where a stream of a log can be resumed. */
export const LogCursor = z.object({
  /** The run's uid: one that was deleted and made again is another. */
  run: z.string(),
  metric: z.string(),
  attempt: count,
  /** For each container that something was sent of: where to resume it, or that it has ended. */
  containers: z.record(z.string(), ContainerCursor.or(z.literal("ended"))),
  /** Whether lines of one of them are known to be missing. */
  headMissing: z.boolean().optional(),
  /** What counts against the caller's own limits. */
  lines: count,
  bytes: count,
  /** Whether the last line has not ended. */
  inside: z.boolean(),
});

export type LogCursor = z.output<typeof LogCursor>;
