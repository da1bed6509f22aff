/**
 * The JSON object or array in a line, formatted over several lines; `undefined` if there is none. The text before it is
 * kept.
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
        // Brackets may precede it.
      }
    }
    const next = line.slice(start + 1).search(/[{[]/);
    start = next === -1 ? -1 : start + 1 + next;
  }
  return undefined;
}
