import { readContainerLog } from "./container-log.ts";
import type { LogEvent } from "./event.ts";
import type { LogStream } from "./log-stream.ts";
import { createLineSelector, type LineSelector } from "./select-lines.ts";
import { type AttemptView, type ContainerView, viewContainer } from "./view.ts";

/** Short logs of one line over and over compress better than any ratio that a bomb could not have too. */
const RATIO_FREE_BYTES = 64 * 1024 * 1024;

/** Begins to read one container's log, or goes on with it. */
export function openContainer(
  stream: LogStream,
  view: AttemptView,
  selected: ContainerView,
): AsyncGenerator<LogEvent, void, undefined> {
  const { services, request, resumed, signal, changes, waitUntil } = stream;
  const { limits, follow } = services.config;
  const { name } = selected.container;
  const state = resumed?.attempt === view.attempt.number ? resumed.containers[name] : undefined;
  const fixed = { metric: view.metric.name, attempt: view.attempt.number };
  const wish = { container: name, pod: request.wish.pod };
  return readContainerLog({
    view: selected,
    look: async (stopped) => viewContainer(await stream.look(fixed, stopped), wish),
    sources: services.sources,
    changes: changes.reader(),
    podNamed: request.wish.pod !== undefined,
    begin: { tail: request.tail, firstLine: request.firstLine, since: request.since },
    position: typeof state === "object" ? state.position : undefined,
    follow: request.follow === true,
    waitUntil,
    pollMs: follow.poll,
    limits: { ratio: limits.decompressionRatio, ratioFreeBytes: RATIO_FREE_BYTES },
    clock: services.clock,
    wait: services.wait,
    signal,
  });
}

/** Chooses the lines of one container's log, or goes on choosing. */
export function selectorOf(stream: LogStream, name: string): LineSelector {
  const state = stream.resumed?.attempt === stream.attempt ? stream.resumed.containers[name] : undefined;
  return createLineSelector(stream.filter, typeof state === "object" ? state : undefined);
}
