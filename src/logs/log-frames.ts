import { GuardedStream } from "../access/guarded-stream.ts";
import type { Caller } from "../identity/caller.ts";
import type { Services } from "../rpc/services.ts";
import { guardRun, readAuthorizedRun } from "../runs/authorized-run.ts";
import type { Run } from "../runs/run.ts";
import { SourceError } from "../sources/source-error.ts";
import { allAttempts } from "./all-attempts.ts";
import { attemptFrames } from "./attempt-frames.ts";
import { brokenOff, staleCursor } from "./broken-off.ts";
import { createChanges } from "./changes.ts";
import type { LogFrame } from "./frame.ts";
import { readLogCursor } from "./log-cursor.ts";
import { checkRequest, cursorScope, filterOf, type LogRequest } from "./log-request.ts";
import { createLogStream, type LogStream } from "./log-stream.ts";
import { LogReplaced } from "./text.ts";
import { type ViewServices, viewAttempt } from "./view.ts";

/**
 * Streams one log: `origin` first, `end` last. This is the whole way of a request, and every transport goes it.
 *
 * A failure before the origin is thrown; notices may have come before it. After it, a failure stands in the end frame, and the transport has to fail the call with it.
 *
 * @param signal aborted when the caller leaves; everything behind the stream then stops.
 * @throws Failure; the reason of `signal`.
 */
export async function* logFrames(
  services: Services,
  caller: Caller,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogFrame, void, undefined> {
  const guarded = new GuardedStream(services, caller, signal);
  let stream: LogStream | undefined;
  try {
    guarded.signal.throwIfAborted();
    stream = await openStream(services, caller, request, guarded.signal);
    guardRun(guarded, stream.run);
    for await (const frame of attempts(stream)) {
      // What was read before the caller lost the right to it is not sent after.
      guarded.signal.throwIfAborted();
      stream.told();
      if (frame.kind === "chunk") services.counters.sentBytes += frame.bytes.length;
      yield frame;
    }
  } catch (error) {
    if (guarded.readerLeft(error)) throw signal.reason;
    const reason = guarded.stopped ?? error;
    if (!stream?.toldOrigin)
      throw guarded.stopped?.failure ?? (error instanceof LogReplaced ? staleCursor(error) : error);
    // What comes of asking is counted where a source is asked; this is the middle of its answer.
    if (reason instanceof SourceError) services.counters.source(reason.source).brokeOff(reason);
    yield stream.broken(...brokenOff(reason));
  } finally {
    stream?.changes.close();
    // Whoever left in mid-stream leaves a request to a store behind: this ends it.
    guarded.close();
  }
}

/** Decides whether the caller may, and what is to be read. */
async function openStream(
  services: Services,
  caller: Caller,
  request: LogRequest,
  signal: AbortSignal,
): Promise<LogStream> {
  const { limits } = services.config;
  const plain = request.follow !== true && request.cursor === undefined;
  const run = await readAuthorizedRun(services, caller, request.run, signal, { kept: plain });
  checkRequest(request);
  const filter = filterOf(request, limits.lineBytes);
  const cursors = await services.cursors({ caller: caller.username, request: cursorScope(request) });
  const resumed = request.cursor === undefined ? undefined : readLogCursor(cursors.open(request.cursor));
  if (resumed !== undefined && resumed.run !== run.uid) throw staleCursor(new LogReplaced());
  /** The first look is at the run as it was read a moment ago; later ones read it again, and ask again whether the caller may. */
  let fresh: Run | undefined = run;
  let first: Run | undefined = run;
  const view: ViewServices = { ...services, jobNamespaces: services.config.jobNamespaces };
  return createLogStream({
    services,
    request,
    run,
    filter,
    resumed,
    signal,
    seal: cursors.seal,
    look: async (wish, stopped) => {
      const now = fresh ?? (await readAuthorizedRun(services, caller, request.run, stopped));
      fresh = undefined;
      return viewAttempt(view, now, wish, stopped);
    },
    readRun: async () => {
      fresh = first ?? (await readAuthorizedRun(services, caller, request.run, signal));
      first = undefined;
      return fresh;
    },
    changes: createChanges({ kube: services.kube, wait: services.wait, signal }),
  });
}

/** The attempt that is asked for, or all of them, and why it ended. */
async function* attempts(stream: LogStream): AsyncGenerator<LogFrame, void, undefined> {
  const { resumed, request } = stream;
  const { metric, attempt } = request.wish;
  const reason =
    attempt === "all"
      ? yield* allAttempts(stream)
      : yield* attemptFrames(stream, { metric: resumed?.metric ?? metric, attempt: resumed?.attempt ?? attempt });
  yield stream.end(reason);
}
