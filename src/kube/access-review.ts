import * as z from "zod";
import { readAnswer } from "./answer.ts";
import type { KubeApi } from "./kube-api.ts";
import { type KubeResource, SELF_SUBJECT_ACCESS_REVIEWS, SUBJECT_ACCESS_REVIEWS } from "./resources.ts";

/** What is to be authorized. */
export interface AccessQuestion {
  readonly verb: string;
  readonly resource: KubeResource;
  readonly subresource?: string | undefined;
  /** Empty: in all namespaces. */
  readonly namespace: string;
  /** Default: all objects. */
  readonly name?: string | undefined;
}

/** Whose access is reviewed: a user as a SubjectAccessReview names them. */
export interface AccessSubject {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

const Review = z.object({ status: z.object({ allowed: z.boolean(), denied: z.boolean().optional() }) });

/**
 * Asks the cluster whether an action is allowed, by a SubjectAccessReview or, for our own account, by a
 * SelfSubjectAccessReview, which needs no permission
 * (https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/).
 *
 * @param subject Default: this server's own account.
 * @throws Failure if the cluster gives no decision.
 */
export async function reviewAccess(
  kube: Pick<KubeApi, "create">,
  question: AccessQuestion,
  subject?: AccessSubject,
): Promise<boolean> {
  const { verb, resource, subresource, namespace, name } = question;
  const { group, version, plural } = resource;
  const resourceAttributes = {
    verb,
    group,
    version,
    resource: plural,
    ...(subresource !== undefined && { subresource }),
    namespace,
    ...(name !== undefined && { name }),
  };
  const spec = subject === undefined ? { resourceAttributes } : { ...userOf(subject), resourceAttributes };
  const answer = await kube.create(subject === undefined ? SELF_SUBJECT_ACCESS_REVIEWS : SUBJECT_ACCESS_REVIEWS, {
    apiVersion: "authorization.k8s.io/v1",
    kind: subject === undefined ? "SelfSubjectAccessReview" : "SubjectAccessReview",
    spec,
  });
  const { status } = readAnswer(Review, answer);
  return status.allowed && status.denied !== true;
}

function userOf({ username, uid, groups, extra }: AccessSubject) {
  return { user: username, ...(uid !== undefined && { uid }), groups, extra };
}
