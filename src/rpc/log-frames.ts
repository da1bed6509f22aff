import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { readAuthorizedRun } from "../runs/authorized-run.ts";
import { jobOf } from "../runs/job-of.ts";
import { readPods } from "../runs/read-pods.ts";
import { hasEnded, type RunRef } from "../runs/run.ts";
import { selectAttempt, selectContainer, type Wish } from "../runs/selection.ts";
import { readSurroundings } from "../runs/surroundings.ts";
import { templateValues } from "../runs/template-values.ts";
import { openFirst } from "../sources/chain.ts";
import type { LogSource, OpenedLog } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import { toUtf8 } from "../stream/charset.ts";
import { coalesce } from "../stream/coalesce.ts";
import { createCount } from "../stream/count.ts";
import { DecompressionLimit, decompress } from "../stream/decompress.ts";
import { limitBytes, SizeLimit } from "../stream/limit.ts";
import { looksLikePage } from "../stream/sniff.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";
import type { Services } from "./services.ts";
import { targetPod } from "./target-pod.ts";

/** What a caller asks for: a run, and what of it. */
export interface LogRequest {
  readonly run: RunRef;
  readonly wish: Wish;
}

/**
 * Streams one log: `origin` first, `end` last. This is the whole way of a request, and every transport goes it.
 *
 * A failure before the first frame is thrown. After it, a failure stands in the end frame, and the transport has to fail the call with it.
 *
 * @param signal aborted when the caller leaves; everything behind the stream then stops.
 * @throws Failure; the reason of `signal`.
 */
export async function* logFrames(
  services: Services,
  caller: Caller,
  { run: ref, wish }: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogFrame, void, undefined> {
  const leave = services.slots.enter(caller);
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal.reason);
  const onShutdown = (): void => stop.abort(shuttingDown());
  signal.addEventListener("abort", onAbort);
  services.shutdown.addEventListener("abort", onShutdown);
  try {
    signal.throwIfAborted();
    if (services.shutdown.aborted) throw shuttingDown();

    const run = await readAuthorizedRun(services, caller, ref, stop.signal);
    const selected = selectAttempt(run, wish);
    const { metric, attempt } = selected;
    const job = jobOf(run, attempt, services.config.jobNamespaces);
    const surroundings = await readSurroundings(services.kube, run, services.sourcesWish, stop.signal);
    const facts = { project: run.namespace, stage: run.stage, shard: surroundings.shard, metric: metric.name };
    const isLive = services.sources.some((source) => source.live && source.matches(facts));
    const pods = isLive ? await readPods(services.kube, run, [job.namespace], stop.signal) : [];
    const jobPods = pods.filter(({ jobName }) => jobName === job.name);
    const selection = { ...selected, ...selectContainer(metric, wish, jobPods) };
    const { container, pod } = selection;
    const values = templateValues(run, surroundings, { metric, attempt, job, container, ...(pod && { pod }) });
    const target = { facts, values, pod: targetPod(attempt, selection) };
    const ended = hasEnded(attempt.phase);
    const { source, log } = await openFirst(services.sources, target, { preferLive: !ended, signal: stop.signal });
    const podNames = jobPods.map(({ name }) => name);
    const previous = source.live && target.pod?.previous === true;
    yield { kind: "origin", run, selection, podNames, source: source.name, live: source.live, previous };

    const provesAll = (): boolean => log.delimited && hasSettled(attempt.endedAt, source, services.clock.now());
    yield* readLog(services, log, stop.signal, () =>
      !ended ? "caught-up" : provesAll() ? "complete" : "source-ended",
    );
  } finally {
    signal.removeEventListener("abort", onAbort);
    services.shutdown.removeEventListener("abort", onShutdown);
    // Whoever left in mid-stream leaves a request to a store behind: this ends it.
    stop.abort();
    leave();
  }
}

/** Bytes of a store to frames: the log's text, then how it ended. */
async function* readLog(
  { config: { limits } }: Services,
  log: OpenedLog,
  signal: AbortSignal,
  properEnd: () => EndReasonName,
): AsyncGenerator<LogFrame, void, undefined> {
  const replaced = { seen: false, told: false };
  const count = createCount();
  let first = true;
  const end = (reason: EndReasonName, failure?: Failure): LogFrame => ({
    kind: "end",
    reason,
    lines: count.lines,
    bytes: count.bytes,
    failure,
  });
  try {
    const plain = decompress(log.body, { ratio: limits.decompressionRatio, ratioFreeBytes: RATIO_FREE_BYTES });
    const text = toUtf8(plain, {
      ...(log.charset !== undefined && { charset: log.charset }),
      onReplaced: () => {
        replaced.seen = true;
      },
    });
    for await (const bytes of count.through(coalesce(limitBytes(text, limits.logBytes), CHUNK_BYTES))) {
      if (first && looksLikePage(bytes, log.mediaType)) {
        yield { kind: "notice", notice: "looks-like-page", message: LOOKS_LIKE_PAGE };
      }
      first = false;
      if (replaced.seen && !replaced.told) {
        replaced.told = true;
        yield { kind: "notice", notice: "bytes-replaced", message: BYTES_REPLACED };
      }
      yield { kind: "chunk", bytes };
    }
    yield end(properEnd());
  } catch (error) {
    if (signal.aborted && !(signal.reason instanceof Failure)) throw signal.reason;
    const [reason, failure] = brokenOff(signal.aborted ? signal.reason : error);
    yield end(reason, failure);
  }
}

/** A little less than 256 KiB: the encoder doubles its buffer until a message fits, field tags and all. */
const CHUNK_BYTES = 255 * 1024;
/** Short logs of one line over and over compress better than any ratio that a bomb could not have too. */
const RATIO_FREE_BYTES = 64 * 1024 * 1024;

const LOOKS_LIKE_PAGE =
  "The store answered with what looks like a web page, not a log: a login form or an error page, perhaps.";
const BYTES_REPLACED = "Some bytes are not text in the log's encoding; each is shown as \uFFFD.";

function hasSettled(endedAt: string | undefined, { settleMs }: LogSource, now: number): boolean {
  return endedAt !== undefined && now - Date.parse(endedAt) >= settleMs;
}

/** What a stream ends with that broke off in the middle. */
function brokenOff(error: unknown): [EndReasonName, Failure] {
  if (error instanceof Failure) return ["server-shutdown", error];
  if (error instanceof SizeLimit || error instanceof DecompressionLimit) {
    const next = "What was sent is the beginning of the log. An operator can raise the limit.";
    return ["server-limit-reached", new Failure("too-much", "LIMIT_REACHED", error.message, { next, cause: error })];
  }
  if (error instanceof SourceError && error.outcome === "silent") {
    const message = "The log's store stopped sending in the middle of the log: it is incomplete.";
    return ["source-stalled", new Failure("silent", "SOURCE_STALLED", message, { next: "Try again.", cause: error })];
  }
  const message =
    error instanceof SourceError
      ? "The log's store broke off in the middle of the log: it is incomplete."
      : "The log as it is stored is cut off or damaged: it is incomplete.";
  return ["source-failed", new Failure("unavailable", "SOURCE_FAILED", message, { next: "Try again.", cause: error })];
}

function shuttingDown(): Failure {
  return new Failure("unavailable", "SERVER_SHUTDOWN", "This server is stopping.", {
    next: "Ask again: another one answers.",
  });
}
