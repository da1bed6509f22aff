import { hash } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { type Clock, steadyClock } from "../clock.ts";
import { Failure } from "../failure.ts";
import { readAnswer } from "../kube/answer.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { TOKEN_REVIEWS } from "../kube/resources.ts";
import type { Secret } from "../secret.ts";
import type { Caller } from "./caller.ts";
import { expiryOf } from "./token.ts";

/** Tells who owns a token. */
export interface Authenticator {
  /**
   * @param token what stood after `Bearer` in the request, if anything did.
   * @param options.afresh whether to ask the cluster although it was asked a moment ago. Default: no.
   * @throws Failure of kind `unauthenticated` when there is no token or the cluster does not know it.
   */
  authenticate(
    token: Secret | undefined,
    signal: AbortSignal,
    options?: { readonly afresh?: boolean },
  ): Promise<Caller>;
}

export interface TokenReviewOptions {
  readonly kube: KubeApi;
  readonly clock: Clock;
  /** The audiences of which one must stand in the token. Empty: the API server's own. */
  readonly audiences: readonly string[];
}

/** A caller without the token, which is not kept. */
type Identity = Omit<Caller, "token">;

/** For how long an answer is used again. */
const CACHE_MS = 10_000;
const CACHED_CALLERS = 10_000;
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
 * Asks the cluster who owns a token, by a TokenReview
 * (https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/).
 *
 * Tokens are kept as hashes only, and no answer for longer than ten seconds.
 */
export function createTokenReviewAuthenticator(options: TokenReviewOptions): Authenticator {
  const { kube, clock, audiences } = options;

  const review = async (token: Secret): Promise<Identity | "unknown"> => {
    const answer = await kube.create(TOKEN_REVIEWS, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      spec: { token: token.reveal(), ...(audiences.length > 0 && { audiences }) },
    });
    const { status } = readAnswer(Review, answer);
    const username = status?.user?.username;
    if (status?.authenticated !== true || !username) return "unknown";
    // An API server that does not know of audiences leaves them out of its answer: then the token was not checked for
    // ours.
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
    // Else whoever waits fails when a flood of others pushes the question out.
    ignoreFetchAbort: true,
    fetchMethod: async (_hash, _stale, { context: token }) => ({ identity: await review(token) }),
  });

  return {
    async authenticate(token, signal, { afresh = false } = {}) {
      if (token === undefined) {
        throw new Failure("unauthenticated", "TOKEN_MISSING", "A bearer token is required.", {
          next: "Send the header `authorization: Bearer TOKEN`, or sign in.",
        });
      }
      const known =
        token.reveal().length <= TOKEN_BYTES &&
        (await cache.fetch(hash("sha256", token.reveal(), "base64"), { context: token, forceRefresh: afresh }));
      signal.throwIfAborted();
      if (!known || known.identity === "unknown") {
        const message = "The cluster rejected the token: it is invalid or has expired.";
        throw new Failure("unauthenticated", "TOKEN_REFUSED", message, {
          next: "Sign in again, or request a new token.",
        });
      }
      return { ...known.identity, token };
    },
  };
}
