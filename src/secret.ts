/**
 * A text that must not be shown: a token, a password. Printed, logged, concatenated or serialised as JSON, it is
 * `[secret]`. Only `reveal` returns it, so every use can be found.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself, for sending it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return HIDDEN;
  }
}

const HIDDEN = "[secret]";

/** Returns the text, secret or not, for sending it. */
export function revealText(text: string | Secret): string {
  return typeof text === "string" ? text : text.reveal();
}
