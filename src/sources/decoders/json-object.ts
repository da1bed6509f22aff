const BRACE = 0x7b;

/** Reads a line as one JSON object. `undefined`: it is none. */
export function readObject(line: Buffer): Readonly<Record<string, unknown>> | undefined {
  if (line[0] !== BRACE) return undefined;
  try {
    const value: unknown = JSON.parse(line.toString());
    return objectOf(value);
  } catch {
    return undefined;
  }
}

export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? (value as Readonly<Record<string, unknown>>) : undefined;
}
