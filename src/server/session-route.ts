import { ConnectError } from "@connectrpc/connect";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "pino";
import * as z from "zod";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { limitExceeded } from "../limits.ts";
import { type Rate, type Refused, takeOrThrow } from "../rate.ts";
import { connectError, countFailure, countRefusal, httpStatus, logFailure, reportFailure } from "../rpc/errors.ts";
import type { Services } from "../rpc/services.ts";
import { Secret } from "../secret.ts";
import { browserUsesTls } from "../session/browser-tls.ts";
import { originRefused } from "../session/credentials.ts";
import { originOf } from "../session/same-origin.ts";
import { clearSessionCookies, excessOf, setSessionCookie } from "../session/session-cookie.ts";
import { authenticateRequest } from "./authenticate-request.ts";
import { clientNetwork } from "./client-network.ts";
import {
  closedSignal,
  headersOf,
  hostOf,
  isEncrypted,
  type NodeRequest,
  type NodeResponse,
  sendText,
} from "./node-http.ts";
import { failureHeaders } from "./plain-failure.ts";
import { readBody } from "./request-body.ts";

interface SessionServices extends Pick<Services, "authenticator" | "sessions" | "config" | "clock" | "counters"> {
  readonly signIns: Rate;
}

/** Larger than any accepted token. */
const BODY_BYTES = 64 * 1024;
const METHODS = "GET, HEAD, POST, DELETE";

const Body = z.object({
  // Terminals wrap long tokens, and put blanks and line breaks into what is copied.
  token: z
    .string()
    .transform((token) => token.replace(/\s+/g, ""))
    .pipe(z.string().min(1)),
  next: z.string().optional(),
});

/**
 * Serves `/session`: POST signs in with a token, GET returns the user, DELETE signs out.
 *
 * The token is reviewed and then kept only by the browser, sealed. A form is answered with a redirect to its `next`, a
 * path of this server; anything else with JSON. POST and DELETE must come from a page of this server, or not from a
 * page.
 *
 * @param requestMs timeout for the whole request, in milliseconds.
 */
export async function serveSession(
  services: SessionServices,
  log: Logger,
  request: NodeRequest,
  response: NodeResponse,
  requestMs: number,
): Promise<void> {
  const disconnected = closedSignal(response);
  try {
    const method = request.method ?? "";
    if (method === "GET" || method === "HEAD") {
      sendWho(response, await authenticateRequest(services, request, response, disconnected));
    } else if (method === "DELETE") {
      checkOrigin(request);
      response.setHeader("set-cookie", clearSessionCookies());
      sendText(response, 204, "");
    } else if (method === "POST") {
      checkOrigin(request);
      // Before anything of the request is read, so that a rejected request costs nothing.
      takeOrThrow(services.signIns, clientNetwork(request, services.config.limits.proxies), tooManySignIns);
      await signIn(services, request, response, requestMs, disconnected);
    } else {
      sendText(response, 405, `Only ${METHODS} are allowed here.\n`, { allow: METHODS });
    }
  } catch (error) {
    if (disconnected.aborted) return;
    sendFailure(services, response, log, error);
  }
}

function tooManySignIns({ seconds, perMinute, of }: Refused): Failure {
  const limit = of === "key" ? "limits.signInsPerAddress" : "limits.signIns";
  const where = of === "key" ? "from your network" : "to this server";
  const message = `More sign-ins ${where} than ${perMinute} per minute, the limit: try again in ${seconds} s.`;
  const next = "A session lasts for hours: sign in once, and have programs send their token with each call.";
  return limitExceeded(limit, message, { next, retrySeconds: seconds });
}

async function signIn(
  { authenticator, sessions, config, clock }: SessionServices,
  request: NodeRequest,
  response: NodeResponse,
  requestMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { isForm, token, next } = await readSignIn(request, requestMs, `${config.basePath}/`);
  const network = clientNetwork(request, config.limits.proxies);
  const caller = await authenticator.authenticate(token, signal, { network });
  const now = clock.now();
  const expiresAt = Math.min(now + config.session.lifetime, caller.expiresAt ?? Number.POSITIVE_INFINITY);
  const sealed = await (await sessions()).seal({ token, expiresAt });
  const excess = excessOf(sealed);
  if (excess > 0) throw tooLarge(excess);
  const secure = browserUsesTls(headersOf(request), isEncrypted(request));
  response.setHeader("set-cookie", [setSessionCookie(sealed, secure, (expiresAt - now) / 1_000)]);
  if (isForm) sendText(response, 303, "", { location: next });
  else sendWho(response, { ...caller, expiresAt });
}

async function readSignIn(request: NodeRequest, requestMs: number, home: string) {
  const type = (request.headers["content-type"] ?? "").split(";", 1)[0]?.trim().toLowerCase();
  const isForm = type === "application/x-www-form-urlencoded";
  if (!isForm && type !== "application/json") throw badRequest("Send the token as JSON or as a form.");
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of readBody(request, requestMs, false)) {
    size += piece.length;
    if (size > BODY_BYTES) throw badRequest(`The request is larger than ${BODY_BYTES} bytes.`);
    pieces.push(piece);
  }
  const { token, next = home } = parse(Buffer.concat(pieces).toString("utf8"), isForm);
  if (!/^[!-~]+$/.test(token)) throw badRequest("The token contains a character that no token has.");
  return { isForm, token: new Secret(token), next: isOwnPath(next) ? next : home };
}

/** The parsers' messages would quote the token. */
function parse(text: string, isForm: boolean): z.infer<typeof Body> {
  try {
    return Body.parse(isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text));
  } catch {
    throw badRequest("The request contains no token.");
  }
}

/** A path of this server, which no browser reads as a URL of another host. */
function isOwnPath(path: string): boolean {
  return /^\/(?![/\\])[!-~]*$/.test(path);
}

function checkOrigin(request: NodeRequest): void {
  if (originOf(headersOf(request), hostOf(request)) === "other") throw originRefused();
}

function sendWho(response: NodeResponse, { username, expiresAt }: Caller): void {
  const expires = expiresAt === undefined || expiresAt === Number.POSITIVE_INFINITY ? null : new Date(expiresAt);
  sendText(response, 200, JSON.stringify({ username, expires }), JSON_TYPE);
}

const JSON_TYPE = { "content-type": "application/json" };

function sendFailure({ counters }: SessionServices, response: NodeResponse, log: Logger, error: unknown): void {
  // For a body that does not arrive in time.
  if (error instanceof ConnectError) {
    countRefusal(error, counters.refusals);
    sendText(response, 408, JSON.stringify(errorToJson(error, undefined)), { ...JSON_TYPE, connection: "close" });
    return;
  }
  const reported = reportFailure(error);
  logFailure(log, reported);
  countFailure(reported, counters.refusals);
  sendText(response, httpStatus(reported.failure), JSON.stringify(errorToJson(connectError(reported), undefined)), {
    ...failureHeaders(reported),
    ...JSON_TYPE,
  });
}

function badRequest(message: string): Failure {
  return new Failure("bad-request", "REQUEST_INVALID", message, {
    next: 'Send {"token": "…"} as application/json, or a form with the field `token`.',
  });
}

function tooLarge(excess: number): Failure {
  const message = `The token is ${excess} bytes too long for a session: browsers reject larger cookies.`;
  return new Failure("bad-request", "TOKEN_TOO_LARGE", message, {
    next: "Sign in with a shorter token, such as a ServiceAccount's: `kubectl create token NAME`.",
  });
}
