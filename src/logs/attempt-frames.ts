import { Failure } from "../failure.ts";
import type { Selector } from "../runs/selection.ts";
import { allContainers } from "./all-containers.ts";
import { sendEvent } from "./container-frames.ts";
import { openContainer, selectorOf } from "./container-reading.ts";
import type { EndReasonName, LogFrame } from "./frame.ts";
import type { LogStream } from "./log-stream.ts";
import { type AttemptView, viewContainer } from "./view.ts";

/** Which attempt, of which metric. */
type AttemptWish = Pick<Selector, "metric" | "attempt">;

/**
 * Streams the log of one attempt: of one container, or of all of them.
 *
 * @returns why it ended.
 */
export async function* attemptFrames(
  stream: LogStream,
  wish: AttemptWish,
): AsyncGenerator<LogFrame, EndReasonName, undefined> {
  const view = yield* waitForAttempt(stream, wish);
  stream.enter(view);
  if (stream.request.allContainers) return yield* allContainers(stream, view);
  const container = resumedContainer(stream, view) ?? stream.request.wish.container;
  const selected = viewContainer(view, { container, pod: stream.request.wish.pod });
  const { name } = selected.container;
  const selector = selectorOf(stream, name);
  for await (const event of openContainer(stream, view, selected)) {
    const end = yield* sendEvent(stream, name, selector, event);
    if (end !== undefined) return end;
  }
  return "source-ended";
}

/** What was chosen before is not chosen again: it might be another one now. */
function resumedContainer({ resumed }: LogStream, { attempt }: AttemptView): string | undefined {
  return resumed?.attempt === attempt.number ? Object.keys(resumed.containers)[0] : undefined;
}

async function* waitForAttempt(stream: LogStream, wish: AttemptWish): AsyncGenerator<LogFrame, AttemptView, undefined> {
  const { request, services, signal, run } = stream;
  const changes = stream.changes.reader();
  let said = "";
  for (;;) {
    try {
      return await stream.look({ ...wish, running: request.follow }, signal);
    } catch (error) {
      const left = stream.waitUntil - services.clock.now();
      if (!(error instanceof Failure && error.kind === "not-yet") || left <= 0) throw error;
      if (error.message !== said) yield stream.notice("waiting", `Waiting. ${error.message}`);
      said = error.message;
      await changes.next({ run, pods: undefined }, left);
    }
  }
}
