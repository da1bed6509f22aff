import {
  type ConnectRouter,
  createRouterTransport,
  type HandlerContext,
  type ServiceImpl,
  type Transport,
} from "@connectrpc/connect";
import {
  AnalysisRunLogService,
  EndReason,
  type GetAnalysisRunLogsRequest,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";

/** The server's side of the contract: a log in pieces, each with a cursor that resumes after it. */
export interface ScriptedLog {
  readonly handler: ServiceImpl<typeof AnalysisRunLogService>["getAnalysisRunLogs"];
  /** Only the handler. */
  readonly routes: (router: ConnectRouter) => void;
  /** A transport to a server in this process that has only this handler. */
  readonly transport: Transport;
  /** The request of each call. */
  readonly requests: readonly GetAnalysisRunLogsRequest[];
  /** The numbers of all sent pieces, in order. Each occurs once if clients request only what they lack. */
  readonly sent: readonly number[];
}

/**
 * @param pieces of the log. The cursor after the first one is `piece-1`; `piece-1@TEXT` is the same position.
 * @param breakAt called before each piece and before the end. Returns messages to send instead, after which the call
 * ends, or nothing to continue. May throw.
 * @param onCall called with the number of each call, from 1, before its first message. May throw.
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
  async function* answer(request: GetAnalysisRunLogsRequest, context: HandlerContext): AsyncGenerator<object> {
    const call = requests.push(request);
    await onCall(context, call);
    const start = request.cursor === "" ? 0 : Number(/^piece-(\d+)(?:@.*)?$/.exec(request.cursor)?.[1]);
    yield { event: { case: "origin", value: { metricName: "robot", attempt: 1, containerName: "robot" } } };
    for (let next = start; next <= pieces.length; next += 1) {
      const broken = breakAt(next, call, next - start);
      if (broken !== undefined) {
        yield* broken;
        return;
      }
      if (next === pieces.length) break;
      sent.push(next);
      yield { chunk: pieces[next], cursor: `piece-${next + 1}`, firstLine: BigInt(lineOf(next)) };
    }
    const text = pieces.slice(start).join("");
    const lines = BigInt(text.split("\n").length - (text.endsWith("\n") || text === "" ? 1 : 0));
    const end = { reason: EndReason.COMPLETE, lines, bytes: BigInt(Buffer.byteLength(text)) };
    yield { event: { case: "end", value: end } };
  }
  const handler = answer as ScriptedLog["handler"];
  const routes = ({ service }: ConnectRouter): void => {
    service(AnalysisRunLogService, { getAnalysisRunLogs: handler });
  };
  return { handler, routes, transport: createRouterTransport(routes), requests, sent };
}
