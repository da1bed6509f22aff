import type { KubeObject } from "./objects.ts";
import { apiVersionOf, type ResourceKind } from "./resource-kinds.ts";
import { badRequest } from "./status.ts";

/**
 * Creates a list, in chunks if `limit` asks for them. It is sorted by namespace and name, so a chunk continues after
 * the last name even if objects were added or removed meanwhile.
 *
 * @param objects all selected objects.
 * @param query `limit` and `continue`.
 * @param version the list's resource version.
 * @throws StatusError 400 if a parameter is invalid.
 */
export function listOf(
  objects: readonly KubeObject[],
  resource: ResourceKind,
  query: URLSearchParams,
  version: number,
): object {
  const limit = Number(query.get("limit") ?? 0);
  if (!Number.isSafeInteger(limit) || limit < 0) throw badRequest(`invalid limit: "${query.get("limit")}"`);
  const after = readContinue(query.get("continue"));

  const rest = objects
    .map((object) => ({ object, at: placeOf(object) }))
    .filter(({ at }) => at > after)
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  const chunk = limit === 0 ? rest : rest.slice(0, limit);
  const last = chunk.at(-1);
  const remaining = rest.length - chunk.length;

  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(version),
      ...(remaining > 0 && last !== undefined && { continue: writeContinue(last.at) }),
      // Like the real one, which does not count with a selector.
      ...(remaining > 0 && !query.get("labelSelector") && { remainingItemCount: remaining }),
    },
    items: chunk.map(({ object }) => (resource.group === "" ? withoutKind(object) : object)),
  };
}

/** Core objects in a list have no kind. */
function withoutKind({ apiVersion: _apiVersion, kind: _kind, ...rest }: KubeObject): object {
  return rest;
}

function placeOf({ metadata }: KubeObject): string {
  // A zero sorts before every character of a name: all of a namespace sorts before the next one.
  return `${metadata.namespace ?? ""}\0${metadata.name}`;
}

function writeContinue(at: string): string {
  return Buffer.from(JSON.stringify({ v: "demo.taffrail/v1", after: at })).toString("base64url");
}

function readContinue(token: string | null): string {
  if (!token) return "";
  try {
    const { v, after } = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as Record<string, unknown>;
    if (v === "demo.taffrail/v1" && typeof after === "string") return after;
  } catch {
    // Reported below.
  }
  throw badRequest("continue key is not valid");
}
