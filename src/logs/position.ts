import { z } from "zod";
import { Place } from "./place.ts";

/** Where a log of one container can be read on: at which source, and which line that is. */
export const Position = z.object({
  /** The name of the source. */
  source: z.string(),
  /** The pod and how often the container had been restarted in it, where the source is live: another one has another log. */
  pod: z.string().optional(),
  restarts: z.int().min(0).optional(),
  place: Place,
  /** The number of the line in which the next byte lies. */
  line: z.int().min(1),
  /** Whether the place lies inside that line. */
  inside: z.boolean().optional(),
  /** Whether lines are counted from where the text began, rather than from the log's beginning. */
  relative: z.boolean().optional(),
  /** Whether the source no longer had the log's beginning. */
  headMissing: z.boolean().optional(),
  /** Lines before this one are passed over. */
  from: z.int().min(1).optional(),
});

export type Position = z.output<typeof Position>;
