import { ConnectError } from "@connectrpc/connect";
import { errorToJson } from "@connectrpc/connect/protocol-connect";
import type { Logger } from "pino";
import * as z from "zod";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { limitExceeded, signInLimit } from "../limits.ts";
import { type Rate, type Refused, takeOrThrow } from "../rate.ts";
import { connectError, countRefusal, httpStatus, logFailure, reportFailure } from "../rpc/errors.ts";
import type { Services } from "../rpc/services.ts";
import { Secret } from "../secret.ts";
import { callerOfSession, originRefused } from "../session/credentials.ts";
import { SESSION_MS } from "../session/renewals.ts";
import { originOf } from "../session/same-origin.ts";
import type { Session } from "../session/sealed-session.ts";
import { clearSessionCookies, sessionCookie } from "../session/session-cookie.ts";
import { authenticateRequest } from "./authenticate-request.ts";
import { clientNetwork } from "./client-network.ts";
import { closedSignal, headersOf, hostOf, type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";
import { ownPath } from "./own-path.ts";
import { failureHeaders, reportPlainFailure } from "./plain-failure.ts";
import { publicOrigin, requestUsesTls } from "./public-url.ts";
import { readBody } from "./request-body.ts";
import { latestEnd, sessionCookies } from "./start-session.ts";

interface SessionServices
  extends Pick<
    Services,
    "authenticator" | "sessions" | "config" | "clock" | "counters" | "renewals" | "providers" | "refusalDelay"
  > {
  readonly signIns: Rate;
}

/** Much larger than any accepted token: whoever sends one that is too long is told so. */
const BODY_BYTES = 256 * 1024;
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
 * Serves `/session`: POST signs in with a token, GET returns the user, DELETE signs out; and `/session/renew`, where POST
 * renews the session.
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
    const renews = request.url?.startsWith("/session/renew") === true;
    const allowed = renews ? "POST" : METHODS;
    if (!allowed.split(", ").includes(method)) {
      sendText(response, 405, `Only ${allowed} ${renews ? "is" : "are"} allowed here.\n`, { allow: allowed });
    } else if (renews) {
      checkOrigin(request);
      await renew(services, request, response, disconnected);
    } else if (method === "DELETE") {
      checkOrigin(request);
      await signOut(services, log, request, response);
    } else if (method === "POST") {
      checkOrigin(request);
      takeSignIn(services, request);
      await signIn(services, request, response, requestMs, disconnected);
    } else {
      const caller = await authenticateRequest(services, request, response, disconnected);
      const hasToken = request.headers.authorization !== undefined;
      const session = hasToken ? undefined : await sessionOf(services, request);
      sendWho(response, services, caller, session);
    }
  } catch (error) {
    if (disconnected.aborted) return;
    await sendFailure(services, response, log, error, disconnected);
  }
}

/** The session in the cookies of a request. */
async function sessionOf({ sessions, config }: Pick<Services, "sessions" | "config">, request: NodeRequest) {
  const headers = headersOf(request);
  const sealed = sessionCookie(headers.get("cookie"), requestUsesTls(request, config));
  return sealed === undefined ? undefined : (await sessions()).open(sealed);
}

/** Before anything of the request is read, so that a rejected request costs nothing. */
export function takeSignIn({ signIns }: Pick<SessionServices, "signIns">, request: NodeRequest): void {
  takeOrThrow(signIns, clientNetwork(request), tooManySignIns);
}

function tooManySignIns({ seconds, perMinute, of }: Refused): Failure {
  const where = of === "key" ? "from your network" : "to this server";
  const message = `More sign-ins ${where} than ${perMinute} per minute, the limit: try again in ${seconds} s.`;
  const next = "A session lasts for hours: sign in once, and have programs send their token with each call.";
  return limitExceeded(signInLimit(of), message, { next, retrySeconds: seconds });
}

async function signIn(
  services: SessionServices,
  request: NodeRequest,
  response: NodeResponse,
  requestMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { authenticator, config, clock } = services;
  const { isForm, token, next } = await readSignIn(request, requestMs, `${config.basePath}/`);
  const network = clientNetwork(request);
  const caller = await authenticator.authenticate(token, signal, { network });
  const now = clock.now();
  const endsAt = latestEnd(config, now, caller.expiresAt);
  const session = { kind: "token", token, expiresAt: Math.min(now + SESSION_MS, endsAt), endsAt } as const;
  await setSession(services, request, response, session);
  if (isForm) sendText(response, 303, "", { location: next });
  else sendWho(response, services, caller, session);
}

