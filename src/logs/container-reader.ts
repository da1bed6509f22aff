import { NO_LONGER_NEEDED } from "../abort.ts";
import type { Clock } from "../clock.ts";
import { Failure, isDocument } from "../failure.ts";
import { isOver } from "../runs/pod.ts";
import { hasEnded } from "../runs/run.ts";
import type { Sleep } from "../sleep.ts";
import type { LogSource } from "../sources/source.ts";
import { SourceError } from "../sources/source-error.ts";
import type { DecompressLimits } from "../stream/decompress.ts";
import { candidatesFor } from "./candidates.ts";
import type { ChangesReader } from "./changes.ts";
import { nextRun } from "./container-run.ts";
import { decodedMessages } from "./decoded-messages.ts";
import { documentNotice } from "./document-notice.ts";
import { createEndClock } from "./end-clock.ts";
import type { ContainerEvent, ContainerNotice } from "./event.ts";
import { FollowPace } from "./follow-pace.ts";
import { LineNumbers } from "./line-numbers.ts";
import { damagedFailure, LogDamaged } from "./log-damaged.ts";
import { missingLog } from "./missing-log.ts";
import { type Begin, type OpenedText, openText } from "./open-text.ts";
import { podEndMessage } from "./pod-end-message.ts";
import type { Position } from "./position.ts";
import { haveSettled, isSettled, isTransient, isUnstarted, mayAppear } from "./retry-rules.ts";
import { type Decoding, LogReplaced, type TextPiece } from "./text.ts";
import type { Turns } from "./turns.ts";
import { type ContainerView, usesPods } from "./view.ts";
import { WaitLimit } from "./wait-limit.ts";
import { silenceMessage, waitingMessage } from "./waiting-message.ts";

export interface ContainerReaderOptions {
  /** The container as it is. */
  readonly view: ContainerView;
  readonly sources: readonly LogSource[];
  /** Returns the container as it is. Reads its state again only if something may have changed. */
  readonly refresh: () => Promise<ContainerView>;
  readonly changes: ChangesReader;
  /** Whether the pod was named: then no other pod is read after it. */
  readonly podNamed: boolean;
  /** Whether it is the log of one pod of several: then it ends with the pod, before the attempt. Default: no. */
  readonly endsWithPod?: boolean;
  readonly begin: Begin;
  /** Lines of this time (RFC 3339) and later are not needed, but the first of them. */
  readonly until?: string | undefined;
  /** Where to resume. */
  readonly position: Position | undefined;
  readonly follow: boolean;
  /** Until when to wait for a log that does not exist yet, in milliseconds since 1970. */
  readonly waitUntil: number;
  /** How long this server lets each wait for it last, in milliseconds. */
  readonly maxWaitMs: number;
  /** How often to read a source that cannot be followed while its log grows, in milliseconds. */
  readonly pollMs: number;
  /** Whether a document is shown that a store returns in place of a log. */
  readonly showDocument: boolean;
  readonly limits: DecompressLimits;
  /** How much of a copy is searched for the place to resume at, in bytes. */
  readonly searchBytes: number;
  /** For how many days logs are kept. 0: unknown. */
  readonly retentionDays: number;
  /** Shared by several logs that are read side by side: those without times take turns. Default: it is the only log. */
  readonly turns?: Turns | undefined;
  readonly clock: Clock;
  readonly sleep: Sleep;
  readonly signal: AbortSignal;
}

/**
 * A live log that is quiet for so many ticks is reopened: the connection may be dead, and some kubelets stop at a
 * rotation.
 */
const QUIET_TICKS = 12;
/** A container that writes nothing for longer may be buffering its output. */
const SILENT_MS = 60_000;

/**
 * Reads the log of one container: from one source or, if that no longer has it, from another; once, or until the job
 * has ended and the source has no more.
 *
 * Each step of `next` does the first of these that applies: return an event that is ready; return `undefined` if the
 * reader has ended; wait (`#pause`); open a text, if none is open; read a piece of the open text.
 */
