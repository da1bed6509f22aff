import type { Logger } from "pino";
import { CLIENT_LEFT } from "../abort-reasons.ts";
import { didYouMean } from "../did-you-mean.ts";
import { Failure } from "../failure.ts";
import type { LogFrame } from "../logs/frame.ts";
import type { LogRequest } from "../logs/log-request.ts";
import { LogSession } from "../logs/session.ts";
import { quoted } from "../quoted.ts";
import { httpStatus, type ToldFailure, tellFailure } from "../rpc/errors.ts";
import { logFailure } from "../rpc/failure-log.ts";
import type { Services } from "../rpc/services.ts";
import { authenticateRequest } from "./authenticate-request.ts";
import {
  breakOff,
  type NodeRequest,
  type NodeResponse,
  STREAM_HEADERS,
  sendHead,
  sendText,
  TEXT_HEADERS,
  writeBody,
} from "./node-http.ts";

const PARAMETERS = ["metric", "attempt", "container", "pod", "follow", "tail", "wait", "download", "errors"] as const;

/**
 * Serves `GET /raw/{project}/{run}?metric=&attempt=&container=&pod=&follow=1&tail=&wait=&download=1&errors=text`: the log as plain text.
 *
 * Before the first byte, a failure has the status of the error table. After it, the body is cut off so that no client takes it for whole. With `errors=text` both come as
 * text with status 200, the last line saying what failed: for clients that show whatever comes.
 */
export async function serveRaw(
  services: Services,
  log: Logger,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort(CLIENT_LEFT));
  const url = new URL(request.url ?? "/", "http://localhost");
  const asText = url.searchParams.get("errors") === "text";
  let begun = false;
  let session: LogSession | undefined;
  try {
    const caller = await authenticateRequest(services, request, response, gone.signal);
    session = new LogSession(services, caller, rawRequest(request.url ?? "", url.searchParams), gone.signal);
    for (let frame = await session.next(); frame !== undefined; frame = await session.next()) {
      if (!begun && (frame.kind === "origin" || (frame.kind === "notice" && frame.notice === "waiting"))) {
        begun = true;
        sendHead(response, 200, { ...TEXT_HEADERS, ...STREAM_HEADERS, ...disposition(url, frame) });
        if (request.method === "HEAD") break;
      } else if (frame.kind === "chunk") {
        await writeBody(response, frame.bytes, gone.signal);
      } else if (frame.kind === "end" && frame.failure !== undefined) {
        throw frame.failure;
      }
    }
    response.end();
  } catch (error) {
    if (gone.signal.aborted) return;
    const told = tellFailure(error);
    logFailure(log, told);
    if (!begun) sendText(response, asText ? 200 : httpStatus(told.failure), failureText(told), challenge(told));
    else if (asText) response.end(`\n${failureText(told)}`);
    else breakOff(response);
  } finally {
    session?.close();
  }
}

function rawRequest(target: string, parameters: URLSearchParams): LogRequest {
  for (const key of parameters.keys()) {
    if ((PARAMETERS as readonly string[]).includes(key)) continue;
    const near = didYouMean(key, PARAMETERS);
    throw badRequest(
      `There is no parameter ${quoted(key)}.`,
      near ? `Did you mean "${near}"?` : `There are: ${PARAMETERS.join(", ")}.`,
    );
  }
  // As it was sent: a URL has its dots resolved and its backslashes turned, and then names something else.
  const [path = ""] = target.split("?", 1);
  const [namespace = "", name = "", ...more] = path.slice("/raw/".length).split("/").map(decode);
  if (more.length > 0) throw badRequest("The path is not /raw/PROJECT/RUN.", "Correct the address.");
  const get = (key: (typeof PARAMETERS)[number]) => parameters.get(key) || undefined;
  return {
    run: { namespace, name },
    wish: { metric: get("metric"), attempt: attemptWish(get("attempt")), container: get("container"), pod: get("pod") },
    follow: flag("follow", get("follow")),
    tail: count("tail", get("tail")),
    waitMs: seconds(get("wait")),
  };
}

function attemptWish(text: string | undefined): LogRequest["wish"]["attempt"] {
  if (text === undefined || text === "last" || text === "failed") return text;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw badRequest(`${quoted(text)} is not an attempt.`, "Give its number, counted from 1, or `last`, or `failed`.");
}

function flag(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "0" || text === "false") return false;
  if (text === "1" || text === "true") return true;
  throw badRequest(`${quoted(text)} is nothing that ${name} can be.`, `Give ${name}=1, or leave it out.`);
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw badRequest(`${quoted(text)} is nothing that ${name} can be.`, "Give a number of lines, at most 9999999.");
}

function seconds(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}s?$/.test(text)) return Number.parseInt(text, 10) * 1_000;
  throw badRequest(`${quoted(text)} is nothing that wait can be.`, "Give a number of seconds.");
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw badRequest("The path is not well encoded.", "Correct the address.");
  }
}

function badRequest(message: string, next: string): Failure {
  return new Failure("bad-request", "REQUEST_INVALID", message, { next });
}

/** What, a line for each source that was asked, what to do, and what to tell an operator. */
function failureText({ failure, reference }: ToldFailure): string {
  const { reason, message, next, tries } = failure;
  return [
    `taffrail: ${message} (${reason})`,
    ...(tries ?? []).map((each) => `  source ${each.source}: ${each.message}`),
    ...(next === undefined ? [] : [`  next: ${next}`]),
    `  ref: ${reference}`,
    "",
  ].join("\n");
}

function challenge({ failure }: ToldFailure): Record<string, string> {
  return failure.kind === "unauthenticated" ? { "www-authenticate": "Bearer" } : {};
}

function disposition(url: URL, frame: LogFrame): Record<string, string> {
  if (url.searchParams.get("download") !== "1") return {};
  // What was chosen is not known yet where it is waited for.
  const chosen =
    frame.kind === "origin" && frame.container !== undefined
      ? [frame.view.run.name, frame.view.metric.name, frame.view.attempt.number, frame.container.container.name]
      : [url.pathname.split("/").at(-1) ?? ""];
  const name = chosen
    .join(".")
    .replace(/[^-.\w]+/g, "_")
    .slice(-200);
  return { "content-disposition": `attachment; filename="${name}.log"` };
}
