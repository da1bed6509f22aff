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
}

/** A container of a pod that is known to be the attempt's own. */
export interface TargetPod {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  /** Whether the log wanted is that of the container's run before its last restart. */
  readonly previous: boolean;
  /** Why the container has not been started: Kubernetes' word for it, or empty. `final`: it never will be. Absent where it has been started. */
  readonly unstarted: { readonly reason: string; readonly final: boolean } | undefined;
}

/** A log that a source has begun to answer with. */
export interface OpenedLog {
  /** The bytes as the store sends them: perhaps compressed, in any encoding. Pulled; ends by throwing when the store fails or falls silent. */
  readonly body: AsyncIterable<Uint8Array>;
  /** The media type that the store names, in lower case and without parameters. */
  readonly mediaType: string | undefined;
  /** The encoding that the store or, failing that, the configuration names. */
  readonly charset: string | undefined;
  /** Whether the end of the body proves that the store sent all of it (a length or chunks, rather than a closed connection). */
  readonly delimited: boolean;
}

/** A place where logs are kept, as configured. */
export interface LogSource {
  /** The name that the configuration gives to it. */
  readonly name: string;
  /** Whether it is where the job runs, rather than where logs are kept afterwards. Pods are read only for such sources. */
  readonly live: boolean;
  /** For how long after a job's end the log may still grow, in milliseconds. */
  readonly settleMs: number;
  /** Whether the configuration asks this source about this target. */
  matches(facts: LogTarget["facts"]): boolean;
  /**
   * Asks for the log.
   *
   * @throws SourceError where there is none to be had from here, saying why; the reason of `signal` when it is aborted, in the wait for headers too.
   */
  open(target: LogTarget, signal: AbortSignal): Promise<OpenedLog>;
}
