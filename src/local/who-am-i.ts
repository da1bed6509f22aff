import * as z from "zod";
import { Failure } from "../failure.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { SELF_SUBJECT_REVIEWS } from "../kube/resources.ts";

/** Whom the cluster takes somebody for. */
export interface KubeUserInfo {
  readonly username: string;
  readonly groups: readonly string[];
}

const SelfSubjectReview = z.object({
  status: z.object({
    userInfo: z.object({ username: z.string().min(1), groups: z.array(z.string()).nullish() }),
  }),
});

/**
 * Whom the cluster takes the kubeconfig's user for.
 *
 * @param fallback the user name for clusters that do not tell: before Kubernetes 1.28, or without the role
 * `system:basic-user`.
 * @throws KubeconfigError, Failure if the cluster cannot be reached, or does not accept the credentials.
 */
export async function whoAmI(kube: Pick<KubeApi, "create">, fallback: string): Promise<KubeUserInfo> {
  const unknown = { username: fallback, groups: [] };
  try {
    const review = await kube.create(SELF_SUBJECT_REVIEWS, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "SelfSubjectReview",
    });
    const { username, groups } = SelfSubjectReview.safeParse(review).data?.status.userInfo ?? unknown;
    return { username, groups: groups ?? [] };
  } catch (error) {
    // Without a cause: the API server answered, and does not have the resource.
    const isUnknown = error instanceof Failure && error.kind === "unavailable" && error.cause === undefined;
    if (isUnknown || (error instanceof Failure && error.kind === "denied")) return unknown;
    throw error;
  }
}
