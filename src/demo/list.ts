import type { KubeObject } from "./objects.ts";
import { apiVersionOf, type ResourceKind } from "./resource-kinds.ts";
import { badRequest } from "./status.ts";

/**
 * Makes a list, in chunks when `limit` asks for them. Its order is that of namespace and name, so a chunk goes on after the last name even when
 * objects came and went meanwhile.
 *
 * @param objects all that were selected.
 * @param query `limit` and `continue`.
 * @param version the list's resource version.
 * @throws StatusError 400 where a parameter is wrong.
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

  const left = objects
    .map((object) => ({ object, at: placeOf(object) }))
    .filter(({ at }) => at > after)
    .sort((a, b) => (a.at < b.at ? -1 : 1));
  const chunk = limit === 0 ? left : left.slice(0, limit);
  const last = chunk.at(-1);
  const remaining = left.length - chunk.length;

  return {
    kind: `${resource.kind}List`,
    apiVersion: apiVersionOf(resource),
    metadata: {
      resourceVersion: String(version),
      ...(remaining > 0 && last !== undefined && { continue: writeContinue(last.at) }),
      // As in a real one, which does not count what a selector has yet to look at.
      ...(remaining > 0 && !query.get("labelSelector") && { remainingItemCount: remaining }),
    },
    items: chunk.map(({ object }) => (resource.group === "" ? withoutKind(object) : object)),
  };
}

/** Objects of the core stand in a list without their kind. */
function withoutKind({ apiVersion: _apiVersion, kind: _kind, ...rest }: KubeObject): object {
  return rest;
}

function placeOf({ metadata }: KubeObject): string {
  // A zero sorts before every character of a name: all of a namespace comes before the next one.
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
    // Said below.
  }
  throw badRequest("continue key is not valid");
}
