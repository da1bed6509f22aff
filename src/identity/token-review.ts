import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import * as z from "zod";
import { type Clock, steadyClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { readAnswer } from "../kube/answer.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { TOKEN_REVIEWS } from "../kube/resources.ts";
import { limitExceeded } from "../limits.ts";
import { type Rate, type Refused, takeOrThrow } from "../rate.ts";
import type { Secret } from "../secret.ts";
import type { Caller } from "./caller.ts";
import { expiryOf } from "./token.ts";

/** Finds the owner of a token. */
export interface Authenticator {
  /**
   * @param token the bearer token of the request, if it has one.
   * @param options.afresh whether to bypass the cache. Default: no.
   * @param options.network of the client, whose invalid tokens are limited. Default: they are not.
   * @throws Failure of kind `unauthenticated` if there is no token or the cluster rejects it; TOO_MANY_SIGN_INS if too
   * many tokens of the network were invalid.
   */
  authenticate(
    token: Secret | undefined,
    signal: AbortSignal,
    options?: { readonly afresh?: boolean; readonly network?: string },
  ): Promise<Caller>;
}

export interface TokenReviewOptions {
  readonly kube: KubeApi;
  readonly clock: Clock;
  /** Accepted audiences: the token must have one of them. Empty: the API server's own. */
  readonly audiences: readonly string[];
  /** Limits the tokens that the cluster rejects, per network. */
  readonly refusals: Rate;
}

/** A caller without the token, which is not cached. */
type Identity = Omit<Caller, "token">;

/** How long a review is cached. */
const CACHE_MS = 10_000;
const CACHED_CALLERS = 10_000;
/** How long a token that was valid is expected to be so still. It is reviewed all the same. */
const TRUST_MS = 3_600_000;
/** Tokens of real issuers are a few KiB; API servers refuse headers of more than about 1 MiB in all. */
const TOKEN_BYTES = 16 * 1024;

const Review = z.object({
  status: z
    .object({
      authenticated: z.boolean().optional(),
      audiences: z.array(z.string()).nullish(),
      user: z
        .object({
          username: z.string().optional(),
          uid: z.string().optional(),
          groups: z.array(z.string()).nullish(),
          extra: z.record(z.string(), z.array(z.string())).nullish(),
        })
        .optional(),
    })
    .optional(),
});

/**
 * Identifies the owner of a token by a TokenReview
 * (https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/).
 *
 * Tokens are cached as hashes only, and reviews for at most ten seconds.
 */
export function createTokenReviewAuthenticator(options: TokenReviewOptions): Authenticator {
  const { kube, clock, audiences, refusals } = options;

  const review = async (token: Secret): Promise<Identity | "unknown"> => {
    const answer = await kube.create(TOKEN_REVIEWS, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token: token.reveal(), ...(audiences.length > 0 && { audiences }) },
    });
    const { status } = readAnswer(Review, answer);
    const username = status?.user?.username;
    if (status?.authenticated !== true || !username) return "unknown";
    // An API server that does not support audiences omits them from its response: then it has not checked the token
    // for ours.
    if (audiences.length > 0 && !audiences.some((each) => status.audiences?.includes(each))) return "unknown";
    return {
      username,
      uid: status.user?.uid || undefined,
      groups: status.user?.groups ?? [],
      extra: status.user?.extra ?? {},
      expiresAt: expiryOf(token),
    };
  };

  const cache = new LRUCache<string, { readonly identity: Identity | "unknown" }, Secret>({
    max: CACHED_CALLERS,
    ttl: CACHE_MS,
    ttlResolution: 0,
    perf: steadyClock(clock),
    // Otherwise callers that wait for a review fail when many others evict it from the cache.
    ignoreFetchAbort: true,
    fetchMethod: async (_hash, _stale, { context: token }) => ({ identity: await review(token) }),
  });

  const newHashes = (ttl: number) =>
    new LRUCache<string, true>({ max: CACHED_CALLERS, ttl, ttlResolution: 0, perf: steadyClock(clock) });
  /** Rejected tokens, apart from the others: whoever sends random ones must not evict callers. */
  const refused = newHashes(CACHE_MS);
  const trusted = newHashes(TRUST_MS);

  /** Reviews a token. One that was not valid before counts against its network until it turns out to be. */
  const reviewOf = async (token: Secret, afresh: boolean, network: string | undefined) => {
    const key = hash("sha256", token.reveal(), "base64");
    if (!afresh && refused.has(key)) return undefined;
    const counted = trusted.has(key) ? undefined : network;
    if (counted !== undefined) takeOrThrow(refusals, counted, tooManyInvalid);
    const known = await cache.fetch(key, { context: token, forceRefresh: afresh }).catch((error: unknown) => {
      // The cluster has not rejected it: it could not be asked.
      if (counted !== undefined) refusals.giveBack(counted);
      throw error;
    });
    const identity = known?.identity;
    if (identity === undefined || identity === "unknown") {
      cache.delete(key);
      trusted.delete(key);
      refused.set(key, true);
      return undefined;
    }
    trusted.set(key, true);
    if (counted !== undefined) refusals.giveBack(counted);
    return identity;
  };

  return {
    async authenticate(token, signal, { afresh = false, network } = {}) {
      if (token === undefined) {
        throw new Failure("unauthenticated", "TOKEN_MISSING", "A bearer token is required.", {
          next: "Send the header `authorization: Bearer TOKEN`, or sign in.",
        });
      }
      const fits = token.reveal().length <= TOKEN_BYTES;
      const identity = fits ? await reviewOf(token, afresh, network) : undefined;
      signal.throwIfAborted();
      if (identity === undefined) {
        const message = "The cluster rejected the token: it is invalid or has expired.";
        throw new Failure("unauthenticated", "TOKEN_REFUSED", message, {
          next: "Sign in again, or request a new token.",
        });
      }
      return { ...identity, token };
    },
  };
}

function tooManyInvalid({ seconds, perMinute, of }: Refused): Failure {
  const limit = of === "key" ? "limits.signInsPerAddress" : "limits.signIns";
  const whose = of === "key" ? "of your network" : "of all clients";
  const message = `The cluster rejected more tokens ${whose} than ${perMinute} per minute, the limit.`;
  return limitExceeded(limit, message, { next: `Try again in ${seconds} s.`, retrySeconds: seconds });
}
