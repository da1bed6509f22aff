import { logRequestOf, readWritten } from "../../../src/demo/read-log.ts";
import type { WrittenLog } from "../../../src/demo/written-log.ts";
import type { Answer } from "../../fakes/scripted-store.ts";

/** A kubelet's answers for a container that writes a log. */
export interface WrittenAnswer {
  readonly answer: Answer;
  /** The container has ended: responses that follow it end after the last line. */
  end(): void;
}

/** Serves a log like a kubelet, with `follow`, `timestamps`, `tailLines` and `sinceTime`. */
export function answerWritten(log: WrittenLog): WrittenAnswer {
  const ended = Promise.withResolvers<void>();
  let isOver = false;
  return {
    answer: async (response, request) => {
      const leaving = new AbortController();
      response.once("close", () => leaving.abort());
      const query = new URL(request.url ?? "/", "http://kubelet").searchParams;
      const untilEnd = (signal: AbortSignal): Promise<void> =>
        Promise.race([
          ended.promise,
          new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true })),
        ]);
      const pieces = readWritten(log, logRequestOf(query), () => isOver, untilEnd, leaving.signal);
      response.writeHead(200, { "content-type": "text/plain" }).flushHeaders();
      try {
        for await (const piece of log.through?.(pieces, query) ?? pieces) response.write(piece);
        response.end();
      } catch {
        response.destroy();
      }
    },
    end: () => {
      isOver = true;
      ended.resolve();
    },
  };
}
