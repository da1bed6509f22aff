import { Failure } from "../failure.ts";
import type { LogSource } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import { DecompressionFailed } from "../stream/decompression-error.ts";

/** Thrown if what is stored of a log is damaged: reading it again does not help. */
export class LogDamaged extends Error {
  constructor(cause: DecompressionFailed) {
    super("The stored log is damaged.", { cause });
    this.name = "LogDamaged";
  }
}

/**
 * What it means that stored data cannot be decompressed to its end.
 *
 * - `damaged`: the stored log is damaged.
 * - `ends`: the log ends here, but nothing proves that it is complete.
 * - `broken-off`: the store did not send all of it.
 *
 * @param delimited whether the end of the store's response proves that it sent all that it has.
 * @param settled whether the stored log gets no more: until then, its end may still be missing.
 */
export function meaningOf(
  { damage }: DecompressionFailed,
  { delimited, settled }: { readonly delimited: boolean; readonly settled: boolean },
): "damaged" | "ends" | "broken-off" {
  if (damage === "trailer-missing") return "ends";
  if (damage === "damaged") return "damaged";
  if (!settled) return "ends";
  return delimited ? "damaged" : "broken-off";
}

/**
 * Returns if stored data that cannot be decompressed to its end is taken to end there, although nothing proves it.
 *
 * @throws LogDamaged, SourceError if the source did not send all of it, or the error if it is another one.
 */
export function throwUnlessEnd(
  error: unknown,
  source: Pick<LogSource, "name">,
  context: { readonly delimited: boolean; readonly settled: boolean },
): void {
  if (!(error instanceof DecompressionFailed)) throw error;
  const meaning = meaningOf(error, context);
  if (meaning === "damaged") throw new LogDamaged(error);
  if (meaning === "broken-off") {
    throw new SourceError(source.name, "unavailable", "broke off before the end of the log", { cause: error });
  }
}

/** The failure of a log that is damaged. @param line the first line that is missing or incomplete. */
export function damagedFailure(line: number, cause: unknown): Failure {
  return new Failure("damaged", "SOURCE_DAMAGED", `The stored log is damaged from line ${line} on.`, {
    next: "Tell an operator: what is stored cannot be unpacked, so trying again does not help.",
    cause,
  });
}
