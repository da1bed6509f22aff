import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type Clock, steadyClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { limitExceeded, signInLimit } from "../limits.ts";
import { type Rate, type Refused, takeOrThrow } from "../rate.ts";
import { Secret } from "../secret.ts";
import type { Caller, VerifiedClaims } from "./caller.ts";
import { issuerOf } from "./token.ts";

/** Finds the owner of a token, or of a session's claims. */
export interface Authenticator {
  /**
   * @param credential the bearer token of the request, or the claims of its session, if it has any.
   * @param options.afresh whether to bypass the cache. Default: no.
   * @param options.network of the client, whose invalid tokens are limited. Default: they are not.
   * @throws Failure of kind `unauthenticated` if there is no token or it is rejected; TOO_MANY_SIGN_INS if too many
   * tokens of the network were invalid; of kind `unavailable` if the token could not be verified.
   */
  authenticate(
    credential: Secret | VerifiedClaims | undefined,
    signal: AbortSignal,
    options?: { readonly afresh?: boolean; readonly network?: string },
  ): Promise<Caller>;
}

/** A caller without the token, which is not cached. */
export type Identity = Omit<Caller, "token" | "claims">;

/** Verifies the tokens of one issuer. */
export interface TokenVerifier {
  /**
   * The `iss` claim of the tokens that it verifies, and nobody else does. `undefined`: all tokens whose issuer has no
   * verifier of its own, and those that are not JWTs.
   */
  readonly issuer: string | undefined;
  /**
   * @throws Failure of kind `unauthenticated` if it rejects the token; any other error means that it cannot tell.
   */
  verify(token: Secret): Promise<Identity>;
  /**
   * Whom the claims of a verified token are about, as `verify` says. Absent: it has no sessions of claims.
   *
   * @throws Failure of kind `unauthenticated` if it rejects them.
   */
  identityOf?(claims: VerifiedClaims): Identity;
}

export interface AuthenticatorOptions {
  /** Their issuers differ. A token that is for none of them is rejected. */
  readonly verifiers: readonly TokenVerifier[];
  readonly clock: Clock;
  /** Limits the rejected tokens, per network. */
  readonly refusals: Rate;
}

/** How long the owner of a token, or its rejection, is cached. */
const CACHE_MS = 10_000;
const CACHED_CALLERS = 10_000;
/** How long a token that was valid is expected to be so still. It is verified all the same. */
const TRUST_MS = 3_600_000;
/** Tokens of real issuers are a few KiB; API servers refuse headers of more than about 1 MiB in all. */
const TOKEN_BYTES = 16 * 1024;

type Outcome =
  | { readonly kind: "known"; readonly identity: Identity }
  | { readonly kind: "rejected"; readonly failure: Failure };

/**
 * Identifies the owners of tokens. The verifier is chosen by the token's issuer, which it then verifies: what it
 * rejects, no other one is asked about.
 *
 * Tokens are cached as hashes only, and their owners for at most ten seconds, and never past the token's expiry.
 */
