/**
 * A text that must not be seen: a token, a password. However it is printed, logged, joined to a text or made JSON of, it shows as `[secret]`. Only `reveal` gives it
 * out, so every place that does can be found.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself, for the wire that it is meant for. */
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

/** A text of which some are secret and some are not. Where it has to be one text, for the wire that it is meant for. */
export function revealText(text: string | Secret): string {
  return typeof text === "string" ? text : text.reveal();
}
