import type { LineTimes } from "../stream/line-times.ts";
import type { TemplateValues } from "../template/values.ts";

/** One container of one attempt: whose log is wanted. */
export interface LogTarget {
  /** What a source's `match` is compared with. */
  readonly facts: {
    readonly project: string;
    readonly metric: string;
    readonly stage?: string | undefined;
    readonly shard?: string | undefined;
  };
  /** What the variables of a source's templates stand for. */
  readonly values: TemplateValues;
  /** The container in its pod. Absent where the cluster does not know the pod any more, or where no source is live. */
  readonly pod?: TargetPod | undefined;
  /** Why there is no pod any more, as the rest of a sentence. Empty or absent where that is not known. */
  readonly podGone?: string | undefined;
}

/** A container of a pod that is known to be the attempt's own. */
export interface TargetPod {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  /** Whether the log wanted is that of the container's run before its last restart. */
  readonly previous: boolean;
  /**
   * Why the container has not been started: Kubernetes' word for it, or empty. `final`: it never will be. Absent where
   * it has been started.
   */
  readonly unstarted: { readonly reason: string; readonly final: boolean } | undefined;
  /** Why Kubernetes ended the pod: its word, or empty. Absent while it may run, and where it ended by itself. */
  readonly ended?: { readonly reason: string; readonly evicted: boolean } | undefined;
}

/** Which part of a log to open. A source that cannot do it gives more, and says what it gives. */
export interface OpenOptions {
  /** Of a source with `ranges`: bytes of the file as it is stored, the last one included. */
  readonly range?: { readonly first: number; readonly last?: number } | undefined;
  /** Of a source that is `live`: whether to send what is written from now on, until the container ends. */
  readonly follow?: boolean | undefined;
  /** Of a source with `since`: only lines of this second and later (RFC 3339, whole seconds). */
  readonly since?: string | undefined;
  /** Of a source with `tail`: only this many whole lines, from the end of what there is. Not together with the others. */
  readonly tailLines?: number | undefined;
}

/** A log that a source has begun to answer with. */
export type OpenedLog = OpenedFile | OpenedEntries;

/** A log that is kept as one file. */
export interface OpenedFile {
  readonly kind: "file";
  /**
   * The bytes as the store sends them: perhaps compressed, in any encoding. Pulled; ends by throwing when the store
   * fails or falls silent.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The media type that the store names, in lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** The encoding that the store or, failing that, the configuration names. */
  readonly charset: string | undefined;
  /** Whether the end of the body proves that the store sent all of it (a length or chunks, not a closed connection). */
  readonly delimited: boolean;
  /** Which bytes of the stored file these are, and how many it has where that is said. Absent: all of it. */
  readonly part?: { readonly first: number; readonly total: number | undefined };
}

/** A log that is kept line by line, with times. */
export interface OpenedEntries {
  readonly kind: "entries";
  /** Pulled; ends by throwing when the store fails or falls silent. */
  readonly pieces: AsyncIterable<EntriesPiece>;
  /** The media type of the text, where the store names one. */
  readonly mediaType: string | undefined;
  /** Whether the end of the pieces proves that the store sent all of them. */
  readonly delimited: boolean;
  /** Whether the beginning of the first line is missing. Default: no. */
  readonly cut?: boolean;
}

/** Lines of a log, or parts of lines. */
export interface EntriesPiece {
  /** The text, with the line feeds that end lines and without the times. */
  readonly bytes: Uint8Array;
  /** Where each line that begins in `bytes` begins, and when it was written. */
  readonly times: LineTimes;
}

/** What a source can do. The rest of the program asks for this, never for a kind of source. */
export interface Capabilities {
  /** Whether it reads the log where the job runs, rather than where logs are kept afterwards, and can follow it. */
  readonly live: boolean;
  /** Whether it may give a part of the stored file. */
  readonly ranges: boolean;
  /** Whether it tells when each line was written. */
  readonly tellsTimes: boolean;
  /** Whether it can begin at a time. */
  readonly since: boolean;
  /** Whether it can give the last lines alone. */
  readonly tail: boolean;
}

/** A store that logs can be asked for: what a kind of source creates. */
export interface LogStore {
  /**
   * Asks for the log.
   *
   * @throws SourceError where there is none to be had from here, saying why; the reason of `signal` when it is aborted,
   * while it waits for headers too.
   */
  open(target: LogTarget, signal: AbortSignal, options?: OpenOptions): Promise<OpenedLog>;
  /**
   * Closes its connections once the logs that are being read have ended or were left. Nothing can be opened afterwards.
   * May be called again. Absent where it has no connections of its own.
   */
  close?(): Promise<void>;
}

/** A source as configured. */
export interface LogSource extends LogStore {
  /** The name that the configuration gives to it. */
  readonly name: string;
  /** What operators are told of its kind. What it can do is in `capabilities`. */
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** For how long after a job's end the log may still grow, in milliseconds. */
  readonly settleMs: number;
  /** How many logs may be open here at once. */
  readonly openLimit: number;
  /** Whether the configuration asks this source about this target. */
  matches(facts: LogTarget["facts"]): boolean;
}
