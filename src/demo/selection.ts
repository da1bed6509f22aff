import { groupOf, type KubeObject } from "./objects.ts";
import type { PathTarget } from "./resource-kinds.ts";
import { parseSelector } from "./selector.ts";
import { badRequest } from "./status.ts";

/** Tests whether an object is selected by a list or a watch. */
export type Selection = (object: KubeObject) => boolean;

/**
 * Reads the objects that a path and a query select: by kind, namespace or all namespaces, labels, and optionally one
 * name.
 *
 * @param query `labelSelector`, and `fieldSelector` with only `metadata.name`.
 * @throws StatusError 400 if a selector is invalid or not supported.
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

/** The single name that a list or a watch is limited to: RBAC rules that name objects allow it. */
export function nameSelected(query: URLSearchParams): string | undefined {
  return /^metadata\.name==?([^,=]+)$/.exec(query.get("fieldSelector") ?? "")?.[1];
}
