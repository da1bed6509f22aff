import type { KubeObject } from "./objects.ts";
import { API_AUDIENCE, TokenShape } from "./shapes.ts";

/** The user of a static token. */
export interface TokenUser {
  readonly username: string;
  readonly uid?: string | undefined;
  /** Including `system:authenticated`, which the API server adds. */
  readonly groups: readonly string[];
  /** The requested audiences that the token has: at least one. */
  readonly audiences: readonly string[];
}

/**
 * Looks up a token among the objects of kind `Token` (`demo.taffrail/v1`).
 *
 * @returns `undefined` if there is no such token, or not for any of these audiences.
 */
export function userOf(
  objects: Iterable<KubeObject>,
  token: string,
  audiences: readonly string[] = [API_AUDIENCE],
): TokenUser | undefined {
  for (const object of tokensIn(objects)) {
    const found = TokenShape.parse(object);
    if (found.token !== token) continue;
    const both = audiences.filter((each) => found.audiences.includes(each));
    if (both.length === 0) return undefined;
    return { ...found.user, groups: [...new Set([...found.user.groups, "system:authenticated"])], audiences: both };
  }
  return undefined;
}

/**
 * Finds a token by the name of its object: `gateway` is the gateway's own.
 *
 * @throws Error if there is no object of that name.
 */
export function tokenNamed(objects: Iterable<KubeObject>, name: string): string {
  for (const object of tokensIn(objects)) {
    if (object.metadata.name === name) return TokenShape.parse(object).token;
  }
  throw new Error(`The demo's objects contain no Token named "${name}".`);
}

function tokensIn(objects: Iterable<KubeObject>): readonly KubeObject[] {
  return [...objects].filter(({ apiVersion, kind }) => apiVersion === "demo.taffrail/v1" && kind === "Token");
}
