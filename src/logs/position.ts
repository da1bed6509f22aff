import * as z from "zod";
import { FingerprintShape, Place } from "./place.ts";

const count = z.int().min(0);

/** Where the log of one container can be resumed: a place in the log of a source, and the line that it is in. */
export const Position = z.object({
  /** The name of the source. */
  source: z.string(),
  /**
   * If the source is live: the pod, and how often its container had been restarted. Each restart has a log of its own.
   */
  pod: z.string().optional(),
  restarts: count.optional(),
  place: Place,
  /** The number of the line that the next byte is in. */
  line: z.int().min(1),
  /** Whether the place lies inside that line. */
  inside: z.boolean().optional(),
  /** Whether lines are counted from where the text begins, rather than from the log's beginning. */
  relative: z.boolean().optional(),
  /** Lines before this one are skipped. */
  from: z.int().min(1).optional(),
});

export type Position = z.output<typeof Position>;

/** What a filter needs to resume: see `LineFilterStart`. */
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
  /** Present if lines are filtered. */
  filter: FilterState.optional(),
  /** How many bytes behind the position were sent already. */
  sent: count.optional(),
  /** The end of them. */
  sentFingerprint: FingerprintShape.optional(),
});

export type ContainerCursor = z.output<typeof ContainerCursor>;

/** Where a log stream can be resumed. */
export const LogCursor = z.object({
  /** The run's uid: a run that is deleted and created again has another. */
  run: z.string(),
  metric: z.string(),
  attempt: count,
  /** For each container of which something was sent: where to resume it, or that it has ended. */
  containers: z.record(z.string(), ContainerCursor.or(z.literal("ended"))),
  /** Whether lines of one of them are known to be missing. */
  headMissing: z.boolean().optional(),
  /** What counts towards the caller's own limits. */
  lines: count,
  bytes: count,
  /** Whether the last line is unfinished. */
  inside: z.boolean(),
});

export type LogCursor = z.output<typeof LogCursor>;
