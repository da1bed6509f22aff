import type { JWTPayload } from "jose";
import { quoted } from "../quoted.ts";
import { rejected } from "./authenticator.ts";

/** How a user's name and groups are made of claims. */
export interface ClaimNames {
  readonly usernameClaim: string;
  readonly usernamePrefix?: string | undefined;
  readonly groupsClaim?: string | undefined;
  readonly groupsPrefix: string;
}

/** Kubernetes keeps names with this prefix for itself: `system:masters` may do everything. */
const RESERVED = "system:";

/**
 * The name and groups of a user, made as kube-apiserver makes them
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#configuring-the-api-server):
 *
 * - Without a prefix, names other than e-mail addresses are prefixed with the issuer and `#`; the prefix `-` means none.
 * - An e-mail address must be verified if the token says whether it is.
 * - Groups may be a list of texts, one text, or null, which means none.
 * - Every user is in the group `system:authenticated`.
 *
 * Unlike there, a name may not begin with `system:`, and such groups are left out, whatever the prefixes.
 *
 * @throws Failure TOKEN_REFUSED
 */
export function userOf(
  claims: JWTPayload,
  issuer: string,
  names: ClaimNames,
): { readonly username: string; readonly groups: readonly string[]; readonly groupsOmitted: boolean } {
  const { usernameClaim, groupsClaim, groupsPrefix } = names;
  const name = usernameOf(claims, usernameClaim);
  if (usernameClaim === "email" && Object.hasOwn(claims, "email_verified") && claims.email_verified !== true) {
    throw rejected("Your identity provider has not verified your e-mail address.", "Have the address verified there.");
  }
  const username = prefixOf(issuer, names) + name;
  if (username.startsWith(RESERVED)) throw rejected("The user name of the token is reserved for Kubernetes itself.");
  const own = groupsClaim === undefined ? [] : groupsOf(claims, groupsClaim).map((each) => groupsPrefix + each);
  return {
    username,
    groups: [...own.filter((each) => !each.startsWith(RESERVED)), "system:authenticated"],
    groupsOmitted: groupsClaim !== undefined && isOmitted(claims, groupsClaim),
  };
}

/** The text of the claim that names the user. */
export function usernameOf(claims: JWTPayload, claim: string): string {
  const name = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof name === "string" && name !== "") return name;
  throw rejected(
    `The token has no text in its claim ${quoted(claim)}, which names the user.`,
    "Ask an administrator to have the identity provider put it into ID tokens.",
  );
}

function prefixOf(issuer: string, { usernameClaim, usernamePrefix = "" }: ClaimNames): string {
  if (usernamePrefix === "-") return "";
  return usernamePrefix === "" && usernameClaim !== "email" ? `${issuer}#` : usernamePrefix;
}

function groupsOf(claims: JWTPayload, claim: string): readonly string[] {
  const groups = (Object.hasOwn(claims, claim) ? claims[claim] : undefined) ?? [];
  if (typeof groups === "string") return [groups];
  if (Array.isArray(groups) && groups.every((each) => typeof each === "string")) return groups;
  throw rejected(
    `The token's claim ${quoted(claim)}, which names the user's groups, is not a list of texts.`,
    "Ask an administrator to have the identity provider send the names of groups.",
  );
}

/**
 * Whether the provider left a claim out because it is too large: it then names where else it is (OpenID Connect Core 1.0
 * §5.6.2), or only says that there are groups
 * (https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference#groups-overage-claim).
 */
export function isOmitted(claims: JWTPayload, claim: string): boolean {
  if (Object.hasOwn(claims, claim)) return false;
  return (claim === "groups" && claims.hasgroups === true) || omittedClaims(claims).includes(claim);
}

/** The claims that a provider left out. */
export function omittedClaims({ _claim_names: names }: JWTPayload): readonly string[] {
  return typeof names === "object" && names !== null ? Object.keys(names) : [];
}
