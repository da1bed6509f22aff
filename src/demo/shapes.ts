import { z } from "zod";

/** The API server's own audience, which a token has unless it names others. */
export const API_AUDIENCE = "https://kubernetes.default.svc";

/** A static token and whom it stands for. */
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

/** A label selector as objects hold it. */
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

/** What a Role or a ClusterRole says. */
export const RoleShape = z.object({
  rules: z.array(RuleShape).nullish(),
  aggregationRule: z.object({ clusterRoleSelectors: z.array(SelectorShape).default([]) }).optional(),
});

/** Whom a binding gives a role. */
export const SubjectShape = z.object({
  kind: z.enum(["User", "Group", "ServiceAccount"]),
  name: z.string(),
  namespace: z.string().optional(),
});

/** What a RoleBinding or a ClusterRoleBinding says. */
export const BindingShape = z.object({
  roleRef: z.object({ kind: z.enum(["Role", "ClusterRole"]), name: z.string() }),
  subjects: z.array(SubjectShape).nullish(),
});

const RBAC = "rbac.authorization.k8s.io/v1";

/** The shapes of those objects that the mini API server itself acts on, by `apiVersion` and kind. */
export const SHAPES: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>([
  ["demo.taffrail/v1 Token", TokenShape],
  [`${RBAC} Role`, RoleShape],
  [`${RBAC} ClusterRole`, RoleShape],
  [`${RBAC} RoleBinding`, BindingShape],
  [`${RBAC} ClusterRoleBinding`, BindingShape],
]);
