import type { SourceKind } from "../../src/sources/source-kind.ts";
import type { Ground, TestRun } from "./ground.ts";

/** What a store does with one request, in place of answering it well. */
export type Trouble =
  /** Refuses it. */
  | { readonly kind: "denied" }
  /** Takes it, and never begins to answer. */
  | { readonly kind: "no-headers" }
  /** Falls silent after so many bytes. */
  | { readonly kind: "silent"; readonly after: number }
  /** Breaks off after so many bytes. */
  | { readonly kind: "cut"; readonly after: number };

/** The log of one container in a store. A store that has never been given one has none. */
export interface StoredLog {
  /** Adds whole lines at its end. All were written at this time: RFC 3339 in UTC, nine digits after the second. */
  append(time: string, text: string): void;
  /** Puts a log of so many lines there (`longLineAt`, `timeAt` of lines.ts), which is never in memory as a whole. */
  generate(lines: number): void;
  /** Removes the log; what is appended afterwards is another one. */
  remove(): void;
  /** What becomes of the next requests, one each. Those that come after are answered. */
  trouble(...next: readonly Trouble[]): void;
  /** How many bytes of it the store has sent, in whatever form it sends them. */
  readonly sent: number;
  /** How many requests for it are being answered. */
  readonly answering: number;
  /** Settles when so many are. */
  untilAnswering(count: number): Promise<void>;
}

/** A store, and the source that reads it. */
export interface SourceWorld {
  /** The source in `taffrail.yaml`, but for its name: `http: { url: … }`. */
  readonly yaml: string;
  /** The kinds of sources that the gateway knows. Default: those of the registry. */
  readonly kinds?: readonly SourceKind[];
  /** The log of a run's only container. Called once for each run. */
  log(run: TestRun): StoredLog;
  close(): Promise<void>;
}

export interface StartOptions {
  /** The cluster that runs are in. */
  readonly ground: Ground;
  /** For how long a source waits for the next bytes, in milliseconds. Default: its own. */
  readonly idleMs?: number;
}