export function createAuthenticator({ verifiers, clock, refusals }: AuthenticatorOptions): Authenticator {
  const byIssuer = new Map(verifiers.map((each) => [each.issuer, each]));

  const verify = async (token: Secret): Promise<Outcome> => {
    const verifier = byIssuer.get(issuerOf(token)) ?? byIssuer.get(undefined);
    if (verifier === undefined)
      return { kind: "rejected", failure: rejected("No identity provider of this server issued the token.") };
    try {
      return { kind: "known", identity: await verifier.verify(token) };
    } catch (error) {
      if (error instanceof Failure && error.kind === "unauthenticated") return { kind: "rejected", failure: error };
      throw error;
    }
  };

  const cache = new LRUCache<string, Outcome, Secret>({
    max: CACHED_CALLERS,
    ttl: CACHE_MS,
    ttlResolution: 0,
    perf: steadyClock(clock),
    // Otherwise callers that wait for a review fail when many others evict it from the cache.
    ignoreFetchAbort: true,
    fetchMethod: async (_hash, _stale, { context: token }) => verify(token),
  });

  const newHashes = <T extends object | true>(ttl: number) =>
    new LRUCache<string, T>({ max: CACHED_CALLERS, ttl, ttlResolution: 0, perf: steadyClock(clock) });
  /** Rejected tokens, apart from the others: whoever sends random ones must not evict callers. */
  const refused = newHashes<Failure>(CACHE_MS);
  const trusted = newHashes<true>(TRUST_MS);

  /** Verifies a token. One that was not valid before counts against its network until it turns out to be. */
  const ownerOf = async (token: Secret, afresh: boolean, network: string | undefined): Promise<Identity> => {
    const key = hash("sha256", token.reveal(), "base64");
    const before = afresh ? undefined : refused.get(key);
    if (before !== undefined) throw before;
    const counted = trusted.has(key) ? undefined : network;
    if (counted !== undefined) takeOrThrow(refusals, counted, tooManyInvalid);
    const forceRefresh = afresh || hasExpired(cache.get(key), clock.now());
    const outcome = await cache.fetch(key, { context: token, forceRefresh }).catch((error: unknown) => {
      // The token is not rejected: it could not be verified.
      if (counted !== undefined) refusals.giveBack(counted);
      throw error;
    });
    if (outcome?.kind !== "known") {
      const failure = outcome?.failure ?? rejected();
      cache.delete(key);
      trusted.delete(key);
      refused.set(key, failure);
      throw failure;
    }
    trusted.set(key, true);
    if (counted !== undefined) refusals.giveBack(counted);
    return outcome.identity;
  };

  const ownerOfClaims = (claims: VerifiedClaims): Identity => {
    if (claims.expiresAt <= clock.now()) throw rejected("The session has expired.", "Sign in again.");
    const identity = byIssuer.get(claims.issuer)?.identityOf?.(claims);
    if (identity !== undefined) return identity;
    throw rejected("The identity provider of the session is no longer accepted.", "Sign in again.");
  };

  return {
    async authenticate(token, signal, { afresh = false, network } = {}) {
      if (token !== undefined && !(token instanceof Secret)) return { ...ownerOfClaims(token), claims: token };
      if (token === undefined) {
        throw new Failure("unauthenticated", "TOKEN_MISSING", "A bearer token is required.", {
          next: "Send the header `authorization: Bearer TOKEN`, or sign in.",
        });
      }
      if (token.reveal().length > TOKEN_BYTES) throw tooLong();
      const identity = await ownerOf(token, afresh, network);
      signal.throwIfAborted();
      return { ...identity, token };
    },
  };
}

/**
 * The refusal of a token.
 *
 * @param message says why, without any part of the token. Default: that it is invalid or has expired.
 */
export function rejected(
  message = "The cluster rejected the token: it is invalid or has expired.",
  next = "Sign in again, or request a new token.",
): Failure {
  return new Failure("unauthenticated", "TOKEN_REFUSED", message, { next });
}

function tooLong(): Failure {
  return rejected(
    `The token is longer than ${TOKEN_BYTES / 1024} KiB.`,
    "Have your identity provider leave claims out of it: often it lists very many groups.",
  );
}

function hasExpired(outcome: Outcome | undefined, now: number): boolean {
  return outcome?.kind === "known" && (outcome.identity.expiresAt ?? Number.POSITIVE_INFINITY) <= now;
}

function tooManyInvalid({ seconds, perMinute, of }: Refused): Failure {
  const whose = of === "key" ? "of your network" : "of all clients";
  const message = `More tokens ${whose} were rejected than ${perMinute} per minute, the limit.`;
  return limitExceeded(signInLimit(of), message, { next: `Try again in ${seconds} s.`, retrySeconds: seconds });
}
