import type { Config } from "../config/schema.ts";
import { Failure } from "../failure.ts";
import { quoted } from "../quoted.ts";
import type { Services } from "../rpc/services.ts";
import type { Session } from "../session/sealed-session.ts";
import { excessOf, setSessionCookies } from "../session/session-cookie.ts";

/**
 * Seals a session.
 *
 * @param secure whether the browser uses TLS.
 * @param before the `cookie` header of the request.
 * @returns the `set-cookie` headers that store it.
 * @throws Failure SESSION_TOO_LARGE
 */
export async function sessionCookies(
  { sessions, clock }: Pick<Services, "sessions" | "clock">,
  session: Session,
  secure: boolean,
  before: string | null,
): Promise<readonly string[]> {
  const sealed = await (await sessions()).seal(session);
  const excess = excessOf(sealed);
  if (excess > 0) throw tooLarge(session, excess);
  const keptUntil =
    session.kind === "claims" && session.refreshToken !== undefined ? session.endsAt : session.expiresAt;
  return setSessionCookies(sealed, secure, (keptUntil - clock.now()) / 1_000, before);
}

/** When a session ends that begins now, at the latest. */
export function latestEnd({ session }: Pick<Config, "session">, now: number, tokenExpiresAt?: number): number {
  return Math.min(now + session.lifetime, tokenExpiresAt ?? Number.POSITIVE_INFINITY);
}

/** How many of the largest parts of a session are named. */
const NAMED = 3;

function tooLarge(session: Session, excess: number): Failure {
  const message = `The session is ${excess} bytes larger than browsers keep.`;
  if (session.kind === "token") {
    return new Failure("bad-request", "SESSION_TOO_LARGE", message, {
      next: "Sign in with a shorter token, such as a ServiceAccount's: `kubectl create token NAME`.",
    });
  }
  const { claims, refreshToken } = session;
  const parts = Object.entries(claims).map(([name, value]) => [`the claim ${quoted(name)}`, sizeOf(value)] as const);
  const all = [...parts, ["the refresh token", refreshToken?.reveal().length ?? 0] as const];
  const largest = all.sort(([, one], [, other]) => other - one).slice(0, NAMED);
  const words = largest.map(([name, bytes]) => `${name} (${bytes} bytes)`).join(", ");
  return new Failure("bad-request", "SESSION_TOO_LARGE", message, {
    next: `Ask an administrator to have the identity provider shorten or leave out: ${words}.`,
  });
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? "");
}
