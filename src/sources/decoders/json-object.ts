const BRACE = 0x7b;

/** Reads a line as one JSON object, or returns `undefined` if it is anything else. */
export function readObject(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  return line[0] === BRACE ? parseObject(line.toString()) : undefined;
}

/** As `readObject`, for text that may begin with white space. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}