export class ContainerReader {
  readonly #options: ContainerReaderOptions;
  readonly #pace: FollowPace;
  readonly #wait: WaitLimit;
  readonly #endClock: (view: Pick<ContainerView, "attempt">) => number;
  /** Events that are ready. */
  readonly #events: ContainerEvent[] = [];
  #ended = false;
  /** The container as it was when it was last looked up. */
  #view: ContainerView;
  /** Behind the last piece. */
  #position: Position | undefined;
  /** The source that was read last. */
  #source: string | undefined;
  /** Sources whose log turned out not to be one. Forgotten after the next wait. */
  readonly #failed = new Map<string, SourceError>();
  #begun = false;
  /** The text that is open. */
  #text: OpenedText | undefined;
  #numbers: LineNumbers | undefined;
  /** The time of `#endClock` when the text was opened. */
  #readSince = 0;
  /** Whether the container had ended by then. */
  #containerEnded = false;
  /** Whether a piece has come since the text was opened; since the container started. */
  #progress = false;
  #hasWritten = false;
  /** Whether the text is a tail of which nothing was read yet. */
  #tailBegins = false;
  #ticks = 0;
  #isQueued = false;
  /** Whether the log of the container's current run was read to its end after that run had ended. */
  #drained = false;
  /** Whether the container was restarted since reading began. */
  #restarted = false;
  #notifiedPolling = false;
  /** What to wait for before the next step. What it throws is final. */
  #pause: (() => Promise<void>) | undefined;
  /** What Kubernetes did to the pod whose log is read. */
  #podEnd: { readonly pod: string; readonly message: string | undefined } | undefined;
  /** The last pod of which that was said. */
  #podEndOf = "";
  #lastWaiting = "";
  readonly #notifiedDecoded = new Set<string>();
  #notifiedReplaced = false;

  constructor(options: ContainerReaderOptions) {
    this.#options = options;
    this.#view = options.view;
    this.#position = options.position;
    this.#source = options.position?.source;
    this.#hasWritten = options.position !== undefined;
    this.#endClock = createEndClock(options.clock);
    this.#pace = new FollowPace(options.clock);
    const { waitUntil: until, maxWaitMs: maxMs, clock } = options;
    this.#wait = new WaitLimit({ until, maxMs, clock });
  }

