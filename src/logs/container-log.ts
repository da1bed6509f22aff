import type { Clock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { OVER } from "../over.ts";
import { whenQuiet } from "../quiet.ts";
import { hasEnded } from "../runs/run.ts";
import type { LogSource } from "../sources/source.ts";
import type { DecompressLimits } from "../stream/decompress.ts";
import type { Wait } from "../wait.ts";
import type { ChangesReader } from "./changes.ts";
import { nextRun } from "./container-run.ts";
import { createEndClock } from "./end-clock.ts";
import type { LogEvent, LogNotice } from "./event.ts";
import { hasSettled, isPassing, isSettled, isUnstarted, isWorthWaiting, waitingMessage } from "./may-come.ts";
import { type Begin, type OpenedText, openText } from "./open-text.ts";
import type { Position } from "./position.ts";
import { positioned } from "./positioned.ts";
import { LogReplaced } from "./text.ts";
import type { ContainerView } from "./view.ts";

export interface ContainerLogOptions {
  /** The container as it is. */
  readonly view: ContainerView;
  readonly sources: readonly LogSource[];
  /** Looks at it again. */
  readonly look: (signal: AbortSignal) => Promise<ContainerView>;
  readonly changes: ChangesReader;
  /** Whether the pod was named: then no other one is gone on with. */
  readonly podNamed: boolean;
  readonly begin: Begin;
  /** Where to go on. */
  readonly position: Position | undefined;
  readonly follow: boolean;
  /** Until when to wait for a log that is not there yet, in milliseconds since 1970. */
  readonly waitUntil: number;
  /** How often an archive is looked at while it grows, in milliseconds. */
  readonly pollMs: number;
  readonly limits: DecompressLimits;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly signal: AbortSignal;
}

/** A live log that is quiet for as long is opened anew: a connection may have died without a word, and some kubelets stop at a rotation. */
const QUIET_MS = 60_000;
const END = { done: true, value: undefined } as const;
/** Failures in a row, without a byte between them, that a follow survives. */
const MOST_TRIES = 5;
const RETRY_MS = 500;

/**
 * Reads the log of one container: from one source or, when that no longer has it, from another; once, or until the job has ended and the source has no more.
 *
 * @throws Failure where there is no log; what a source throws in the middle of one; LogReplaced where the position leads nowhere; the signal's reason.
 */
export async function* readContainerLog(options: ContainerLogOptions): AsyncGenerator<LogEvent, void, undefined> {
  const { sources, look, changes, follow, clock, wait, signal, pollMs } = options;
  let { view, position } = options;
  const replaced = { seen: false, told: false };
  let begun = false;
  let source: string | undefined = position?.source;
  let headMissing = position?.headMissing === true;
  let tries = 0;
  let drained = false;
  /** Whether the container was started again since reading began. */
  let another = false;
  let said = "";
  let encoding: { readonly name: string; told: boolean } | undefined;
  const endClock = createEndClock(clock);

  const say = (notice: LogNotice, message: string): LogEvent => ({ kind: "notice", notice, message });
  const watched = () => ({
    run: view.run,
    pods: sources.some((each) => each.capabilities.live && each.matches(view.facts))
      ? { uid: view.run.uid, namespace: view.job.namespace }
      : undefined,
  });

  const runDeleted = function* (): Generator<LogEvent, void> {
    yield say("run-deleted", "The run was deleted: nothing tells any more whether its log goes on.");
    yield { kind: "end", reason: "source-ended", headMissing };
  };

  for (;;) {
    const readSince = endClock(view);
    const attemptEnded = hasEnded(view.attempt.phase);
    const next = nextRun(view, position, { drained, podNamed: options.podNamed });
    view = next.view;
    if (next.changed !== undefined) {
      yield say("pod-changed", next.changed);
      // Its log is another one: lines are counted from its beginning.
      position = undefined;
      drained = false;
      another = true;
    }
    const containerEnded = attemptEnded || view.status?.state === "terminated" || view.target.pod?.previous === true;

    const reading = new AbortController();
    const leave = (): void => reading.abort(signal.reason);
    signal.addEventListener("abort", leave);
    if (signal.aborted) leave();
    let progress = false;
    let opened: OpenedText | undefined;
    try {
      // An archive has one log of them all, which begins with what was sent.
      const candidates = another && position === undefined ? sources.filter((each) => each.capabilities.live) : sources;
      opened = await openText(candidates, view, position, {
        follow: follow && !containerEnded,
        growing: follow && !(attemptEnded && hasSettled(view, sources, endClock(view))),
        begin: begun ? {} : options.begin,
        limits: options.limits,
        onDecoded: (name) => {
          encoding ??= { name, told: false };
        },
        onReplaced: () => {
          replaced.seen = true;
        },
        signal: reading.signal,
      });
      const { text, seam } = opened;
      const { name, capabilities } = opened.source;
      const { live, tellsTimes: timed } = capabilities;
      const changed = source !== name;
      if (changed && seam === "proved")
        yield say("source-changed", `The log goes on in source "${name}", at the same place.`);
      if (changed && seam === "unproved") yield say("seam", seamMessage(name, text.from));
      if (!begun || changed) {
        const previous = live && view.target.pod?.previous === true;
        yield {
          kind: "opened",
          view,
          source: name,
          live,
          timed,
          relative: text.relative || position?.relative === true,
          previous,
        };
      }
      // Only where reading begins: who goes on knows by the position which lines are wanted.
      const firstLine = begun ? undefined : options.begin.firstLine;
      begun = true;
      source = name;
      const pieces = follow && live ? whenQuiet(text.pieces, { mostMs: QUIET_MS, told: END, wait }) : text.pieces;
      for await (const piece of positioned({ ...text, pieces }, opened.source, view, position, firstLine)) {
        if (piece.kind === "lost") {
          yield say("lines-lost", "Lines are missing here: the node has rotated them away.");
          continue;
        }
        if (piece.kind === "head-missing") {
          headMissing = true;
          yield say("head-missing", piece.message);
          continue;
        }
        progress = true;
        position = piece.after;
        if (piece.kind === "passed") {
          yield piece;
          continue;
        }
        if (encoding !== undefined && !encoding.told) {
          encoding.told = true;
          yield say("decoded", `The log is kept in ${encoding.name.toUpperCase()}; it is shown in UTF-8.`);
        }
        if (replaced.seen && !replaced.told) {
          replaced.told = true;
          yield { kind: "bytes-replaced" };
        }
        yield piece;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LogReplaced && begun) {
        yield say(
          "log-replaced",
          "The log was replaced by another one in its store, or cut: what follows is not sent.",
        );
        yield { kind: "end", reason: "source-ended", headMissing };
        return;
      }
      const isMissing = error instanceof Failure && isWorthWaiting(error, view, sources, endClock(view));
      if (isMissing && clock.now() < options.waitUntil) {
        const message = waitingMessage(error, view, { hasPods: watched().pods !== undefined, begun });
        if (message !== said) yield say("waiting", message);
        said = message;
        // Of a container that has not been started, its pod tells; of anything else, only another look.
        const lookMs = isUnstarted(view) ? Number.POSITIVE_INFINITY : pollMs;
        await changes.next(watched(), Math.min(lookMs, options.waitUntil - clock.now()));
        const now = await lookAgain(look, view, signal);
        // Whose log has not begun gets the failure.
        if (now === undefined && !begun) view = await look(signal);
        else if (now === undefined) return yield* runDeleted();
        else view = now;
        continue;
      }
      // Nothing comes after what was sent: the pod is gone, and no archive has the log.
      if (begun && error instanceof Failure && error.kind === "not-found") {
        yield { kind: "end", reason: "source-ended", headMissing };
        return;
      }
      if (!follow || !begun || !isPassing(error)) throw error;
      tries = progress ? 1 : tries + 1;
      if (tries > MOST_TRIES) throw error;
      await wait(RETRY_MS * 2 ** (tries - 1), signal);
      const now = await lookAgain(look, view, signal);
      if (now === undefined) return yield* runDeleted();
      view = now;
      continue;
    } finally {
      signal.removeEventListener("abort", leave);
      reading.abort(OVER);
    }

    const { delimited } = opened.text;
    const { capabilities, settleMs } = opened.source;
    const { live } = capabilities;
    const settled = isSettled(view, settleMs, readSince);
    if (!follow) {
      yield {
        kind: "end",
        reason: !attemptEnded ? "caught-up" : delimited && settled ? "complete" : "source-ended",
        headMissing,
      };
      return;
    }
    if (live) {
      // A read that began once the container had ended has come to the end of what there is.
      drained = containerEnded;
      if (drained) {
        if (nextRun(view, position, { drained, podNamed: options.podNamed }).changed !== undefined) continue;
        if (attemptEnded) {
          yield { kind: "end", reason: "complete", headMissing };
          return;
        }
        await changes.next(watched(), Number.POSITIVE_INFINITY);
      } else if (!progress) await wait(RETRY_MS, signal);
    } else if (attemptEnded && settled) {
      yield { kind: "end", reason: delimited ? "complete" : "source-ended", headMissing };
      return;
    } else {
      await changes.next(watched(), pollMs);
    }
    if (progress) tries = 0;
    const now = await lookAgain(look, view, signal);
    if (now === undefined) return yield* runDeleted();
    view = now;
  }
}

/** The view as it is now; `undefined` where the run has been deleted. */
async function lookAgain(
  look: ContainerLogOptions["look"],
  before: ContainerView,
  signal: AbortSignal,
): Promise<ContainerView | undefined> {
  try {
    return await look(signal);
  } catch (error) {
    if (error instanceof Failure && error.reason === "RUN_NOT_FOUND") return undefined;
    // Argo Rollouts keeps a metric's ten newest measurements: one that it drops has ended, and nothing of it changes any more.
    const isOver = hasEnded(before.attempt.phase);
    if (error instanceof Failure && error.reason === "ATTEMPT_NOT_FOUND" && isOver) return before;
    throw error;
  }
}

function seamMessage(source: string, line: number | undefined): string {
  return `The log goes on in source "${source}", whose text before this place is not the same: at line ${line}.`;
}
