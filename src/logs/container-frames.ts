import { setImmediate as nextTurn } from "node:timers/promises";
import { looksLikeAnswer, looksLikePage } from "../stream/sniff.ts";
import type { LogEvent } from "./event.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";
import type { LogStream } from "./log-stream.ts";
import type { LineSelector, SelectedEvent } from "./select-lines.ts";
import { SizeLimit } from "./size-limit.ts";

/** How much is looked through, and for how long, before a stream that has nothing to send says how far it is. */
const UNTOLD_BYTES = 16 * 1024 * 1024;
const UNTOLD_MS = 5_000;

const LOOKS_LIKE_PAGE =
  "The store answered with what looks like a web page, not a log: a login form or an error page, perhaps.";
const LOOKS_LIKE_ANSWER = "The store answered with one JSON document, not a log: an error for programs, perhaps.";
const BYTES_REPLACED = "Some bytes are not text in the log's encoding; each is shown as \uFFFD.";
const LINE_CUT = "A line is too long to be looked at whole: whether it matches is told by its beginning.";
const NO_TIMES = "This source tells no times: none are put before lines.";

/** What is read of a container to frames. Returns why its log ends, where it does. */
export async function* sendEvent(
  stream: LogStream,
  name: string,
  selector: LineSelector,
  event: LogEvent,
): AsyncGenerator<LogFrame, EndReasonName | undefined, undefined> {
  for (const selected of selector.take(event)) {
    if (selected.kind === "turn") {
      await nextTurn();
      stream.signal.throwIfAborted();
      continue;
    }
    const frames = framesOf(stream, name, selected);
    let step = frames.next();
    for (; !step.done; step = frames.next()) yield step.value;
    if (step.value !== undefined) return step.value;
  }
  return undefined;
}

/** One event to frames. */
function* framesOf(
  stream: LogStream,
  name: string,
  event: Exclude<SelectedEvent, { readonly kind: "turn" }>,
): Generator<LogFrame, EndReasonName | undefined, undefined> {
  const { request } = stream;
  switch (event.kind) {
    case "opened": {
      if (!stream.begun) {
        const { view, source, live, relative, previous } = event;
        stream.begun = true;
        const container = request.allContainers ? undefined : view;
        yield { kind: "origin", view, container, source, live, relative, previous };
      }
      if (request.timestamps && !event.timed) yield stream.notice("no-times", NO_TIMES);
      return undefined;
    }
    case "notice":
      stream.headMissing ||= event.notice === "head-missing";
      yield stream.notice(event.notice, request.allContainers ? `${name}: ${event.message}` : event.message);
      return undefined;
    case "bytes-replaced":
      yield stream.notice("bytes-replaced", BYTES_REPLACED);
      return undefined;
    case "line-cut":
      yield stream.notice("line-cut", LINE_CUT);
      return undefined;
    case "sent": {
      if (event.offset === 0 && looksLikePage(event.bytes, event.mediaType)) {
        yield stream.notice("looks-like-page", LOOKS_LIKE_PAGE);
      } else if (event.offset === 0 && looksLikeAnswer(event.bytes, event.mediaType)) {
        yield stream.notice("looks-like-answer", LOOKS_LIKE_ANSWER);
      }
      const { piece, reached } = stream.sent.take(event);
      if (piece !== undefined) {
        stream.reached(name, piece.cursor);
        yield {
          kind: "chunk",
          bytes: piece.bytes,
          firstLine: piece.line,
          runs: piece.runs,
          offset: piece.offset,
          container: request.allContainers ? name : undefined,
          attempt: request.wish.attempt === "all" ? stream.attempt : undefined,
          cursor: stream.cursor() ?? (() => ""),
        };
      } else if (reached) stream.reached(name, event.before);
      if (!reached) return undefined;
      const { logBytes } = stream.services.config.limits;
      if (stream.sent.bytes >= logBytes - 4 && (request.limitBytes ?? Number.POSITIVE_INFINITY) > logBytes) {
        throw new SizeLimit(logBytes);
      }
      return "limit-reached";
    }
    case "scanned":
      stream.scanned += event.bytes;
      stream.reached(name, event.cursor);
      if (event.searching && isBudgetSpent(stream)) return "scan-budget-spent";
      if (stream.untold.bytes >= UNTOLD_BYTES || stream.untold.ms >= UNTOLD_MS) {
        yield { kind: "heartbeat", cursor: stream.cursor() };
      }
      return undefined;
    case "until-reached":
      return "until-reached";
    case "end":
      stream.headMissing ||= event.headMissing;
      if (request.allContainers) stream.reached(name, "ended");
      return event.reason;
  }
}

function isBudgetSpent({ request, scanned, startedAt, services }: LogStream): boolean {
  if (request.follow) return false;
  const { scanBytes, scanTime } = services.config.limits;
  return scanned > scanBytes || services.clock.now() - startedAt > scanTime;
}
