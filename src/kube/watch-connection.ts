import { Failure } from "../failure.ts";
import { isRefusal, parseJson, readText, statusFailure, unavailable, unreachable } from "./answer.ts";
import type { KubeConnection } from "./connection.ts";
import type { ReduceLarge } from "./reduced.ts";
import { isTransient, retryAfter } from "./retry.ts";
import type { Transport } from "./transport.ts";
import { readEvents, type WatchEvent } from "./watch-events.ts";

/** A change, or a bookmark: there was none up to a version. */
export type Change = Exclude<WatchEvent, { readonly type: "ERROR" }>;

/** How a connection ended, if the watch can continue. */
export interface WatchEnd {
  /** `ended`: normally. `expired`: the server no longer has the version to continue from. `broken`: otherwise. */
  readonly kind: "ended" | "expired" | "broken";
  /** The failure to report after too many tries. */
  readonly failure: Failure;
  /** The server's `Retry-After`, in milliseconds. */
  readonly askedMs?: number | undefined;
  /** Whether the server responded: it sent an event, or the connection lasted. */
  readonly heard: boolean;
}

/** Times are in milliseconds. */
export interface WatchConnectionLimits {
  /** How long a watch lasts, give or take a tenth. */
  readonly watchMs: number;
  /** How much longer than that a connection may be silent. */
  readonly graceMs: number;
  /** The maximum size of an object, in bytes. */
  readonly answerBytes: number;
  /** A monotonic clock. */
  readonly now: () => number;
  /** Whose credentials are used. Default: this server's own. */
  readonly owner?: KubeConnection["owner"];
}

/**
 * A connection that lasts this long counts as a watch, even without events. Connections that keep ending sooner are a
 * failure.
 */
const LASTING_MS = 1_000;

/**
 * Watches over one connection until it ends.
 *
 * @param path of the list, with a query that selects the objects and the version to start from.
 * @param reduce parses large events in another thread. Default: they are parsed here.
 * @throws Failure if the server refuses, or sends what cannot be parsed; the reason of `stop` when it is aborted.
 */
export async function watchOnce(
  path: string,
  open: Transport["open"],
  { watchMs, graceMs, answerBytes, now, owner }: WatchConnectionLimits,
  take: (change: Change) => void,
  stop: AbortSignal,
  reduce?: ReduceLarge,
): Promise<WatchEnd> {
  // Watches that started together must not be resumed together.
  const lastsMs = watchMs * (0.9 + Math.random() / 5);
  const parameters = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${Math.ceil(lastsMs / 1_000)}`;
  const silent = new AbortController();
  const broken = (cause: unknown) => unavailable("The watch on the Kubernetes API server was interrupted.", cause);
  let answeredAt: number | undefined;
  let heard = false;
  const lasted = () =>
    heard || (answeredAt !== undefined && (silent.signal.aborted || now() - answeredAt >= LASTING_MS));

  const parse = async (text: string) => (reduce === undefined ? parseJson(text) : reduce(text, stop));

  let timer: NodeJS.Timeout | undefined;
  try {
    const either = AbortSignal.any([stop, silent.signal]);
    const { statusCode, headers, body } = await open(`${path}&${parameters}`, either);
    if (statusCode !== 200) {
      const failure = statusFailure(statusCode, await readText(body, answerBytes, lastsMs + graceMs), owner);
      if (statusCode === 410) return { kind: "expired", failure, heard };
      if (!isTransient(statusCode)) throw failure;
      return { kind: "broken", failure, askedMs: retryAfter(headers), heard };
    }
    answeredAt = now();
    timer = setTimeout(() => silent.abort(), lastsMs + graceMs);
    for await (const event of readEvents(refreshing(body, timer), answerBytes, parse)) {
      if (event.type === "ERROR") {
        const { code, message } = event.object;
        const failure = statusFailure(code ?? 500, JSON.stringify({ message: message ?? "" }), owner);
        if (isRefusal(code ?? 500)) throw failure;
        // Restart with a new list, whatever the error is, as Kubernetes' own clients do.
        return { kind: "expired", failure, heard };
      }
      heard = true;
      take(event);
    }
    return { kind: "ended", failure: broken(new Error("The watch ended immediately.")), heard: lasted() };
  } catch (cause) {
    stop.throwIfAborted();
    // Others wait for the thread that parses large events: this is read again.
    if (cause instanceof Failure && cause.reason !== "SERVER_BUSY") throw cause;
    const failure = answeredAt === undefined && owner === "user" ? unreachable(cause, owner) : broken(cause);
    if (failure.kind === "refused") throw failure;
    return { kind: "broken", failure, heard: lasted() };
  } finally {
    clearTimeout(timer);
  }
}

/** Any byte restarts the idle timeout. */
async function* refreshing(body: AsyncIterable<Buffer>, timer: NodeJS.Timeout): AsyncGenerator<Buffer> {
  for await (const part of body) {
    timer.refresh();
    yield part;
  }
}
