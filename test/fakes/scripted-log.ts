import { type ConnectRouter, createRouterTransport, type HandlerContext, type Transport } from "@connectrpc/connect";
import {
  AnalysisRunLogService,
  EndReason,
  type GetAnalysisRunLogsRequest,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** A server's side of the contract: a log in pieces, each with a cursor behind which it goes on. */
export interface ScriptedLog {
  readonly routes: (router: ConnectRouter) => void;
  readonly transport: Transport;
  /** What each call asked for. */
  readonly requests: readonly GetAnalysisRunLogsRequest[];
  /** The numbers of all pieces that were sent, in order: each once, where nobody asks for more than is missing. */
  readonly sent: readonly number[];
}

/** The end that a script's log has. */
const COMPLETE = { event: { case: "end", value: { reason: EndReason.COMPLETE } } };

/**
 * @param pieces of the log.
 * @param breakAt asked before each message: the messages to send before the call breaks, or nothing where it goes on. May throw.
 */
export function scriptedLog(
  pieces: readonly string[],
  breakAt: (
    next: number,
    call: number,
    sentInCall: number,
  ) => Iterable<object> | AsyncIterable<object> | undefined = () => undefined,
  onCall: (context: HandlerContext, call: number) => void | Promise<void> = () => {},
): ScriptedLog {
  const requests: GetAnalysisRunLogsRequest[] = [];
  const sent: number[] = [];
  const lineOf = (index: number): number => pieces.slice(0, index).join("").split("\n").length;
  const routes = ({ service }: ConnectRouter): void => {
    service(AnalysisRunLogService, {
      async *getAnalysisRunLogs(request, context): AsyncGenerator<never> {
        const call = requests.push(request);
        await onCall(context, call);
        const start = request.cursor === "" ? 0 : Number(/^piece-(\d+)$/.exec(request.cursor)?.[1]);
        yield {
          event: { case: "origin", value: { metricName: "robot", attempt: 1, containerName: "robot" } },
        } as never;
        for (let next = start; next <= pieces.length; next += 1) {
          const broken = breakAt(next, call, next - start);
          if (broken !== undefined) {
            for await (const message of broken) yield message as never;
            return;
          }
          if (next === pieces.length) break;
          sent.push(next);
          yield { chunk: pieces[next], cursor: `piece-${next + 1}`, firstLine: BigInt(lineOf(next)) } as never;
        }
        yield COMPLETE as never;
      },
    });
  };
  return { routes, transport: createRouterTransport(routes), requests, sent };
}
