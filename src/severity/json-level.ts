import { fieldSeverity, type Severity } from "./level-names.ts";

/** Keys of a level: Serilog's compact format has `@l`, ECS `log.level`. */
const KEY = /^(?:@?level|lvl|@l|severity|severity_?text|log[._]?level|level_?name)$/i;
/** MongoDB writes a letter and a digit. */
const LETTERS: Readonly<Record<string, Severity>> = { F: "error", E: "error", W: "warning", I: "info", D: "debug" };

/** The level in a JSON object. */
export interface JsonLevel {
  readonly severity: Severity;
  /** The field that contains it, as written. */
  readonly because: string;
}

/**
 * Finds the level in a field of a JSON object itself, not of an object inside it. The text may be cut off.
 *
 * @param start where the object begins.
 */
export function jsonLevel(text: string, start: number): JsonLevel | undefined {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) {
      depth -= 1;
      if (depth === 0) return undefined;
    } else if (code === 0x22) {
      const end = stringEnd(text, at);
      if (end === -1) return undefined;
      if (depth === 1) {
        const found = levelAt(text, at, end);
        if (found !== undefined) return found;
      }
      at = end;
    }
  }
  return undefined;
}

/** The position of the quote that ends the string that begins at `start`; -1 if it is cut off. */
function stringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let before = end - 1;
    while (text.charCodeAt(before) === 0x5c) before -= 1;
    if ((end - before) % 2 === 1) return end;
  }
  return -1;
}

const VALUE = /\s*:\s*(?:"([A-Za-z]\w*)"|(\d{1,3})(?=\s*[,}\s]))/y;

/** The level in the field whose key is between the quotes at `start` and `end`. */
function levelAt(text: string, start: number, end: number): JsonLevel | undefined {
  const length = end - start - 1;
  if (length === 0 || length > 13) return undefined;
  const key = text.slice(start + 1, end);
  if (key !== "s" && !KEY.test(key)) return undefined;
  VALUE.lastIndex = end + 1;
  const value = VALUE.exec(text);
  if (value === null) return undefined;
  const name = value[1] ?? value[2] ?? "";
  const severity = key === "s" ? LETTERS[name.replace(/\d$/, "")] : fieldSeverity(name);
  return severity && { severity, because: text.slice(start, VALUE.lastIndex) };
}
