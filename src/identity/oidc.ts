import type { JWTPayload } from "jose";
import type { Clock } from "../clock.ts";
import type { Secret } from "../secret.ts";
import type { Identity, TokenVerifier } from "./authenticator.ts";
import type { VerifiedClaims } from "./caller.ts";
import { isOmitted, omittedClaims, usernameOf, userOf } from "./claims.ts";
import type { KargoSettings, OidcSettings } from "./provider-config.ts";
import type { ProviderKeys } from "./provider-keys.ts";
import { explainRejection, isKeyUnknown, verifyJwt } from "./verify-jwt.ts";

/** Asymmetric ones only: who can verify a token must not be able to make one. */
const ALGORITHMS = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA", "Ed25519"],
];

interface Deps {
  readonly keys: ProviderKeys;
  readonly clock: Clock;
  /** Called with the claims of each token that is verified. Default: nobody is. */
  readonly onClaims?: ((claims: JWTPayload) => void) | undefined;
}

/** Verifies the ID tokens of an OpenID provider, also for sessions. */
export interface OpenIdVerifier extends TokenVerifier {
  readonly issuer: string;
  /**
   * Verifies an ID token as `verify` does, and returns its claims that `identityOf` needs.
   *
   * @throws as `verify`.
   */
  verifyClaims(token: Secret): Promise<VerifiedClaims>;
  identityOf(claims: VerifiedClaims): Identity;
}

/** The claims by which a provider says that it left others out. */
const OVERAGE = ["_claim_names", "hasgroups"];
/** Claims that are new in each token: they say nothing about the user. */
const PER_TOKEN: ReadonlySet<string> = new Set(["nonce", "jti", "sid", "at_hash", "c_hash", "s_hash"]);

/** Verifies the ID tokens of an OpenID provider. Their users have the rights that the cluster gives them. */
export function createOidc(settings: OidcSettings, deps: Deps): OpenIdVerifier {
  const { issuer, usernameClaim, groupsClaim } = settings;
  const names = [
    "sub",
    "email_verified",
    ...OVERAGE,
    usernameClaim,
    ...(groupsClaim === undefined ? [] : [groupsClaim]),
  ];
  return verifierOf(settings, deps, {
    keeps: (name) => names.includes(name),
    identityOf: ({ claims, expiresAt }) => {
      const { username, groups, groupsOmitted } = userOf(claims, issuer, settings);
      return {
        issuer,
        username,
        uid: undefined,
        groups,
        extra: {},
        expiresAt,
        ...(groupsOmitted && { groupsOmitted }),
      };
    },
  });
}

/**
 * Verifies the ID tokens of Kargo's OpenID provider. Their users have the rights of the ServiceAccounts that are
 * annotated with their claims, and none of their own.
 */
export function createKargo(settings: KargoSettings, deps: Deps): OpenIdVerifier {
  const { issuer, usernameClaim, globalNamespaces } = settings;
  return verifierOf(settings, deps, {
    // Any of them may be in an annotation.
    keeps: (name, value) =>
      OVERAGE.includes(name) || (!PER_TOKEN.has(name) && (typeof value === "string" || Array.isArray(value))),
    identityOf: ({ claims, expiresAt }) => {
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
    },
  });
}

interface Mapping {
  /** Whether `identityOf` needs a claim. */
  keeps(name: string, value: unknown): boolean;
  identityOf(claims: Omit<VerifiedClaims, "issuer">): Identity;
}

function verifierOf(
  { issuer, clientId, cliClientId }: OidcSettings | KargoSettings,
  { keys, clock, onClaims }: Deps,
  { keeps, identityOf }: Mapping,
): OpenIdVerifier {
  const audiences = [clientId, ...(cliClientId === undefined ? [] : [cliClientId])];
  const options = { issuer, audiences, algorithms: ALGORITHMS, clock };
  const verify = async (token: Secret) => {
    try {
      const verified = await keys.verify((set) => verifyJwt(token, set, options), isKeyUnknown);
      onClaims?.(verified.claims);
      return verified;
    } catch (error) {
      throw explainRejection(error);
    }
  };
  return {
    issuer,
    verify: async (token) => identityOf(await verify(token)),
    async verifyClaims(token) {
      const { claims, expiresAt } = await verify(token);
      const kept = Object.entries(claims).filter(([name, value]) => keeps(name, value));
      return { issuer, claims: Object.fromEntries(kept), expiresAt };
    },
    identityOf,
  };
}

/** Kargo compares texts, and the texts in lists. Numbers, booleans and objects are never equal to an annotation. */
function mappableClaims(claims: JWTPayload): readonly (readonly [string, readonly string[]])[] {
  return Object.entries(claims).flatMap(([name, value]) => {
    const values = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string");
    return values.length > 0 ? [[name, values] as const] : [];
  });
}
