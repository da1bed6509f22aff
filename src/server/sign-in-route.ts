import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import { Failure } from "../failure.ts";
import type { CodeFlow } from "../identity/code-flow.ts";
import type { Rate } from "../rate.ts";
import { isForOperators } from "../rpc/errors.ts";
import type { Services } from "../rpc/services.ts";
import {
  clearPendingCookie,
  PENDING_MS,
  type PendingSignIn,
  pendingCookie,
  setPendingCookie,
} from "../session/pending-sign-in.ts";
import { SESSION_MS } from "../session/renewals.ts";
import { originOf } from "../session/same-origin.ts";
import { cookieName } from "../session/session-cookie.ts";
import { clientNetwork } from "./client-network.ts";
import { closedSignal, headersOf, hostOf, type NodeRequest, type NodeResponse, sendText } from "./node-http.ts";
import { ownPath } from "./own-path.ts";
import { reportPlainFailure } from "./plain-failure.ts";
import { publicOrigin, requestUsesTls } from "./public-url.ts";
import { takeSignIn } from "./session-route.ts";
import { latestEnd, sessionCookies } from "./start-session.ts";

interface SignInServices
  extends Pick<
    Services,
    "authenticator" | "sessions" | "pendingSignIns" | "config" | "clock" | "counters" | "providers" | "refusalDelay"
  > {
  readonly signIns: Rate;
}

interface Answer {
  /** Where the browser goes. */
  readonly location: string;
  readonly cookies: readonly string[];
}

const RANDOM_BYTES = 32;
/** For how long the page can read why a sign-in failed, in seconds. */
const FAILURE_SECONDS = 60;

/**
 * Serves the sign-in with an identity provider, by redirects of the browser:
 *
 * - `/session/login?provider=&next=` leads to the provider. What is needed later goes into a short-lived sealed cookie,
 *   so that only this browser can finish the sign-in, at any replica.
 * - `/session/callback` is where the provider sends the browser back to. It starts the session and leads to `next`.
 *
 * A failure leads to the page for signing in, which shows it. Codes and states are in no address that stays in the
 * browser's history, and in no log line.
 */
export async function serveSignIn(
  services: SignInServices,
  log: Logger,
  request: NodeRequest,
  response: NodeResponse,
): Promise<void> {
  if (request.method !== "GET") {
    sendText(response, 405, "Only GET is allowed here.\n", { allow: "GET" });
    return;
  }
  const disconnected = closedSignal(response);
  const url = new URL(request.url ?? "/", "http://localhost");
  const begins = url.pathname === "/session/login";
  let answer: Answer;
  try {
    takeSignIn(services, request);
    answer = begins
      ? await begin(services, request, url.searchParams)
      : await finish(services, request, url.searchParams, disconnected);
  } catch (error) {
    if (disconnected.aborted) return;
    answer = await failed(services, log, request, url.searchParams, error, disconnected);
  }
  response.setHeader("set-cookie", [...answer.cookies]);
  sendText(response, 303, "", { location: answer.location, "referrer-policy": "no-referrer" });
}

async function begin(
  { config, clock, providers, pendingSignIns }: SignInServices,
  request: NodeRequest,
  query: URLSearchParams,
): Promise<Answer> {
  const headers = headersOf(request);
  if (originOf(headers, hostOf(request)) === "other") {
    throw new Failure("denied", "ORIGIN_REFUSED", "This sign-in was not begun on a page of this server.", {
      next: "Choose how to sign in.",
    });
  }
  const flow = flowOf(providers.flows, query.get("provider"));
  const origin = publicOrigin(request, config);
  const checks = {
    redirectUri: `${origin}${config.basePath}/session/callback`,
    state: random(),
    nonce: random(),
    verifier: random(),
  };
  const location = await flow.begin(checks, query.get("again") === "1");
  const next = ownPath(query.get("next"), `${config.basePath}/`);
  const pending = { ...checks, provider: flow.name, next, expiresAt: clock.now() + PENDING_MS };
  const sealed = await (await pendingSignIns()).seal(pending);
  const secure = requestUsesTls(request, config);
  return { location: location.href, cookies: setPendingCookie(sealed, checks.state, secure, headers.get("cookie")) };
}

