import * as z from "zod";
import { LINE_FEED } from "../stream/characters.ts";
import { parseJson, readAnswer, unavailable } from "./answer.ts";
import { LARGE_LENGTH } from "./reduced.ts";

/** The fields of an object that a watch needs. */
export const WatchedShape = z.looseObject({
  metadata: z.looseObject({
    name: z.string().min(1),
    namespace: z.string().optional(),
    resourceVersion: z.string().min(1),
  }),
});
export type Watched = z.infer<typeof WatchedShape>;

const Event = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["ADDED", "MODIFIED", "DELETED"]), object: WatchedShape }),
  z.object({
    type: z.literal("BOOKMARK"),
    object: z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string().min(1) }) }),
  }),
  z.object({
    type: z.literal("ERROR"),
    object: z.looseObject({ code: z.number().optional(), message: z.string().optional() }),
  }),
]);
/** An event of a watch (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). */
export type WatchEvent = z.infer<typeof Event>;

/**
 * Reads the body of a watch: a JSON object on each line. An incomplete last line is dropped.
 *
 * @param maxBytes the maximum length of a line.
 * @param reduce parses a large event.
 * @throws Failure if a line is longer or is not an event; what the body throws.
 */
export async function* readEvents(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  reduce: (text: string) => Promise<unknown>,
): AsyncGenerator<WatchEvent> {
  let parts: Buffer[] = [];
  let size = 0;
  for await (let rest of body) {
    while (rest.length > 0) {
      const end = rest.indexOf(LINE_FEED);
      const part = end < 0 ? rest : rest.subarray(0, end);
      size += part.length;
      if (size > maxBytes) throw unavailable("The Kubernetes API server sent an object that is too large.");
      parts.push(part);
      if (end < 0) break;
      const line = Buffer.concat(parts, size).toString("utf8");
      parts = [];
      size = 0;
      rest = rest.subarray(end + 1);
      if (line.length >= LARGE_LENGTH) yield readAnswer(Event, await reduce(line));
      else if (line.trim() !== "") yield readAnswer(Event, parseJson(line));
    }
  }
}
