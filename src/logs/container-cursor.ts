import { z } from "zod";
import { Proof } from "./place.ts";
import { Position } from "./position.ts";

const count = z.int().min(0);

/** What a filter has to be told to go on: see `LineFilterStart`. */
const FilterState = z.object({
  within: count.optional(),
  going: z.object({ kind: z.enum(["match", "context", "dropped"]), time: z.string().optional() }).optional(),
  done: count,
  part: count,
  context: count,
  time: z.string().optional(),
});

/** Where to go on with what was sent of one container's log. */
export const ContainerCursor = z.object({
  position: Position,
  /** Where lines are filtered. */
  filter: FilterState.optional(),
  /** How many bytes of what comes behind were sent already. */
  sent: count.optional(),
  /** The last of them, by which they are known again. */
  sentProof: Proof.optional(),
});

export type ContainerCursor = z.output<typeof ContainerCursor>;
