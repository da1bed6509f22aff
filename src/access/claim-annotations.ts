import * as z from "zod";

/** Values by the names of claims. */
export type ClaimValues = ReadonlyMap<string, ReadonlySet<string>>;

const CLAIMS = "rbac.kargo.akuity.io/claims";
const CLAIM = "rbac.kargo.akuity.io/claim.";

const Claims = z.record(z.string(), z.array(z.string()).nullable());

/**
 * Reads from the annotations of a ServiceAccount whose claims give a user its rights, as Kargo does
 * (https://docs.kargo.io/user-guide/security/access-controls):
 *
 * - `rbac.kargo.akuity.io/claims: {"email":["ann@example.com"],"groups":["devops"]}`, which is ignored as a whole if any
 *   value in it is not a list of texts;
 * - `rbac.kargo.akuity.io/claim.groups: devops, leads`, the older form.
 *
 * If there are both, each counts. An empty value is nobody's.
 */
export function readClaimAnnotations(annotations: Readonly<Record<string, unknown>>): ClaimValues {
  const claims = new Map<string, Set<string>>();
  const add = (name: string, values: readonly string[]): void => {
    for (const value of values.map((each) => each.trim())) {
      if (value !== "") claims.set(name, (claims.get(name) ?? new Set()).add(value));
    }
  };
  for (const [key, text] of Object.entries(annotations)) {
    if (typeof text !== "string") continue;
    if (key === CLAIMS) for (const [name, values] of parseClaims(text)) add(name, values);
    else if (key.startsWith(CLAIM) && key.length > CLAIM.length) add(key.slice(CLAIM.length), text.split(","));
  }
  return claims;
}

function parseClaims(text: string): readonly (readonly [string, readonly string[]])[] {
  try {
    return Object.entries(Claims.parse(JSON.parse(text))).map(([name, values]) => [name, values ?? []]);
  } catch {
    return [];
  }
}
