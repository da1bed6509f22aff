import { groupOf, type KubeObject } from "./objects.ts";
import type { PathTarget } from "./resource-kinds.ts";
import { parseSelector } from "./selector.ts";
import { badRequest } from "./status.ts";

/** A test of whether an object is one of those that a list or a watch is of. */
export type Selection = (object: KubeObject) => boolean;

/**
 * Reads which objects a path and a query are about: those of a kind, of one namespace or all, with these labels, perhaps of one name.
 *
 * @param query `labelSelector`, and `fieldSelector` with `metadata.name` alone.
 * @throws StatusError 400 where a selector is wrong, or asks for what this server does not have.
 */
export function selectionOf({ resource, namespace }: PathTarget, query: URLSearchParams): Selection {
  const selector = query.get("labelSelector") ?? "";
  const test = parseSelector(selector);
  if (test === undefined) throw badRequest(`unable to parse requirement: ${selector}`);
  const name = nameSelected(query);
  if (query.get("fieldSelector") && name === undefined) {
    throw badRequest("this server has no field selectors but metadata.name=");
  }
  return ({ apiVersion, kind, metadata }) =>
    kind === resource.kind &&
    groupOf(apiVersion) === resource.group &&
    (namespace === "" || metadata.namespace === namespace) &&
    (name === undefined || metadata.name === name) &&
    test(metadata.labels ?? {});
}

/** The one name that a list or a watch is limited to: RBAC rules that name objects allow that one. */
export function nameSelected(query: URLSearchParams): string | undefined {
  return /^metadata\.name==?([^,=]+)$/.exec(query.get("fieldSelector") ?? "")?.[1];
}
