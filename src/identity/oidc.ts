import type { JWTPayload } from "jose";
import type { Clock } from "../clock.ts";
import type { Identity, TokenVerifier } from "./authenticator.ts";
import { isOmitted, omittedClaims, usernameOf, userOf } from "./claims.ts";
import type { KargoSettings, OidcSettings } from "./provider-config.ts";
import type { ProviderKeys } from "./provider-keys.ts";
import { explainRejection, isKeyUnknown, type VerifiedToken, verifyJwt } from "./verify-jwt.ts";

/** Asymmetric ones only: who can verify a token must not be able to make one. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

interface Deps {
  readonly keys: ProviderKeys;
  readonly clock: Clock;
}

/** Verifies the ID tokens of an OpenID provider. Their users have the rights that the cluster gives them. */
export function createOidc(settings: OidcSettings, deps: Deps): TokenVerifier {
  return verifierOf(settings, deps, ({ claims, expiresAt }) => {
    const { username, groups, groupsOmitted } = userOf(claims, settings.issuer, settings);
    return {
      issuer: settings.issuer,
      username,
      uid: undefined,
      groups,
      extra: {},
      expiresAt,
      ...(groupsOmitted && { groupsOmitted }),
    };
  });
}

/**
 * Verifies the ID tokens of Kargo's OpenID provider. Their users have the rights of the ServiceAccounts that are
 * annotated with their claims, and none of their own.
 */
export function createKargo(settings: KargoSettings, deps: Deps): TokenVerifier {
  const { issuer, usernameClaim, globalNamespaces } = settings;
  return verifierOf(settings, deps, ({ claims, expiresAt }) => {
    const groupsOmitted = omittedClaims(claims).length > 0 || isOmitted(claims, "groups");
    return {
      issuer,
      username: usernameOf(claims, usernameClaim),
      uid: undefined,
      groups: [],
      extra: {},
      expiresAt,
      rights: { kind: "accounts", claims: mappableClaims(claims), globalNamespaces },
      ...(groupsOmitted && { groupsOmitted }),
    };
  });
}

function verifierOf(
  { issuer, clientId, cliClientId }: OidcSettings | KargoSettings,
  { keys, clock }: Deps,
  identityOf: (token: VerifiedToken) => Identity,
): TokenVerifier {
  const audiences = [clientId, ...(cliClientId === undefined ? [] : [cliClientId])];
  const options = { issuer, audiences, algorithms: ALGORITHMS, clock };
  return {
    issuer,
    async verify(token) {
      try {
        return identityOf(await keys.verify((set) => verifyJwt(token, set, options), isKeyUnknown));
      } catch (error) {
        throw explainRejection(error);
      }
    },
  };
}

/** Kargo compares texts, and the texts in lists. Numbers, booleans and objects are never equal to an annotation. */
function mappableClaims(claims: JWTPayload): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(claims).flatMap(([name, value]) => {
    const values = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string");
    return values.length > 0 ? [[name, values] as const] : [];
  });
}
