import * as z from "zod";

/** The API server's own audience, which a token has unless it lists others. */
export const API_AUDIENCE = "https://kubernetes.default.svc";

/** A static token and its user. */
export const TokenShape = z.object({
  token: z.string().regex(/^\S+$/, "must be a word"),
  user: z.strictObject({
    username: z.string().min(1),
    uid: z.string().optional(),
    groups: z.array(z.string()).default([]),
  }),
  audiences: z.array(z.string()).default([API_AUDIENCE]),
});

const Labels = z.record(z.string(), z.string());

/** A requirement of a label selector. */
export const ExpressionShape = z.object({
  key: z.string(),
  operator: z.enum(["In", "NotIn", "Exists", "DoesNotExist"]),
  values: z.array(z.string()).default([]),
});

/** A label selector as objects contain it. */
export const SelectorShape = z.object({
  matchLabels: Labels.default({}),
  matchExpressions: z.array(ExpressionShape).default([]),
});

/** One rule of a role. */
export const RuleShape = z.object({
  verbs: z.array(z.string()),
  apiGroups: z.array(z.string()).default([]),
  resources: z.array(z.string()).default([]),
  resourceNames: z.array(z.string()).default([]),
});

/** A Role or a ClusterRole. */
export const RoleShape = z.object({
  rules: z.array(RuleShape).nullish(),
  aggregationRule: z.object({ clusterRoleSelectors: z.array(SelectorShape).default([]) }).optional(),
});

/** The subject of a binding. */
export const SubjectShape = z.object({
  kind: z.enum(["User", "Group", "ServiceAccount"]),
  name: z.string(),
  namespace: z.string().optional(),
});

/** A RoleBinding or a ClusterRoleBinding. */
export const BindingShape = z.object({
  roleRef: z.object({ kind: z.enum(["Role", "ClusterRole"]), name: z.string() }),
  subjects: z.array(SubjectShape).nullish(),
});

const RBAC = "rbac.authorization.k8s.io/v1";

/** The schemas of the objects that the mini API server interprets itself, by `apiVersion` and kind. */
export const SHAPES: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ["demo.taffrail/v1 Token", TokenShape],
  [`${RBAC} Role`, RoleShape],
  [`${RBAC} ClusterRole`, RoleShape],
  [`${RBAC} RoleBinding`, BindingShape],
  [`${RBAC} ClusterRoleBinding`, BindingShape],
]);
