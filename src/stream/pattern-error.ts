/** Thrown when a pattern cannot be used. The message is one sentence for a person. */
export class PatternError extends Error {
  /** Where in the pattern the fault is: an index into the text, from 0. */
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.name = "PatternError";
    this.position = position;
  }
}
