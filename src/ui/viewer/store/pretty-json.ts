/**
 * The JSON object or list in a line, set out over lines; `undefined` where there is none. What stands before it is left
 * as it is.
 */
export function prettyJson(line: string): string | undefined {
  for (let start = line.search(/[{[]/), tries = 0; start !== -1 && tries < 3; tries += 1) {
    const open = line[start];
    const end = line.lastIndexOf(open === "{" ? "}" : "]");
    if (end > start) {
      try {
        const value: unknown = JSON.parse(line.slice(start, end + 1));
        if (typeof value === "object" && value !== null) {
          const parts = [line.slice(0, start).trim(), JSON.stringify(value, undefined, 2), line.slice(end + 1).trim()];
          return parts.filter((part) => part !== "").join("\n");
        }
      } catch {
        // Brackets may stand before it.
      }
    }
    const next = line.slice(start + 1).search(/[{[]/);
    start = next === -1 ? -1 : start + 1 + next;
  }
  return undefined;
}
