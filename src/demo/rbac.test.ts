import { describe, expect, it } from "vitest";
import type { KubeObject } from "./objects.ts";
import { type AccessQuestion, allowedBy } from "./rbac.ts";

type Rule = Readonly<Record<string, readonly string[]>>;
const API = "rbac.authorization.k8s.io/v1";
const READ: Rule = { verbs: ["get"], apiGroups: ["argoproj.io"], resources: ["analysisruns"] };
const ANN = { kind: "User", name: "ann" };

const role = (name: string, namespace: string, ...rules: Rule[]): KubeObject => ({
  apiVersion: API,
  kind: "Role",
  metadata: { name, namespace },
  rules,
});
const clusterRole = (name: string, rules: Rule[], more: object = {}, labels = {}): KubeObject => ({
  apiVersion: API,
  kind: "ClusterRole",
  metadata: { name, labels },
  rules,
  ...more,
});
const binding = (namespace: string, roleKind: string, roleName: string, subject: object = ANN): KubeObject => ({
  apiVersion: API,
  kind: "RoleBinding",
  metadata: { name: "b", namespace },
  roleRef: { kind: roleKind, name: roleName },
  subjects: [subject],
});
const clusterBinding = (roleName: string, subject: object = ANN, roleKind = "ClusterRole"): KubeObject => ({
  apiVersion: API,
  kind: "ClusterRoleBinding",
  metadata: { name: "cb" },
  roleRef: { kind: roleKind, name: roleName },
  subjects: [subject],
});

const QUESTION: AccessQuestion = {
  user: "ann",
  groups: ["devs"],
  verb: "get",
  group: "argoproj.io",
  resource: "analysisruns",
  subresource: "",
  name: "run",
  namespace: "guestbook",
};
const allows = (objects: readonly KubeObject[], question: Partial<AccessQuestion> = {}): boolean =>
  allowedBy(objects, { ...QUESTION, ...question }) !== undefined;

describe("allowedBy", () => {
  it("allows what a Role in the namespace allows, and only there", () => {
    const objects = [role("r", "guestbook", READ), binding("guestbook", "Role", "r")];
    expect(allowedBy(objects, QUESTION)).toBe('RBAC: allowed by RoleBinding "b/guestbook" of Role "r" to User "ann"');
    expect(allows(objects, { namespace: "payments" })).toBe(false);
    expect(allows(objects, { namespace: "" })).toBe(false);
    expect(allows(objects, { user: "bob" })).toBe(false);
    expect(allows(objects, { verb: "list" })).toBe(false);
    expect(allows(objects, { group: "" })).toBe(false);
    expect(allows(objects, { resource: "stages" })).toBe(false);
  });

  it("ignores a Role of another namespace", () => {
    expect(allows([role("r", "payments", READ), binding("guestbook", "Role", "r")])).toBe(false);
  });

  it("limits a ClusterRole bound by a RoleBinding to the namespace", () => {
    const objects = [clusterRole("c", [READ]), binding("guestbook", "ClusterRole", "c")];
    expect(allows(objects)).toBe(true);
    expect(allows(objects, { namespace: "payments" })).toBe(false);
  });

  it("allows what a ClusterRoleBinding grants everywhere", () => {
    const objects = [clusterRole("c", [READ]), clusterBinding("c")];
    expect(allows(objects)).toBe(true);
    expect(allows(objects, { namespace: "" })).toBe(true);
  });

  it("does not grant a Role through a ClusterRoleBinding", () => {
    expect(allows([role("r", "guestbook", READ), clusterBinding("r", ANN, "Role")])).toBe(false);
  });

  it("supports groups and ServiceAccounts", () => {
    const roles = [clusterRole("c", [READ])];
    expect(allows([...roles, clusterBinding("c", { kind: "Group", name: "devs" })])).toBe(true);
    expect(allows([...roles, clusterBinding("c", { kind: "Group", name: "ann" })])).toBe(false);
    const account = { kind: "ServiceAccount", name: "ci" };
    const user = "system:serviceaccount:guestbook:ci";
    expect(allows([...roles, clusterBinding("c", { ...account, namespace: "guestbook" })], { user })).toBe(true);
    expect(allows([...roles, clusterBinding("c", account)], { user })).toBe(false);
    expect(allows([...roles, binding("guestbook", "ClusterRole", "c", account)], { user })).toBe(true);
    expect(allows([...roles, clusterBinding("c", { ...account, namespace: "guestbook" })], { user: "ci" })).toBe(false);
  });

  it("supports wildcards", () => {
    const all = { verbs: ["*"], apiGroups: ["*"], resources: ["*"] };
    const objects = [clusterRole("c", [all]), clusterBinding("c")];
    expect(allows(objects, { verb: "delete", group: "", resource: "pods", subresource: "log" })).toBe(true);
  });

  it("distinguishes a subresource from its resource", () => {
    const rule = (resource: string): KubeObject[] => [
      clusterRole("c", [{ ...READ, resources: [resource] }]),
      clusterBinding("c"),
    ];
    expect(allows(rule("analysisruns"), { subresource: "log" })).toBe(false);
    expect(allows(rule("analysisruns/log"), { subresource: "log" })).toBe(true);
    expect(allows(rule("analysisruns/log"))).toBe(false);
    expect(allows(rule("*/log"), { subresource: "log" })).toBe(true);
    expect(allows(rule("*/log"))).toBe(false);
  });

  it("does not apply a rule with resourceNames to a request without a name", () => {
    const objects = [clusterRole("c", [{ ...READ, resourceNames: ["run", ""] }]), clusterBinding("c")];
    expect(allows(objects)).toBe(true);
    expect(allows(objects, { name: "other" })).toBe(false);
    expect(allows(objects, { name: "" })).toBe(false);
  });

  it("combines aggregated ClusterRoles, over several levels and with cycles", () => {
    const aggregate = (key: string): object => ({
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [key]: "yes" } }] },
    });
    const objects = [
      clusterRole("top", [{ ...READ, verbs: ["delete"] }], aggregate("mid")),
      clusterRole("mid", [], aggregate("leaf"), { mid: "yes", leaf: "yes" }),
      clusterRole("leaf", [READ], {}, { leaf: "yes" }),
      clusterRole("stranger", [{ ...READ, verbs: ["list"] }]),
      clusterBinding("top"),
    ];
    expect(allows(objects)).toBe(true);
    expect(allows(objects, { verb: "list" })).toBe(false);
    // The controller overwrites an aggregated role's own rules.
    expect(allows(objects, { verb: "delete" })).toBe(false);
  });

  it("grants nothing for a binding to a missing role", () => {
    expect(allows([clusterBinding("gone")])).toBe(false);
  });
});
