import { MissingValue, RefusedValue } from "../template/errors.ts";
import { SourceError } from "./source-error.ts";

/**
 * Renders the templates of a source for one target.
 *
 * @throws SourceError, saying that the source was not asked, where the run has no value for a template, or one that may
 * not stand in its place.
 */
export function rendered<T>(source: string, render: () => T): T {
  try {
    return render();
  } catch (error) {
    if (!(error instanceof MissingValue || error instanceof RefusedValue)) throw error;
    const outcome = error instanceof MissingValue ? "variable-missing" : "value-refused";
    const why = error.message.charAt(0).toLowerCase() + error.message.slice(1).replace(/\.$/, "");
    throw new SourceError(source, outcome, `was not asked: ${why}`, { cause: error });
  }
}
