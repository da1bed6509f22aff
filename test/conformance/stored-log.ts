import type { SourceKind } from "../../src/sources/source-kind.ts";
import type { Ground, TestRun } from "./ground.ts";

/** A fault of the store in answering one request. */
export type Trouble =
  /** Refuses the request. */
  | { readonly kind: "denied" }
  /** Accepts the request and never answers. */
  | { readonly kind: "no-headers" }
  /** Stalls after this many bytes. */
  | { readonly kind: "silent"; readonly after: number }
  /** Breaks off after this many bytes. */
  | { readonly kind: "cut"; readonly after: number };

/** The log of one container in a store. It exists once something has been written. */
export interface StoredLog {
  /** Appends whole lines, all written at this time: RFC 3339 in UTC with nine fractional digits. */
  append(time: string, text: string): void;
  /** Replaces it by this many lines (`longLineAt`, `timeAt` of lines.ts), which are generated as they are sent. */
  generate(lines: number): void;
  /** Removes the log. What is appended afterwards is another log. */
  remove(): void;
  /** Sets the faults of the next requests, one each. Later requests are answered. */
  trouble(...next: readonly Trouble[]): void;
  /** The bytes of it that the store has sent, in whatever form. */
  readonly sent: number;
  /** The number of requests for it in progress. */
  readonly answering: number;
  /** Settles when this many requests are in progress. */
  untilAnswering(count: number): Promise<void>;
}

/** A store, and the source that reads it. */
export interface SourceWorld {
  /** The source in `taffrail.yaml`, without its name: `http: { url: … }`. */
  readonly yaml: string;
  /** The kinds of sources of the gateway. Default: those of the registry. */
  readonly kinds?: readonly SourceKind[];
  /** Returns the log of a run's only container. Called once for each run. */
  log(run: TestRun): StoredLog;
  close(): Promise<void>;
}

export interface StartOptions {
  /** The cluster that runs are in. */
  readonly ground: Ground;
  /** The source's idle timeout in milliseconds. Default: its own. */
  readonly idleMs?: number;
}
