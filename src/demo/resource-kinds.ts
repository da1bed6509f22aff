/** A kind of object that the mini API server serves. */
export interface ResourceKind {
  /** API group; empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const KARGO = { group: "kargo.akuity.io", version: "v1alpha1" } as const;

/** The kinds that can be read. */
export const READABLE: readonly ResourceKind[] = [
  { group: "argoproj.io", version: "v1alpha1", plural: "analysisruns", kind: "AnalysisRun", namespaced: true },
  { ...KARGO, plural: "stages", kind: "Stage", namespaced: true },
  { ...KARGO, plural: "promotions", kind: "Promotion", namespaced: true },
  { ...KARGO, plural: "freights", kind: "Freight", namespaced: true },
  { ...KARGO, plural: "projects", kind: "Project", namespaced: false },
  { group: "", version: "v1", plural: "namespaces", kind: "Namespace", namespaced: false },
  { group: "", version: "v1", plural: "serviceaccounts", kind: "ServiceAccount", namespaced: true },
  { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true },
  { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true },
];

/** The kinds that can only be created: the response is computed, and nothing is stored. */
const REVIEWS: readonly ResourceKind[] = [
  { group: "authentication.k8s.io", version: "v1", plural: "tokenreviews", kind: "TokenReview", namespaced: false },
  {
    group: "authentication.k8s.io",
    version: "v1",
    plural: "selfsubjectreviews",
    kind: "SelfSubjectReview",
    namespaced: false,
  },
  {
    group: "authorization.k8s.io",
    version: "v1",
    plural: "subjectaccessreviews",
    kind: "SubjectAccessReview",
    namespaced: false,
  },
  {
    group: "authorization.k8s.io",
    version: "v1",
    plural: "selfsubjectaccessreviews",
    kind: "SelfSubjectAccessReview",
    namespaced: false,
  },
];

/** The `apiVersion` of the kind's objects. */
export function apiVersionOf({ group, version }: ResourceKind): string {
  return group === "" ? version : `${group}/${version}`;
}

/** The target of a path. */
export interface PathTarget {
  readonly resource: ResourceKind;
  /** Empty: cluster-scoped, or in all namespaces. */
  readonly namespace: string;
  /** Empty: the list. */
  readonly name: string;
  /** The subresource. Empty: the object itself. */
  readonly subresource: "" | "log";
}

/** Parses a path such as `/apis/argoproj.io/v1alpha1/namespaces/x/analysisruns/y`; `undefined` if it is not served. */
export function targetOf(pathname: string): PathTarget | undefined {
  let parts: string[];
  try {
    parts = pathname.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return undefined;
  }
  const [root, ...afterRoot] = parts;
  const [group, version, ...rest] = root === "api" ? ["", ...afterRoot] : root === "apis" ? afterRoot : [];
  if (rest.length === 0 || rest.includes("")) return undefined;

  // `namespaces/x/stages` is about Stages, `namespaces/x` about the Namespace.
  const within = rest[0] === "namespaces" && rest.length > 2;
  const [plural, name = "", subresource = "", ...more] = within ? rest.slice(2) : rest;
  const resource = [...READABLE, ...REVIEWS].find(
    (each) => each.group === group && each.version === version && each.plural === plural,
  );
  if (resource === undefined || more.length > 0) return undefined;
  if (subresource !== "" && !(subresource === "log" && resource.kind === "Pod")) return undefined;
  if (!resource.namespaced && within) return undefined;
  if (resource.namespaced && !within && name !== "") return undefined;
  return { resource, namespace: within ? (rest[1] ?? "") : "", name, subresource };
}
