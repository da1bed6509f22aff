import * as z from "zod";
import { readAnswer } from "../kube/answer.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { TOKEN_REVIEWS } from "../kube/resources.ts";
import { rejected, type TokenVerifier } from "./authenticator.ts";
import { expiryOf } from "./token.ts";

export interface TokenReviewOptions {
  readonly kube: Pick<KubeApi, "create">;
  /** Accepted audiences: the token must have one of them. Empty: the API server's own. */
  readonly audiences: readonly string[];
}

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
 * Has the cluster verify tokens, by a TokenReview
 * (https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/): those that no other
 * verifier is for.
 */
export function createTokenReviews({ kube, audiences }: TokenReviewOptions): TokenVerifier {
  return {
    issuer: undefined,
    async verify(token) {
      const answer = await kube.create(TOKEN_REVIEWS, {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenReview",
        spec: { token: token.reveal(), ...(audiences.length > 0 && { audiences }) },
      });
      const { status } = readAnswer(Review, answer);
      const username = status?.user?.username;
      if (status?.authenticated !== true || !username) throw rejected();
      // An API server that does not support audiences omits them from its response: then it has not checked the token
      // for ours.
      if (audiences.length > 0 && !audiences.some((each) => status.audiences?.includes(each))) throw rejected();
      return {
        username,
        uid: status.user?.uid || undefined,
        groups: status.user?.groups ?? [],
        extra: status.user?.extra ?? {},
        expiresAt: expiryOf(token),
      };
    },
  };
}
