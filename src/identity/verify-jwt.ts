import { errors, type JWTPayload, type JWTVerifyGetKey, type JWTVerifyOptions, jwtVerify } from "jose";
import type { Clock } from "../clock.ts";
import type { Failure } from "../failure.ts";
import type { Secret } from "../secret.ts";
import { rejected } from "./authenticator.ts";
import { expiryOf } from "./token.ts";

/** The claims of a token whose signature, issuer, audience and times are good. */
export interface VerifiedToken {
  readonly claims: JWTPayload;
  /** The claim `sub`. */
  readonly subject: string;
  /** In milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface VerifyOptions {
  readonly issuer: string;
  /** The token must be for one of them. */
  readonly audiences: readonly string[];
  readonly algorithms: readonly string[];
  readonly clock: Clock;
}

/** How far a token's `nbf` may lie in the future, as for kube-apiserver. Its expiry counts to the second. */
const SKEW_MS = 60_000;
/** ID tokens say that they are JWTs, or nothing; others, such as `at+jwt` and `logout+jwt`, what they are for. */
const TYPES: readonly unknown[] = [undefined, "jwt", "application/jwt"];

/**
 * Verifies a JWT: its signature, by one of these algorithms only, then issuer, audience, authorized party and times.
 *
 * @throws errors of jose, and of {@link rejected}; `explainRejection` puts both into words.
 */
export async function verifyJwt(
  token: Secret,
  key: Uint8Array | JWTVerifyGetKey,
  { issuer, audiences, algorithms, clock }: VerifyOptions,
): Promise<VerifiedToken> {
  const now = clock.now();
  const options: JWTVerifyOptions = {
    issuer,
    audience: [...audiences],
    algorithms: [...algorithms],
    requiredClaims: ["iss", "aud", "sub", "exp"],
    currentDate: new Date(now),
    clockTolerance: SKEW_MS / 1_000,
  };
  const { payload, protectedHeader } = await verifyWithAny(token.reveal(), key, options);
  const { typ } = protectedHeader;
  if (!TYPES.includes(typeof typ === "string" ? typ.toLowerCase() : typ))
    throw rejected("The token is not an ID token.");
  const expiresAt = expiryOf(token) ?? 0;
  if (expiresAt <= now) throw rejected("The token has expired.");
  if (typeof payload.sub !== "string" || payload.sub === "") throw rejected("The token names no user.");
  checkParty(payload, audiences);
  return { claims: payload, subject: payload.sub, expiresAt };
}

/** The party that the token was issued to must be one of ours (OpenID Connect Core 1.0 §3.1.3.7). */
function checkParty({ aud, azp }: JWTPayload, audiences: readonly string[]): void {
  const isShared = Array.isArray(aud) && aud.length > 1;
  if (azp === undefined && !isShared) return;
  if (typeof azp !== "string" || !audiences.includes(azp)) throw rejected("The token was issued to another client.");
}

/** Several keys may match a token without a key id: each is tried. */
async function verifyWithAny(token: string, key: Uint8Array | JWTVerifyGetKey, options: JWTVerifyOptions) {
  if (typeof key !== "function") return jwtVerify(token, key, options);
  try {
    return await jwtVerify(token, key, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const each of error) {
      try {
        return await jwtVerify(token, each, options);
      } catch (why) {
        if (!(why instanceof errors.JWSSignatureVerificationFailed)) throw why;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** Whether an error means that none of the keys signed the token. */
export function isKeyUnknown(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

/**
 * The refusal for a token that jose rejects, in our words: those of jose may quote the token.
 *
 * @returns the error itself if it is not about the token.
 */
export function explainRejection(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return rejected("The token has expired.");
  if (error instanceof errors.JWTClaimValidationFailed) return claimRejected(error.claim);
  if (isKeyUnknown(error)) return rejected("The token is not signed with a key of its issuer.");
  if (error instanceof errors.JOSEAlgNotAllowed) return rejected("The token is signed in a way that is not accepted.");
  if (error instanceof errors.JOSENotSupported) return rejected("The token has a header that is not supported.");
  // A key that is too weak, or is not for this algorithm.
  if (error instanceof errors.JOSEError || error instanceof TypeError) return rejected("The token is not valid.");
  return error;
}

function claimRejected(claim: string): Failure {
  if (claim === "aud") return rejected("The token was issued for another service.");
  if (claim === "nbf") return rejected("The token is not valid yet.", "Try again in a moment.");
  if (claim === "iss") return rejected("The token was issued by somebody else.");
  return rejected("The token lacks a claim that every ID token has.");
}
