import { type Fields, listOf, optionalText, requiredText } from "../kube/fields.ts";
import { type LeftOutCounts, MAX_ARGUMENTS, MAX_VALUE_LENGTH, NAME_LENGTH, TEXT_LENGTH } from "./bounds.ts";

/** Fills the run's arguments into a text. */
export type FillIn = (text: string) => string;

/** The maximum characters of arguments that are filled into all texts of a run. */
const FILLED_LENGTH = 262_144;
/** Of a text with placeholders. More than that is cut off later anyway. */
const FILLABLE_LENGTH = 4 * TEXT_LENGTH;

/** Reads the arguments of a run that have a literal value. */
export function argumentsOf(spec: Fields | undefined, leftOut: LeftOutCounts): Readonly<Record<string, string>> {
  const args: Record<string, string> = {};
  let count = 0;
  for (const { name, value } of listOf(spec?.args, "spec.args")) {
    const text = optionalText(value, "spec.args[].value");
    const key = requiredText(name, "spec.args[].name");
    if (text === undefined) continue;
    if (count >= MAX_ARGUMENTS || key.length > NAME_LENGTH || text.length > MAX_VALUE_LENGTH) {
      leftOut.args += 1;
      continue;
    }
    count += 1;
    args[key] = text;
  }
  return args;
}

/**
 * Argo Rollouts fills in `{{args.name}}` when it measures; the run's specification keeps the placeholder. Beyond the
 * limit, placeholders are kept: a run of one megabyte could expand to gigabytes.
 */
export function createFillIn(args: Readonly<Record<string, string>>): FillIn {
  let room = FILLED_LENGTH;
  return (text) => {
    if (!text.includes("{{")) return text;
    return text.slice(0, FILLABLE_LENGTH).replace(/\{\{\s*args\.([^{}\s]+)\s*\}\}/g, (whole, name: string) => {
      const value = Object.hasOwn(args, name) ? args[name] : undefined;
      if (value === undefined || value.length > room) return whole;
      room -= value.length;
      return value;
    });
  };
}
