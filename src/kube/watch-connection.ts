import { Failure } from "../failure.ts";
import { readText, statusFailure, unavailable } from "./answer.ts";
import { isTransient, retryAfter } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { readEvents, type WatchEvent } from "./watch-events.ts";

/** A change, or the word that there was none up to a version. */
export type Change = Exclude<WatchEvent, { readonly type: "ERROR" }>;

/** How a connection ended, where that is no reason to give up. */
export interface WatchEnd {
  /** `ended`: as it should. `expired`: the server no longer has the version to go on from. `broken`: neither. */
  readonly kind: "ended" | "expired" | "broken";
  /** What to say if it does not get better. */
  readonly failure: Failure;
  /** What the server asked to wait, in milliseconds. */
  readonly askedMs?: number | undefined;
  /** Whether the server was there meanwhile: it said something, or the connection lasted. */
  readonly heard: boolean;
}

/** All in milliseconds, but for the length of an object. */
export interface WatchConnectionLimits {
  /** For how long a watch is asked for, but for a tenth more or less. */
  readonly watchMs: number;
  /** How much longer than that a connection may be silent. */
  readonly graceMs: number;
  /** The longest object, in bytes. */
  readonly answerBytes: number;
  /** Tells how much time has passed. */
  readonly now: () => number;
}

/**
 * A connection that lasts so long was a watch, even if nothing happened: what ends sooner, again and again, is trouble.
 */
const LASTING_MS = 1_000;

/**
 * Watches over one connection until it ends.
 *
 * @param path of the list, with a query that says which objects, and from which version on.
 * @throws Failure where the server refuses, or sends what cannot be parsed; the reason of `stop` when it is aborted.
 */
export async function watchOnce(
  path: string,
  open: Transport["open"],
  { watchMs, graceMs, answerBytes, now }: WatchConnectionLimits,
  take: (change: Change) => void,
  stop: AbortSignal,
): Promise<WatchEnd> {
  // Those who began to watch together must not come back together.
  const lastsMs = watchMs * (0.9 + Math.random() / 5);
  const parameters = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${Math.ceil(lastsMs / 1_000)}`;
  const silent = new AbortController();
  const broken = (cause: unknown) => unavailable("The watch on the Kubernetes API server was interrupted.", cause);
  let answeredAt: number | undefined;
  let heard = false;
  const lasted = () =>
    heard || (answeredAt !== undefined && (silent.signal.aborted || now() - answeredAt >= LASTING_MS));

  let timer: NodeJS.Timeout | undefined;
  try {
    const either = AbortSignal.any([stop, silent.signal]);
    const { statusCode, headers, body } = await open(`${path}&${parameters}`, either);
    if (statusCode !== 200) {
      const failure = statusFailure(statusCode, await readText(body, answerBytes, lastsMs + graceMs));
      if (statusCode === 410) return { kind: "expired", failure, heard };
      if (!isTransient(statusCode)) throw failure;
      return { kind: "broken", failure, askedMs: retryAfter(headers), heard };
    }
    answeredAt = now();
    timer = setTimeout(() => silent.abort(), lastsMs + graceMs);
    for await (const event of readEvents(refreshing(body, timer), answerBytes)) {
      if (event.type === "ERROR") {
        const { code, message } = event.object;
        const failure = statusFailure(code ?? 500, JSON.stringify({ message: message ?? "" }));
        if (failure.kind === "refused") throw failure;
        // Whatever it is, a new list is as good a beginning as any: so do the clients of Kubernetes itself.
        return { kind: "expired", failure, heard };
      }
      heard = true;
      take(event);
    }
    return { kind: "ended", failure: broken(new Error("The watch ended immediately.")), heard: lasted() };
  } catch (cause) {
    stop.throwIfAborted();
    if (cause instanceof Failure) throw cause;
    return { kind: "broken", failure: broken(cause), heard: lasted() };
  } finally {
    clearTimeout(timer);
  }
}

/** Any byte is a sign of life. */
async function* refreshing(body: AsyncIterable<Buffer>, timer: NodeJS.Timeout): AsyncGenerator<Buffer> {
  for await (const part of body) {
    timer.refresh();
    yield part;
  }
}
