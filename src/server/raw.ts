import type { Logger } from "pino";
import { didYouMean } from "../did-you-mean.ts";
import { Failure } from "../failure.ts";
import type { LogFrame } from "../logs/frame.ts";
import type { LogRequest } from "../logs/log-request.ts";
import { LogSession } from "../logs/session.ts";
import { quoted } from "../quoted.ts";
import { httpStatus } from "../rpc/errors.ts";
import type { Services } from "../rpc/services.ts";
import { originRefused } from "../session/credentials.ts";
import { LINE_FEED } from "../stream/characters.ts";
import { authenticateRequest } from "./authenticate-request.ts";
import {
  breakOff,
  closedSignal,
  type NodeRequest,
  type NodeResponse,
  STREAM_HEADERS,
  sendHead,
  sendText,
  TEXT_HEADERS,
  writeBody,
} from "./node-http.ts";
import { failureHeaders, failureText, reportPlainFailure } from "./plain-failure.ts";
import { readRunPath } from "./run-path.ts";
import { sharedTurn } from "./shared-turn.ts";

const PARAMETERS = [
  "metric",
  "attempt",
  "container",
  "pod",
  "all_pods",
  "follow",
  "tail",
  "wait",
  "document",
  "download",
  "errors",
] as const;

/**
 * Serves the log as plain text: `GET /raw/{project}/{run}`, with the parameters
 * `metric=&attempt=&container=&pod=&all_pods=1&follow=1&tail=&wait=&document=show&download=1&errors=text`.
 *
 * A failure before the first byte has the status of the error table. After it, the body is broken off, so that no
 * client takes it for complete. With `errors=text`, both are reported in the body with status 200, in the last lines:
 * for clients that show whatever they receive.
 */
export async function serveRaw(
  services: Services,
  log: Logger,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  const gone = closedSignal(response);
  const url = new URL(request.url ?? "/", "http://localhost");
  const asText = url.searchParams.get("errors") === "text";
  let begun = false;
  let sent = 0;
  let session: LogSession | undefined;
  /** The pod of the last chunk, and whether it ended inside a line. */
  let last = { pod: "", isPartial: false };
  try {
    refuseProbe(request, url.searchParams);
    const caller = await authenticateRequest(services, request, response, gone);
    session = new LogSession(services, caller, rawRequest(request.url ?? "", url.searchParams), gone);
    for (;;) {
      // Before a frame is taken: what is taken is written at once, or the stream might have been stopped meanwhile.
      await sharedTurn(sent);
      const frame = await session.next();
      if (frame === undefined) break;
      if (!begun && (frame.kind === "origin" || (frame.kind === "notice" && frame.notice === "waiting"))) {
        begun = true;
        sendHead(response, 200, { ...TEXT_HEADERS, ...STREAM_HEADERS, ...disposition(url, frame) });
        if (request.method === "HEAD") break;
      } else if (frame.kind === "chunk") {
        // A log may end inside a line, and another one follow.
        const pod = frame.pod?.name ?? "";
        if (last.isPartial && last.pod !== pod) await writeBody(response, Uint8Array.of(LINE_FEED), gone);
        last = { pod, isPartial: frame.bytes.at(-1) !== LINE_FEED };
        sent += frame.bytes.length;
        await writeBody(response, frame.bytes, gone);
      } else if (frame.kind === "end" && frame.failure !== undefined) {
        throw frame.failure;
      }
    }
    response.end();
  } catch (error) {
    if (gone.aborted) return;
    const reported = await reportPlainFailure(error, services, log, gone);
    if (!begun)
      sendText(response, asText ? 200 : httpStatus(reported.failure), failureText(reported), failureHeaders(reported));
    else if (asText) response.end(`\n${failureText(reported)}`);
    else breakOff(response);
  } finally {
    session?.close();
  }
}

/**
 * Refuses what a page of another site could use in its visitor's name: a download keeps the page's window, so that the
 * page learns whether its visitor may read the run, and a follow holds a stream open.
 */
function refuseProbe(request: NodeRequest, parameters: URLSearchParams): void {
  if (request.headers["sec-fetch-site"] !== "cross-site") return;
  if (parameters.has("download") || parameters.has("follow")) throw originRefused();
}

function rawRequest(target: string, parameters: URLSearchParams): LogRequest {
  for (const key of parameters.keys()) {
    if ((PARAMETERS as readonly string[]).includes(key)) continue;
    const near = didYouMean(key, PARAMETERS);
    throw badRequest(
      `Unknown parameter ${quoted(key)}.`,
      near ? `Did you mean "${near}"?` : `The parameters are ${PARAMETERS.join(", ")}.`,
    );
  }
  const get = (key: (typeof PARAMETERS)[number]) => parameters.get(key) || undefined;
  return {
    run: readRunPath(target, "/raw/"),
    selector: {
      metric: get("metric"),
      attempt: attemptSelector(get("attempt")),
      container: get("container"),
      pod: get("pod"),
    },
    allPods: flag("all_pods", get("all_pods")),
    follow: flag("follow", get("follow")),
    tail: count("tail", get("tail")),
    waitMs: seconds(get("wait")),
    showDocument: isShow(get("document")),
  };
}

function attemptSelector(text: string | undefined): LogRequest["selector"]["attempt"] {
  if (text === undefined || text === "last" || text === "failed") return text;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalidValue("attempt", text, "a number, counted from 1, or last, or failed");
}

function flag(name: "follow" | "all_pods", text: string | undefined): boolean {
  if (text === undefined || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw invalidValue(name, text, "1 or 0");
}

function count(name: "tail", text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw invalidValue(name, text, "a number of lines, at most 9999999");
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}s?$/.test(text)) return Number.parseInt(text, 10) * 1_000;
  throw invalidValue("wait", text, "a number of seconds, at most 999999");
}

function isShow(text: string | undefined): boolean {
  if (text === undefined || text === "show") return text === "show";
  throw invalidValue("document", text, "show");
}

function invalidValue(name: (typeof PARAMETERS)[number], text: string, expected: string): Failure {
  return badRequest(
    `Invalid value ${quoted(text)} for ${name}: use ${expected}.`,
    "Correct the parameter, or omit it.",
  );
}

function badRequest(message: string, next: string): Failure {
  return new Failure("bad-request", "REQUEST_INVALID", message, { next });
}

function disposition(url: URL, frame: LogFrame): Record<string, string> {
  if (url.searchParams.get("download") !== "1") return {};
  // While the job is awaited, the selection is not known yet.
  const parts =
    frame.kind === "origin" && frame.container !== undefined
      ? [frame.view.run.name, frame.view.metric.name, frame.view.attempt.number, frame.container.container.name]
      : [url.pathname.split("/").at(-1) ?? ""];
  const name = parts
    .join(".")
    .replace(/[^-.\w]+/g, "_")
    .slice(-200);
  return { "content-disposition": `attachment; filename="${name}.log"` };
}