/**
 * Renews the session of a request. One that cannot be renewed is left as it is while it is good.
 *
 * Programs that renew without end cost no more than those that sign in.
 */
async function renew(
  services: SessionServices,
  request: NodeRequest,
  response: NodeResponse,
  signal: AbortSignal,
): Promise<void> {
  const { authenticator, renewals, signIns } = services;
  takeSignIn(services, request);
  const network = clientNetwork(request);
  const session = await sessionOf(services, request);
  try {
    const renewed = session && { ...(await renewals.renew(session)), hasExpired: false };
    const caller = await callerOfSession(renewed, authenticator, signal, network);
    if (renewed !== undefined) await setSession(services, request, response, renewed);
    signIns.giveBack(network);
    sendWho(response, services, caller, renewed);
  } catch (error) {
    // Not even many users behind one address are kept from signing in because a provider is down.
    if (error instanceof Failure && error.kind === "unavailable") signIns.giveBack(network);
    const isOver = session === undefined || session.hasExpired;
    if (isOver && error instanceof Failure && error.kind === "unauthenticated") {
      response.setHeader("set-cookie", clearSessionCookies(headersOf(request).get("cookie")));
    }
    throw error;
  }
}

/** Signs out here, and revokes what the provider issued. The response tells where to sign out at the provider. */
async function signOut(
  services: SessionServices,
  log: Logger,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  const { config, providers } = services;
  // First: whatever fails after it, this browser is signed out.
  response.setHeader("set-cookie", clearSessionCookies(headersOf(request).get("cookie")));
  const session = await sessionOf(services, request);
  const flow = session?.kind === "claims" ? providers.flows.find(({ issuer }) => issuer === session.issuer) : undefined;
  if (session?.kind === "claims" && session.refreshToken !== undefined && flow !== undefined) {
    // Nobody has to wait for that: the browser has signed out.
    flow.revoke(session.refreshToken).catch((error: unknown) => logFailure(log, reportFailure(error)));
  }
  const signOutUrl = await flow?.signOutUrl(`${publicOrigin(request, config)}${config.basePath}/sign-in`);
  if (signOutUrl === undefined) sendText(response, 204, "");
  else sendText(response, 200, JSON.stringify({ signOutUrl }), JSON_TYPE);
}

async function setSession(
  services: Pick<Services, "sessions" | "clock" | "config">,
  request: NodeRequest,
  response: NodeResponse,
  session: Session,
): Promise<void> {
  const headers = headersOf(request);
  const secure = requestUsesTls(request, services.config);
  response.setHeader("set-cookie", await sessionCookies(services, session, secure, headers.get("cookie")));
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
  return { isForm, token: new Secret(token), next: ownPath(next, home) };
}

/** The parsers' messages would quote the token. */
function parse(text: string, isForm: boolean): z.infer<typeof Body> {
  try {
    return Body.parse(isForm ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text));
  } catch {
    throw badRequest("The request contains no token.");
  }
}

function checkOrigin(request: NodeRequest): void {
  if (originOf(headersOf(request), hostOf(request)) === "other") throw originRefused();
}

/** @param session the caller's, unless they sent a token. */
function sendWho(response: NodeResponse, { clock }: Pick<Services, "clock">, caller: Caller, session?: Session): void {
  const { username } = caller;
  const { expiresAt = caller.expiresAt, endsAt = caller.expiresAt } = session ?? {};
  // Clocks of browsers may be wrong.
  const expiresIn = expiresAt === undefined ? null : Math.max(0, Math.floor((expiresAt - clock.now()) / 1_000));
  const answer = { username, expires: timeOf(expiresAt), expiresIn, ends: timeOf(endsAt) };
  sendText(response, 200, JSON.stringify(answer), JSON_TYPE);
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

const JSON_TYPE = { "content-type": "application/json" };

async function sendFailure(
  services: SessionServices,
  response: NodeResponse,
  log: Logger,
  error: unknown,
  signal: AbortSignal,
): Promise<void> {
  // For a body that does not arrive in time.
  if (error instanceof ConnectError) {
    countRefusal(error, services.counters.refusals);
    sendText(response, 408, JSON.stringify(errorToJson(error, undefined)), { ...JSON_TYPE, connection: "close" });
    return;
  }
  const reported = await reportPlainFailure(error, services, log, signal);
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
