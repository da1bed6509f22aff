import { reviewAccess } from "./access-review.ts";
import type { KubeApi } from "./kube-api.ts";
import {
  ANALYSIS_RUNS,
  FREIGHTS,
  type KubeResource,
  NAMESPACES,
  PODS,
  SERVICE_ACCOUNTS,
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

/** What this server is configured to do. */
export interface OwnWork {
  /** Whether it accepts the cluster's tokens. */
  readonly reviewsTokens: boolean;
  /** Whether it decides what others may read. */
  readonly reviewsAccess: boolean;
  /** Whether it maps users' claims to ServiceAccounts. */
  readonly mapsClaims: boolean;
  readonly readsPods: boolean;
}

/** Granted by deploy/cluster-role.yaml, as are the next ones. */
const FOR_TOKENS: readonly RequiredRight[] = [["create", TOKEN_REVIEWS]];
const FOR_ACCESS: readonly RequiredRight[] = [["create", SUBJECT_ACCESS_REVIEWS]];
const ALWAYS: readonly RequiredRight[] = [
  ["get", ANALYSIS_RUNS],
  ["list", ANALYSIS_RUNS],
  ["watch", ANALYSIS_RUNS],
  ["get", STAGES],
  ["get", FREIGHTS],
  ["list", NAMESPACES],
];
/** Granted by deploy/cluster-role-kargo.yaml. */
const FOR_CLAIMS: readonly RequiredRight[] = [["list", SERVICE_ACCOUNTS]];
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
  kube: Pick<KubeApi, "create">,
  { reviewsTokens, reviewsAccess, mapsClaims, readsPods }: OwnWork,
): Promise<readonly OwnRight[]> {
  const required = [
    ...(reviewsTokens ? FOR_TOKENS : []),
    ...(reviewsAccess ? FOR_ACCESS : []),
    ...ALWAYS,
    ...(mapsClaims ? FOR_CLAIMS : []),
    ...(readsPods ? FOR_PODS : []),
  ];
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
