/** A kind of object, as the API server's paths name it. */
export interface KubeResource {
  /** API group; empty for the core. */
  readonly group: string;
  readonly version: string;
  /** Plural, in lower case. */
  readonly plural: string;
}

/** Every kind of object that this server reads or creates. The role that it runs under grants these and no others. */
export const ANALYSIS_RUNS: KubeResource = { group: "argoproj.io", version: "v1alpha1", plural: "analysisruns" };
export const STAGES: KubeResource = { group: "kargo.akuity.io", version: "v1alpha1", plural: "stages" };
export const FREIGHTS: KubeResource = { group: "kargo.akuity.io", version: "v1alpha1", plural: "freights" };
export const NAMESPACES: KubeResource = { group: "", version: "v1", plural: "namespaces" };
/** Read only where a source reads pods. */
export const PODS: KubeResource = { group: "", version: "v1", plural: "pods" };
export const TOKEN_REVIEWS: KubeResource = { group: "authentication.k8s.io", version: "v1", plural: "tokenreviews" };
/** What this server's own account may do: anybody may ask that about themselves. */
export const SELF_SUBJECT_ACCESS_REVIEWS: KubeResource = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "selfsubjectaccessreviews",
};
export const SUBJECT_ACCESS_REVIEWS: KubeResource = {
  group: "authorization.k8s.io",
  version: "v1",
  plural: "subjectaccessreviews",
};
