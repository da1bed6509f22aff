/** Thrown when a log is larger than is allowed. */
export class SizeLimit extends Error {
  /** The limit in bytes. */
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(`The log is larger than ${maxBytes} bytes.`);
    this.name = "SizeLimit";
    this.maxBytes = maxBytes;
  }
}
