import type * as z from "zod";
import { groupOf, type KubeObject } from "./objects.ts";
import { testOf } from "./selector.ts";
import { BindingShape, RoleShape, type RuleShape, type SubjectShape } from "./shapes.ts";

const GROUP = "rbac.authorization.k8s.io";

type Rule = z.infer<typeof RuleShape>;
type Subject = z.infer<typeof SubjectShape>;

/** Who wants to do what, as in a SubjectAccessReview. */
export interface AccessQuestion {
  readonly user: string;
  readonly groups: readonly string[];
  readonly verb: string;
  /** API group; empty for the core group. */
  readonly group: string;
  readonly resource: string;
  /** Empty: the object itself. */
  readonly subresource: string;
  /** Empty: any object. A rule with `resourceNames` does not allow that. */
  readonly name: string;
  /** Empty: cluster-scoped, or in all namespaces. */
  readonly namespace: string;
}

/**
 * Decides by RBAC (https://kubernetes.io/docs/reference/access-authn-authz/rbac/), which has no deny rules.
 *
 * @returns the binding that allows it, in a sentence, or `undefined` if none does.
 */
export function allowedBy(objects: Iterable<KubeObject>, question: AccessQuestion): string | undefined {
  const rbac = [...objects].filter((object) => groupOf(object.apiVersion) === GROUP);
  for (const binding of rbac) {
    const { name, namespace = "" } = binding.metadata;
    const inNamespace = binding.kind === "RoleBinding" && question.namespace !== "" && namespace === question.namespace;
    if (binding.kind !== "ClusterRoleBinding" && !inNamespace) continue;

    const { roleRef, subjects } = BindingShape.parse(binding);
    const subject = subjects?.find((each) => isSubject(each, question, namespace));
    if (subject === undefined) continue;
    const role = rbac.find(
      (each) =>
        each.kind === roleRef.kind &&
        each.metadata.name === roleRef.name &&
        (roleRef.kind === "ClusterRole" || each.metadata.namespace === namespace),
    );
    if (role === undefined || !rulesOf(role, rbac).some((rule) => allows(rule, question))) continue;
    const where = inNamespace ? `${name}/${namespace}` : name;
    return `RBAC: allowed by ${binding.kind} "${where}" of ${roleRef.kind} "${roleRef.name}" to ${subject.kind} "${subject.name}"`;
  }
  return undefined;
}

/**
 * A role's rules. Those of an aggregated role come from the roles that it selects, which may be aggregated themselves.
 */
function rulesOf(role: KubeObject, rbac: readonly KubeObject[], above: readonly KubeObject[] = []): readonly Rule[] {
  const { rules, aggregationRule } = RoleShape.parse(role);
  if (role.kind !== "ClusterRole" || aggregationRule === undefined) return rules ?? [];
  const path = [...above, role];
  const tests = aggregationRule.clusterRoleSelectors.map(testOf);
  return rbac
    .filter((each) => each.kind === "ClusterRole" && !path.includes(each))
    .filter((each) => tests.some((test) => test(each.metadata.labels ?? {})))
    .flatMap((each) => rulesOf(each, rbac, path));
}

function isSubject(subject: Subject, { user, groups }: AccessQuestion, bindingNamespace: string): boolean {
  switch (subject.kind) {
    case "User":
      return subject.name === user;
    case "Group":
      return groups.includes(subject.name);
    case "ServiceAccount": {
      const namespace = subject.namespace ?? bindingNamespace;
      return namespace !== "" && user === `system:serviceaccount:${namespace}:${subject.name}`;
    }
  }
}

function allows(rule: Rule, { verb, group, resource, subresource, name }: AccessQuestion): boolean {
  const full = subresource === "" ? resource : `${resource}/${subresource}`;
  return (
    (rule.verbs.includes("*") || rule.verbs.includes(verb)) &&
    (rule.apiGroups.includes("*") || rule.apiGroups.includes(group)) &&
    rule.resources.some(
      (each) => each === "*" || each === full || (subresource !== "" && each === `*/${subresource}`),
    ) &&
    (rule.resourceNames.length === 0 || (name !== "" && rule.resourceNames.includes(name)))
  );
}
