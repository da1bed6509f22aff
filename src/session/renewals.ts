import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import type { CodeFlow, Grant } from "../identity/code-flow.ts";
import { sessionExpired } from "./credentials.ts";
import type { OpenedSession, Session } from "./sealed-session.ts";

/** Renews sessions. */
export interface Renewals {
  /**
   * The session as it is from now on. Whoever its user is now still has to be asked.
   *
   * @throws Failure SESSION_EXPIRED if it cannot be renewed; of the provider, if that has to be asked.
   */
  renew(session: OpenedSession): Promise<Session>;
}

/** How long a session is good for without being renewed: whoever copied its cookies has no longer. */
export const SESSION_MS = 10 * 60_000;
/**
 * How long the answer of a provider serves whoever sends the same refresh token again: it may be good only once. A browser
 * that has lost the answer asks again after half a minute.
 */
const ANSWER_MS = 2 * 60_000;
const ANSWERS = 1_000;

/** Renews sessions by asking their providers, once for all who ask at the same time. */
export function createRenewals(flows: readonly CodeFlow[], clock: Clock): Renewals {
  const answers = new LRUCache<string, Promise<Grant>>({
    max: ANSWERS,
    ttl: ANSWER_MS,
    ttlResolution: 0,
    perf: steadyClock(clock),
  });

  const refresh = (
    flow: CodeFlow,
    session: OpenedSession & { readonly kind: "claims" },
  ): Promise<Grant> | undefined => {
    const { refreshToken, claims, issuer } = session;
    if (refreshToken === undefined) return undefined;
    const key = hash("sha256", JSON.stringify([issuer, claims.sub, refreshToken.reveal()]), "base64");
    const known = answers.get(key);
    if (known !== undefined) return known;
    const answer = flow.refresh(refreshToken, claims.sub);
    // Not forgotten while it is awaited, however long that takes.
    answers.set(key, answer, { ttl: 0 });
    answer.then(
      () => void answers.set(key, answer),
      () => void answers.delete(key),
    );
    return answer;
  };

  return {
    async renew(session) {
      const { endsAt } = session;
      const flow = session.kind === "claims" ? flows.find(({ issuer }) => issuer === session.issuer) : undefined;
      const grant = session.kind === "claims" && flow !== undefined ? await refresh(flow, session) : undefined;
      if (grant === undefined && session.hasExpired) throw sessionExpired();
      const latest = Math.min(clock.now() + SESSION_MS, endsAt);
      if (session.kind === "token") return { ...session, expiresAt: latest };
      const { claims = session.claims, expiresAt = latest } = grant?.claims ?? {};
      const { refreshToken = session.refreshToken } = grant ?? {};
      return { ...session, claims, refreshToken, expiresAt: Math.min(latest, expiresAt) };
    },
  };
}
