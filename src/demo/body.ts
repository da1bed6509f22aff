/** What is served at a path, as it is now. */
export interface Body {
  /** In bytes. */
  readonly length: number;
  /** Differs whenever the bytes do. */
  readonly etag: string;
  /** The bytes, made as they are pulled. */
  chunks(): Iterable<Uint8Array>;
}