  /**
   * Returns the next event, or `undefined` after the last. One call at a time.
   *
   * @throws Failure if there is no log; what a source throws in the middle of one; LogReplaced if the position is not
   *   in the log; the signal's reason.
   */
  async next(): Promise<ContainerEvent | undefined> {
    for (;;) {
      const event = this.#events.shift();
      if (event !== undefined) return event;
      if (this.#ended) return undefined;
      if (this.#pause !== undefined) {
        const pause = this.#pause;
        this.#pause = undefined;
        await pause();
        continue;
      }
      try {
        const opened = this.#text;
        if (opened === undefined) await this.#open();
        else this.#add(opened, await opened.text.next());
      } catch (error) {
        this.#closeText();
        this.#recover(error);
      }
    }
  }

  /** Whether it waits for its turn among several logs: nobody needs to wait for its next event. */
  get isQueued(): boolean {
    return this.#isQueued;
  }

  /**
   * To be called every five seconds while `next` is pending. Reopens a live log that is quiet for a minute.
   *
   * @returns a notice about the silence, if there is one.
   */
  tick(): ContainerEvent | undefined {
    const text = this.#text;
    if (text === undefined || !this.#isFollowing(text)) return undefined;
    this.#ticks += 1;
    if (this.#ticks % QUIET_TICKS === 0) text.text.close();
    if (this.#hasWritten) return undefined;
    const message = silenceMessage(this.#view, this.#options.clock.now(), SILENT_MS);
    return message === undefined ? undefined : this.#waiting(message);
  }

  /** Stops reading. A pending `next` is left to the signal. */
  close(): void {
    this.#ended = true;
    this.#closeText();
  }

  #closeText(): void {
    this.#text?.text.close();
    this.#endText();
  }

  #endText(): void {
    this.#text?.endTurn?.();
    this.#text = undefined;
  }

  /** Waits for the turn of this log among several. */
  async #takeTurn(turns: Turns): Promise<() => void> {
    this.#isQueued = true;
    const end = await turns.take(this.#options.signal);
    this.#isQueued = false;
    if (!this.#ended) return end;
    end();
    throw NO_LONGER_NEEDED;
  }

  async #open(): Promise<void> {
    const { sources, follow, turns, signal } = this.#options;
    this.#readSince = this.#endClock(this.#view);
    const next = nextRun(this.#view, this.#position, { drained: this.#drained, podNamed: this.#options.podNamed });
    this.#view = next.view;
    if (next.changed !== undefined) {
      this.#notifyPodEnd();
      this.#notify("pod-changed", next.changed);
      // It has another log, whose lines are counted from its beginning.
      this.#position = undefined;
      this.#drained = false;
      this.#restarted = true;
    }
    const view = this.#view;
    const attemptEnded = hasEnded(view.attempt.phase);
    this.#containerEnded =
      attemptEnded || view.status?.state === "terminated" || view.target.pod?.previous === true || this.#isPodOver();
    const isFollow = follow && !this.#containerEnded && !this.#pace.isPolling;
    const delayMs = isFollow ? this.#pace.takeDelay() : 0;
    if (delayMs > 0) {
      this.#refreshAfter(() => this.#options.sleep(delayMs, signal));
      return;
    }
    // An archive has one log for all runs of a container, which begins with what was sent already.
    const candidates = candidatesFor(
      sources.filter(({ capabilities }) => {
        const another = this.#restarted && this.#position === undefined;
        return capabilities.live || !another;
      }),
      view,
      this.#position,
    );
    this.#progress = false;
    this.#ticks = 0;
    const settled = attemptEnded && haveSettled(view, sources, this.#endClock(view));
    const opened = await openText(candidates, view, this.#position, {
      follow: isFollow,
      growing: follow && !settled,
      settled,
      showDocument: this.#options.showDocument,
      begin: this.#begun ? {} : this.#options.begin,
      until: this.#options.until,
      limits: this.#options.limits,
      searchBytes: this.#options.searchBytes,
      failed: this.#failed,
      takeTurn: turns && (() => this.#takeTurn(turns)),
      signal,
    });
    this.#start(opened);
  }

  #start(opened: OpenedText): void {
    this.#pace.opened();
    this.#wait.end();
    const { source, start, handover } = opened;
    const { name, capabilities } = source;
    const { pod, status } = this.#view;
    const from = handover === "seam" ? undefined : this.#position;
    const instance =
      capabilities.live && pod !== undefined ? { pod: pod.name, restarts: status?.restarts ?? 0 } : undefined;
    this.#text = opened;
    this.#numbers = new LineNumbers(opened, {
      source: name,
      instance,
      from,
      // Only at the beginning: on resume, the position says which lines are needed.
      firstLine: this.#begun ? undefined : this.#options.begin.firstLine,
    });
    const changed = this.#source !== name;
    if (changed && handover === "proved")
      this.#notify("source-changed", `The log continues in source "${name}" at the same position.`, name);
    if (handover === "moved") this.#notify("moved", movedMessage(name), name);
    if (handover === "seam") this.#notify("seam", seamMessage(name), name);
    if (!this.#begun || changed) {
      const { live } = capabilities;
      const { timed } = opened.text;
      const previous = live && this.#view.target.pod?.previous === true;
      const { relative } = this.#numbers;
      this.#events.push({ kind: "opened", view: this.#view, source: name, live, timed, relative, previous });
    }
    const document = documentNotice(opened.text.document);
    if (document !== undefined && !this.#begun) this.#notify(document.notice, document.message);
    if (start.cut === true)
      this.#notify("line-cut", "The first line is incomplete: it begins too far back to be read.");
    // A tail without lines has a position too.
    if (start.relative) this.#position = this.#numbers.position;
    const { tail } = this.#options.begin;
    this.#tailBegins = !this.#begun && tail !== undefined && start.relative;
    if (tail === 0) this.#passBeforeTail(this.#numbers.position);
    this.#begun = true;
    this.#source = name;
  }

  /** Takes a piece of a text, or its end. */
  #add(opened: OpenedText, piece: TextPiece | undefined): void {
    this.#ticks = 0;
    if (piece === undefined) {
      this.#endText();
      this.#atEnd(opened);
    } else this.#take(opened, piece);
  }

  /** Says where a tail begins: whoever resumes before its first line must not have it counted again. */
  #passBeforeTail(after: Position): void {
    if (this.#tailBegins) this.#events.push({ kind: "passed", bytes: 0, after });
    this.#tailBegins = false;
  }

  #take({ text, source }: OpenedText, piece: TextPiece): void {
    if (piece.missing !== undefined) this.#notify("lines-lost", piece.missing);
    if (piece.bytes.length === 0) return;
    const numbered = this.#numbers?.number(piece);
    if (numbered === undefined) return;
    if (piece.lost) this.#notify("lines-lost", lostMessage(source));
    this.#progress = true;
    this.#hasWritten = true;
    this.#position = numbered.after;
    if (numbered.kind === "text") {
      this.#passBeforeTail(numbered.before);
      const { decoding } = text;
      if (decoding !== undefined) this.#notifyDecoded(decoding);
      if (text.replaced && !this.#notifiedReplaced) {
        this.#notifiedReplaced = true;
        this.#notify(
          "bytes-replaced",
          "Some bytes are invalid in the log's encoding and have been replaced by \uFFFD.",
        );
      }
    }
    this.#events.push(numbered);
  }

