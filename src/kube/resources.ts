/** A kind of object, as in the paths of the API server. */
export interface KubeResource {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, in lower case. */
  readonly plural: string;
}

/**
 * Every kind of object that this program reads or creates. The cluster role of a server grants these and no others,
 * except for those that are marked.
 */
export const ANALYSIS_RUNS: KubeResource = { group: "argoproj.io", version: "v1alpha1", plural: "analysisruns" };
export const STAGES: KubeResource = { group: "kargo.akuity.io", version: "v1alpha1", plural: "stages" };
export const FREIGHTS: KubeResource = { group: "kargo.akuity.io", version: "v1alpha1", plural: "freights" };
export const NAMESPACES: KubeResource = { group: "", version: "v1", plural: "namespaces" };
/** Read only if users' claims are mapped to them, as Kargo does. */
export const SERVICE_ACCOUNTS: KubeResource = { group: "", version: "v1", plural: "serviceaccounts" };
/** Read only if a source reads pods. */
export const PODS: KubeResource = { group: "", version: "v1", plural: "pods" };
export const TOKEN_REVIEWS: KubeResource = { group: "authentication.k8s.io", version: "v1", plural: "tokenreviews" };
/** For this server's own rights: every account may review its own. */
export const SELF_SUBJECT_ACCESS_REVIEWS: KubeResource = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
};
/** For the name of a user who runs this program on their own computer: every account may ask for its own. */
export const SELF_SUBJECT_REVIEWS: KubeResource = {
  group: "authentication.k8s.io",
  version: "v1",
  plural: "selfsubjectreviews",
};
/** Read only by a user who runs this program on their own computer. */
export const CONFIG_MAPS: KubeResource = { group: "", version: "v1", plural: "configmaps" };
export const SUBJECT_ACCESS_REVIEWS: KubeResource = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "subjectaccessreviews",
};