async function finish(
  services: SignInServices,
  request: NodeRequest,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Answer> {
  const { authenticator, config, clock, providers, signIns } = services;
  const pending = await pendingOf(services, request, query);
  if (pending === undefined) {
    throw new Failure("unauthenticated", "SIGN_IN_UNKNOWN", "This sign-in was not begun in this browser, or is over.", {
      next: "Sign in again.",
    });
  }
  const flow = flowOf(providers.flows, pending.provider);
  const { claims, refreshToken } = await flow.finish(query, pending);
  if (claims === undefined) throw new Error("A code was exchanged for no ID token.");
  // Whoever may not sign in with a token may not do so with its claims.
  await authenticator.authenticate(claims, signal);
  const now = clock.now();
  // Without a refresh token, the session is good for no longer than the ID token is.
  const endsAt = latestEnd(config, now, refreshToken === undefined ? claims.expiresAt : undefined);
  const expiresAt = Math.min(now + SESSION_MS, endsAt, claims.expiresAt);
  const session = { kind: "claims", ...claims, refreshToken, expiresAt, endsAt } as const;
  const secure = requestUsesTls(request, config);
  const cookies = await sessionCookies(services, session, secure, headersOf(request).get("cookie"));
  signIns.giveBack(clientNetwork(request));
  return { location: pending.next, cookies: [...cookies, ...clearPendingCookie(pending.state, secure)] };
}

/** The sign-in that this browser began, if the provider's answer is for it. */
async function pendingOf(
  { config, clock, pendingSignIns }: Pick<SignInServices, "config" | "clock" | "pendingSignIns">,
  request: NodeRequest,
  query: URLSearchParams,
): Promise<PendingSignIn | undefined> {
  const state = query.get("state") ?? "";
  const sealed = pendingCookie(headersOf(request).get("cookie"), state, requestUsesTls(request, config));
  const pending = sealed === undefined ? undefined : await (await pendingSignIns()).open(sealed);
  return pending?.state === state && pending.expiresAt > clock.now() ? pending : undefined;
}

/** To the page for signing in, which reads the failure from a cookie: a link cannot make it show a text. */
async function failed(
  services: SignInServices,
  log: Logger,
  request: NodeRequest,
  query: URLSearchParams,
  error: unknown,
  signal: AbortSignal,
): Promise<Answer> {
  const { config } = services;
  const { failure, reference } = await reportPlainFailure(error, services, log, signal);
  const { kind, reason, message, next: hint = "" } = failure;
  // What the user may have to tell an operator.
  const advice = isForOperators(kind) ? `${hint} Reference: ${reference}.`.trimStart() : hint;
  const pending = await pendingOf(services, request, query).catch(() => undefined);
  const home = `${config.basePath}/`;
  const next = pending?.next ?? ownPath(query.get("next"), home);
  const secure = requestUsesTls(request, config);
  const text = Buffer.from(JSON.stringify({ reason, message, next: advice })).toString("base64url");
  const name = cookieName("taffrail-sign-in-failure", secure);
  const shown = `${name}=${text}; Path=/; SameSite=Strict${secure ? "; Secure" : ""}; Max-Age=${FAILURE_SECONDS}`;
  const search = new URLSearchParams({ failed: reason, ...(next !== home && { next }) });
  return {
    location: `${config.basePath}/sign-in?${search}`,
    cookies: [shown, ...(pending === undefined ? [] : clearPendingCookie(pending.state, secure))],
  };
}

function flowOf(flows: readonly CodeFlow[], name: string | null): CodeFlow {
  const found = flows.find((each) => each.name === name);
  if (found !== undefined) return found;
  throw new Failure("not-found", "IDENTITY_PROVIDER_UNKNOWN", "There is no identity provider of this name.", {
    next: "Choose how to sign in.",
  });
}

function random(): string {
  return randomBytes(RANDOM_BYTES).toString("base64url");
}
