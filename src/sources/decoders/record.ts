/** How records of lines are stored: by Docker, by the container runtimes of Kubernetes, or by a shipper of logs. */
export type RecordFormat = "docker" | "cri" | "shipper";

/** A line of a container's log, or a part of one, as a runtime or a shipper has stored it. */
export interface LogRecord {
  /** Its text, without the line feed that ends the line. */
  readonly text: Uint8Array;
  /** Whether the line ends with it. Otherwise the next record of the same stream continues it. */
  readonly endsLine: boolean;
  /** RFC 3339 in UTC, with nine digits after the second. */
  readonly time: string | undefined;
  /** `stdout` or `stderr`, if the record says. */
  readonly stream: string | undefined;
  /** Whose line it is, as far as the record says. */
  readonly owner: RecordOwner;
}

/** The container that wrote a line. */
export interface RecordOwner {
  readonly namespace?: string | undefined;
  readonly pod?: string | undefined;
  readonly container?: string | undefined;
  /** The Job of the pod, by the pod's labels. */
  readonly job?: string | undefined;
}

/** Reads one line of a file, without its line feed. `undefined`: it is not a record. */
export type ReadRecord = (line: Buffer) => LogRecord | undefined;

export const NO_OWNER: RecordOwner = {};
