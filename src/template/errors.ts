/** Thrown at load: the template itself is invalid. The message is one sentence for its author. */
export class TemplateError extends Error {
  /** Where the fault begins in the template's text, in UTF-16 units. */
  readonly offset: number;
  /** The length of the fault, in UTF-16 units: at least 1, unless the fault is not in the text. */
  readonly length: number;

  constructor(message: string, offset: number, length = 1) {
    super(message);
    this.name = "TemplateError";
    this.offset = offset;
    this.length = length;
  }
}

/** Thrown at render: the template needs a value that this run does not have. */
export class MissingValue extends Error {
  /** What is missing, as the template names it: `promotion`, `label("team")`; several are joined by " and ". */
  readonly variable: string;

  constructor(names: readonly string[], message?: string) {
    const variable = listNames(names);
    super(message ?? `This run has no value for ${variable}.`);
    this.name = "MissingValue";
    this.variable = variable;
  }
}

/**
 * Thrown at render: a value is not allowed in its context. The message contains neither the value nor the template's
 * text.
 */
export class RefusedValue extends Error {
  /** The value's name, as the template writes it; several are joined by " and ". */
  readonly variable: string;

  /** @param why the rest of a sentence that begins with "The value of stage". */
  constructor(names: readonly string[], why: string) {
    const variable = listNames(names);
    super(`The value of ${variable} ${why}.`);
    this.name = "RefusedValue";
    this.variable = variable;
  }
}

/** A value that was computed correctly, but is not allowed in its context. */
export class MisplacedValue extends RefusedValue {}

/**
 * Thrown by code that computes a value without knowing its name; becomes a {@link RefusedValue}. The message is the
 * rest of the same sentence.
 */
export class InvalidValue extends Error {}

/** `a`, `a and b`, `a, b and c`, each name once. An expression of literals has no names. */
function listNames(names: readonly string[]): string {
  const once = [...new Set(names)];
  const last = once.pop() ?? "this expression";
  return once.length === 0 ? last : `${once.join(", ")} and ${last}`;
}
