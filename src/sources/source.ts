import type { DeclaredCharset } from "../stream/encoding.ts";
import type { LineTimes } from "../stream/line-times.ts";
import type { TemplateValues } from "../template/values.ts";

/** The container of an attempt whose log is requested. */
export interface LogTarget {
  /** The values that a source's `match` and `phase` are compared with. */
  readonly facts: {
    readonly project: string;
    readonly metric: string;
    readonly stage?: string | undefined;
    readonly shard?: string | undefined;
    /** The run's labels. */
    readonly labels?: Readonly<Record<string, string>>;
    /** Whether the attempt has ended. Absent: any attempt is meant. */
    readonly finished?: boolean;
  };
  /** The values of the variables in a source's templates. */
  readonly values: TemplateValues;
  /** The container in its pod. Absent if the pod no longer exists in the cluster, or no source is live. */
  readonly pod?: TargetPod | undefined;
  /** Why there is no pod any more, as the rest of a sentence. Empty or absent where that is not known. */
  readonly podGone?: string | undefined;
}

/** A container of a pod that was verified to belong to the attempt. */
export interface TargetPod {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  /** Whether the log from before the container's last restart is requested. */
  readonly previous: boolean;
  /**
   * Why the container has not started: Kubernetes' reason, or empty. `final`: it never will. Absent if it has started.
   */
  readonly unstarted: { readonly reason: string; readonly final: boolean } | undefined;
  /** Why Kubernetes ended the pod: its word, or empty. Absent while it may run, and where it ended by itself. */
  readonly ended?: { readonly reason: string; readonly evicted: boolean } | undefined;
}

/** The part of a log to open. A source that cannot select it returns more, and says what it returns. */
export interface OpenOptions {
  /** For a source with `ranges`: bytes of the stored file; `last` is inclusive. */
  readonly range?: { readonly first: number; readonly last?: number } | undefined;
  /** For a `live` source: whether to continue with new output until the container ends. */
  readonly follow?: boolean | undefined;
  /** For a source with `since`: only lines of this second and later (RFC 3339, whole seconds). */
  readonly since?: string | undefined;
  /**
   * For a source with `inTimeOrder`: lines of this time (RFC 3339) and later are not needed, except for the first of
   * them, which shows that nothing is missing before it.
   */
  readonly until?: string | undefined;
  /** For a source with `tail`: only the last lines, this many whole ones. Not together with the others. */
  readonly tailLines?: number | undefined;
  /** The user name of the caller, whose share of the source the log counts towards. Default: nobody's. */
  readonly caller?: string | undefined;
}

/** A log whose source has started to send it. */
export type OpenedLog = OpenedFile | OpenedEntries;

/** A log that is stored as one file. */
export interface OpenedFile {
  readonly kind: "file";
  /**
   * The bytes as the store sends them, possibly compressed, in any encoding. Pulled. Throws if the store fails or
   * stalls.
   */
  readonly body: AsyncIterable<Uint8Array>;
  /** The media type that the store declares, in lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** The configured encoding, else the one that the store declares. */
  readonly charset: DeclaredCharset | undefined;
  /** A compression that the store declares and that cannot be undone: `br`. Its bytes may be something else. */
  readonly coding?: string | undefined;
  /** Whether the end of the body proves that the store sent all of it (a length or chunks, not a closed connection). */
  readonly delimited: boolean;
  /** The position of these bytes in the stored file, and its size if the store declares it. Absent: the whole file. */
  readonly part?: { readonly first: number; readonly total: number | undefined };
}

/** A log that is stored as lines with times. */
export interface OpenedEntries {
  readonly kind: "entries";
  /** Pulled. Throws if the store fails or stalls. */
  readonly pieces: AsyncIterable<EntriesPiece>;
  /** The media type of the text, if the store declares one. */
  readonly mediaType: string | undefined;
  /** Whether the end of the pieces proves that the store sent all of them. */
  readonly delimited: boolean;
  /** Whether the beginning of the first line is missing. Default: false. */
  readonly cut?: boolean;
  /** Whether the pieces have times. Default: true. */
  readonly timed?: boolean;
}

/** Lines of a log, or parts of lines. */
export interface EntriesPiece {
  /** The text with its line feeds, without the times. */
  readonly bytes: Uint8Array;
  /** Where each line that begins in `bytes` begins, and when it was written. */
  readonly times: LineTimes;
  /** What is missing before it, because the store cannot return it: one sentence. Then `bytes` may be empty. */
  readonly missing?: string;
}

/** What a source can do. The rest of the program checks these, never the kind of source. */
export interface Capabilities {
  /** Whether it reads the log where the job runs, rather than where logs are kept afterwards, and can follow it. */
  readonly live: boolean;
  /** Whether it can return part of the stored file. */
  readonly ranges: boolean;
  /** Whether it returns the time of each line. */
  readonly tellsTimes: boolean;
  /** Whether lines come in order of their times, whatever the clocks did that wrote them. Default: false. */
  readonly inTimeOrder?: boolean;
  /** Whether it can start at a time. */
  readonly since: boolean;
  /** Whether it can return only the last lines. */
  readonly tail: boolean;
}

/** A store that logs can be requested from, which a kind of source creates. */
export interface LogStore {
  /** Whether it has a log for each pod, rather than one for all pods of a Job. Default: false. */
  readonly byPod?: boolean;
  /**
   * Requests the log.
   *
   * @throws SourceError if the source does not return the log, with the reason; the reason of `signal` when it is
   * aborted, even before the response's headers.
   */
  open(target: LogTarget, signal: AbortSignal, options?: OpenOptions): Promise<OpenedLog>;
  /**
   * Closes its connections once all open logs have ended or were abandoned. No log can be opened afterwards. May be
   * called again. Absent if it has no connections of its own.
   */
  close?(): Promise<void>;
}

/** A source as configured. */
export interface LogSource extends LogStore {
  /** Its name in the configuration. */
  readonly name: string;
  /** The name of its kind, for operators. */
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** How long after a job's end the log may still grow, in milliseconds. */
  readonly settleMs: number;
  /** The maximum number of logs that may be open here. */
  readonly openLimit: number;
  /** Whether the configuration uses this source for this target. */
  matches(facts: LogTarget["facts"]): boolean;
}
