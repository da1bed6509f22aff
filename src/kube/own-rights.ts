import { z } from "zod";
import { readAnswer } from "./answer.ts";
import type { KubeApi, KubeResource } from "./kube-api.ts";
import {
  ANALYSIS_RUNS,
  FREIGHTS,
  NAMESPACES,
  PODS,
  SELF_SUBJECT_ACCESS_REVIEWS,
  STAGES,
  SUBJECT_ACCESS_REVIEWS,
  TOKEN_REVIEWS,
} from "./resources.ts";

/** A right that this server's own account needs. */
export interface OwnRight {
  readonly verb: string;
  /** `analysisruns.argoproj.io`, `pods/log`. */
  readonly resource: string;
  readonly allowed: boolean;
}

type Wanted = readonly [verb: string, resource: KubeResource, subresource?: string];

/** What deploy/cluster-role.yaml gives. */
const ALWAYS: readonly Wanted[] = [
  ["create", TOKEN_REVIEWS],
  ["create", SUBJECT_ACCESS_REVIEWS],
  ["get", ANALYSIS_RUNS],
  ["list", ANALYSIS_RUNS],
  ["watch", ANALYSIS_RUNS],
  ["get", STAGES],
  ["get", FREIGHTS],
  ["list", NAMESPACES],
];
/** What deploy/cluster-role-pods.yaml gives. */
const FOR_PODS: readonly Wanted[] = [
  ["list", PODS],
  ["watch", PODS],
  ["get", PODS, "log"],
];

const Review = z.object({ status: z.object({ allowed: z.boolean(), denied: z.boolean().optional() }) });

/**
 * Asks the cluster whether this server's own account has the rights that it needs, in all namespaces, by SelfSubjectAccessReviews, which everybody may make.
 *
 * @throws Failure where the cluster does not say.
 */
export async function readOwnRights(kube: Pick<KubeApi, "create">, readsPods: boolean): Promise<readonly OwnRight[]> {
  const wanted = readsPods ? [...ALWAYS, ...FOR_PODS] : ALWAYS;
  return Promise.all(
    wanted.map(async ([verb, { group, version, plural }, subresource = ""]) => {
      const answer = await kube.create(SELF_SUBJECT_ACCESS_REVIEWS, {
        apiVersion: "authorization.k8s.io/v1",
        kind: "SelfSubjectAccessReview",
        spec: { resourceAttributes: { verb, group, version, resource: plural, subresource, namespace: "" } },
      });
      const { status } = readAnswer(Review, answer);
      const resource = `${plural}${group && `.${group}`}${subresource && `/${subresource}`}`;
      return { verb, resource, allowed: status.allowed && status.denied !== true };
    }),
  );
}