  #notifyDecoded(decoding: Decoding): void {
    for (const message of decodedMessages(decoding)) {
      if (this.#notifiedDecoded.has(message)) continue;
      this.#notifiedDecoded.add(message);
      this.#notify("decoded", message);
    }
  }

  /** Decides what comes after the end of a text. */
  #atEnd({ source, text }: OpenedText): void {
    const { follow, changes, pollMs, podNamed } = this.#options;
    const view = this.#view;
    const attemptEnded = hasEnded(view.attempt.phase);
    const settled = isSettled(view, source.settleMs, this.#readSince);
    if (this.#progress) this.#pace.succeeded();
    if (!follow) {
      this.#end(!attemptEnded ? "caught-up" : text.delimited && settled ? "complete" : "source-ended");
    } else if (!source.capabilities.live) {
      if (attemptEnded && settled) this.#end(text.delimited ? "complete" : "source-ended");
      else this.#refreshAfter(() => changes.next(pollMs));
    } else if (!this.#containerEnded) {
      this.#refreshAfter(() => this.#nextPoll());
    } else {
      // A read that began after the container had ended has read everything.
      this.#drained = true;
      if (nextRun(view, this.#position, { drained: true, podNamed }).changed !== undefined) return;
      if (attemptEnded || this.#isPodOver()) this.#end("complete");
      else this.#refreshAfter(() => changes.next(Number.POSITIVE_INFINITY));
    }
  }

  /** Decides what comes after a failure. */
  #recover(error: unknown): void {
    const { sources, signal, changes, follow, pollMs, sleep } = this.#options;
    signal.throwIfAborted();
    const view = this.#view;
    if (error instanceof LogReplaced && this.#begun) {
      this.#notify("log-replaced", "The log was replaced or truncated in its store, so the rest is not sent.");
      this.#end("source-ended");
      return;
    }
    if (error instanceof LogDamaged || (error instanceof Failure && error.kind === "damaged" && this.#begun)) {
      const failure = damagedFailure(this.#position?.line ?? 1, error);
      if (!this.#begun) throw failure;
      this.#ended = true;
      this.#events.push({ kind: "end", reason: "source-damaged", failure });
      return;
    }
    if (error instanceof SourceError && this.#begun) {
      if (error.outcome === "not-found" && !this.#hasWritten) {
        // It looked like a log until its first words: another source may have the log.
        this.#failed.set(error.source, error);
        return;
      }
      if (follow && (error.fault === "node-limit" || error.fault === "node-failed") && !this.#pace.isPolling) {
        this.#pace.startPolling();
        if (!this.#notifiedPolling)
          this.#notify("polling", `${error.message} It is read every ${pollMs / 1_000} s instead.`);
        this.#notifiedPolling = true;
        this.#refreshAfter(() => changes.next(pollMs));
        return;
      }
    }
    const isGone = this.#isPodOver() && !sources.some((each) => !each.capabilities.live && each.matches(view.facts));
    const mayCome = error instanceof Failure && !isGone && mayAppear(error, view, sources, this.#endClock(view));
    const leftMs = mayCome ? this.#wait.left() : 0;
    if (mayCome && leftMs > 0) {
      if (this.#begun) this.#notifyPodEnd();
      const hasPods = usesPods(sources, view.facts);
      // A document in place of what was read is a poll that brought nothing.
      const isPoll = error.tries?.some((each) => each.source === this.#source && isDocument(each)) === true;
      const notice = isPoll ? undefined : this.#waiting(waitingMessage(error, view, { hasPods, begun: this.#begun }));
      if (notice !== undefined) this.#events.push(notice);
      // The pod's changes say when a container has started; for anything else, look again.
      const lookMs = isUnstarted(view) ? Number.POSITIVE_INFINITY : pollMs;
      this.#refreshAfter(() => changes.next(Math.min(lookMs, leftMs)));
      return;
    }
    // Nothing follows what was sent: the pod is gone, and no archive has the log.
    if (this.#begun && (this.#hasWritten || isGone) && error instanceof Failure && error.kind === "not-found") {
      if (mayCome && this.#wait.reached !== undefined) this.#notify("waiting", this.#wait.reached);
      this.#end("source-ended");
      return;
    }
    if (!follow || !this.#begun || !isTransient(error)) {
      if (!(error instanceof Failure)) throw error;
      const { retentionDays } = this.#options;
      throw this.#wait.explain(missingLog(error, view, { sources, now: this.#endClock(view), retentionDays }));
    }
    const retryMs = this.#pace.failed(this.#progress);
    if (retryMs === undefined) throw error;
    this.#refreshAfter(() => sleep(retryMs, signal));
  }

  /** Waits until the next plain read is due, if plain reads replace the follow. */
  async #nextPoll(): Promise<void> {
    if (!this.#pace.takePoll()) return;
    await this.#options.changes.next(this.#options.pollMs);
  }

  /** Waits, then takes the container as it is by then. */
  #refreshAfter(pause: () => Promise<void>): void {
    this.#pause = async () => {
      await pause();
      this.#failed.clear();
      await this.#refresh();
    };
  }

  async #refresh(): Promise<void> {
    try {
      this.#view = await this.#options.refresh();
      this.#lookAtPod();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      // Argo Rollouts keeps a metric's ten newest measurements: one that it drops has ended, and does not change.
      if (error.reason === "ATTEMPT_NOT_FOUND" && hasEnded(this.#view.attempt.phase)) return;
      // If the log has not begun, the caller gets the failure.
      if (error.reason !== "RUN_NOT_FOUND" || !this.#begun) throw error;
      this.#notify("run-deleted", "The run was deleted, so the end of its log cannot be determined.");
      this.#end("source-ended");
    }
  }

  /** Whether it is the log of one pod, which never runs again or is gone. */
  #isPodOver(): boolean {
    const { pod } = this.#view;
    return this.#options.endsWithPod === true && (pod === undefined || isOver(pod));
  }

  #isFollowing({ source }: OpenedText): boolean {
    return this.#options.follow && source.capabilities.live;
  }

  #notify(notice: ContainerNotice, message: string, source?: string): void {
    this.#events.push({ kind: "notice", notice, message, ...(source !== undefined && { source }) });
  }

  /** Remembers what Kubernetes did to the pod: the pod may be gone when its log ends. */
  #lookAtPod(): void {
    const name = this.#position?.pod ?? this.#view.pod?.name;
    const pod = this.#view.pods.find((each) => each.name === name);
    if (pod !== undefined) this.#podEnd = { pod: pod.name, message: podEndMessage(pod) };
  }

  /** Says once what Kubernetes did to the pod. */
  #notifyPodEnd(): void {
    const { pod, message } = this.#podEnd ?? {};
    if (pod === undefined || message === undefined || pod === this.#podEndOf) return;
    this.#podEndOf = pod;
    this.#notify("pod-ended", message);
  }

  /** Returns a notice of what the reader waits for, unless it is the last one again. */
  #waiting(message: string): ContainerEvent | undefined {
    if (message === this.#lastWaiting) return undefined;
    this.#lastWaiting = message;
    return { kind: "notice", notice: "waiting", message };
  }

  #end(reason: "complete" | "caught-up" | "source-ended"): void {
    this.#lookAtPod();
    this.#notifyPodEnd();
    this.#ended = true;
    this.#events.push({ kind: "end", reason });
  }
}

function lostMessage({ name, capabilities }: LogSource): string {
  if (capabilities.live) return "Lines are missing here: the node no longer has them.";
  return `Lines are missing here: source "${name}" no longer has them.`;
}

function movedMessage(source: string): string {
  return `The log continues in source "${source}", which lacks lines above or has more: lines are numbered as there.`;
}

function seamMessage(source: string): string {
  return `The position cannot be found in source "${source}", so its whole log follows, including lines above.`;
}
