import { reviewAccess } from "./access-review.ts";
import type { KubeApi } from "./kube-api.ts";
import {
  ANALYSIS_RUNS,
  FREIGHTS,
  type KubeResource,
  NAMESPACES,
  PODS,
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

type RequiredRight = readonly [verb: string, resource: KubeResource, subresource?: string];

/** For callers whose tokens and rights have to be reviewed. Granted by deploy/cluster-role.yaml. */
const FOR_REVIEWS: readonly RequiredRight[] = [
  ["create", TOKEN_REVIEWS],
  ["create", SUBJECT_ACCESS_REVIEWS],
];
/** Granted by deploy/cluster-role.yaml. */
const ALWAYS: readonly RequiredRight[] = [
  ["get", ANALYSIS_RUNS],
  ["list", ANALYSIS_RUNS],
  ["watch", ANALYSIS_RUNS],
  ["get", STAGES],
  ["get", FREIGHTS],
  ["list", NAMESPACES],
];
/** Granted by deploy/cluster-role-pods.yaml. */
const FOR_PODS: readonly RequiredRight[] = [
  ["list", PODS],
  ["watch", PODS],
  ["get", PODS, "log"],
];

/**
 * Checks whether this server's own account has the rights that it needs, in all namespaces.
 *
 * @throws Failure if the cluster gives no decision.
 */
export async function readOwnRights(
  kube: Pick<KubeApi, "create" | "owner">,
  readsPods: boolean,
): Promise<readonly OwnRight[]> {
  // With the caller's own credentials, there is nobody else to review.
  const required = [...(kube.owner === "user" ? [] : FOR_REVIEWS), ...ALWAYS, ...(readsPods ? FOR_PODS : [])];
  return Promise.all(
    required.map(async ([verb, resource, subresource = ""]) => {
      const { group, plural } = resource;
      return {
        verb,
        resource: `${plural}${group && `.${group}`}${subresource && `/${subresource}`}`,
        allowed: await reviewAccess(kube, { verb, resource, subresource, namespace: "" }),
      };
    }),
  );
}
