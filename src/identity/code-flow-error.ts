import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { Failure } from "../failure.ts";
import { ProviderFault, providerUnavailable } from "./provider-fault.ts";

/** Errors by which a provider says that the user did not sign in (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6). */
const USERS: ReadonlySet<string> = new Set([
  "access_denied",
  "login_required",
  "interaction_required",
  "consent_required",
  "account_selection_required",
  "invalid_grant",
]);
/** Errors by which a provider says that it is down. */
const PASSING: ReadonlySet<string> = new Set(["server_error", "temporarily_unavailable"]);

/** Codes of openid-client for answers that no token endpoint sends, such as the error page of a proxy. */
const BROKEN: ReadonlySet<unknown> = new Set([
  "OAUTH_RESPONSE_IS_NOT_CONFORM",
  "OAUTH_RESPONSE_IS_NOT_JSON",
  "OAUTH_PARSE_ERROR",
]);

/**
 * The failure for an error of a sign-in. Errors of openid-client hold codes and tokens, so that not even the server's
 * own log gets them: only the provider's error code, such as `invalid_client`.
 *
 * @param name the provider's name in the configuration.
 */
export function explainFlowError(name: string, error: unknown): unknown {
  if (error instanceof Failure) return error;
  const fault = faultIn(error);
  if (fault !== undefined) return unavailable(name, fault);
  if (error instanceof AuthorizationResponseError || error instanceof ResponseBodyError) {
    return ofProvider(name, codeOf(error.error));
  }
  if (error instanceof WWWAuthenticateChallengeError) return ofProvider(name, "invalid_client");
  if (error instanceof ClientError || error instanceof TypeError) {
    const { code } = error as { readonly code?: unknown };
    const answered = new ProviderFault(`sent an answer that is not valid: ${codeOf(code)}`);
    return BROKEN.has(code) ? unavailable(name, answered) : invalidAnswer(name, answered);
  }
  return error;
}

/** The failure of a refresh token that is for another user. */
export function refreshRefused(): Failure {
  return signInRefused("The identity provider renewed the session of another user.");
}

function ofProvider(name: string, code: string): Failure {
  if (PASSING.has(code)) return unavailable(name, new ProviderFault(`responded with the error ${code}`));
  if (code === "access_denied") return signInRefused(`The sign-in at "${name}" was canceled or denied.`);
  if (USERS.has(code)) return signInRefused(`The identity provider "${name}" did not sign you in: ${code}.`);
  return new Failure("refused", "IDENTITY_PROVIDER_REFUSED", `The identity provider "${name}" refused this server.`, {
    next: "Tell an operator: its own log says why.",
    cause: new ProviderFault(`responded with the error ${code}`),
  });
}

function invalidAnswer(name: string, cause: ProviderFault): Failure {
  const message = `The answer of the identity provider "${name}" does not belong to this sign-in.`;
  return signInRefused(message, cause);
}

function signInRefused(message: string, cause?: unknown): Failure {
  return new Failure("unauthenticated", "SIGN_IN_REFUSED", message, { next: "Sign in again.", cause });
}

function unavailable(name: string, cause: unknown): Failure {
  const message = `The identity provider "${name}" is not available, so you cannot sign in with it.`;
  return providerUnavailable(name, cause).with({ message });
}

/** Providers choose these texts. */
function codeOf(text: unknown): string {
  return typeof text === "string" && /^[A-Za-z_]{1,60}$/.test(text) ? text : "unknown";
}

/** The fault of a request, which openid-client wraps. */
function faultIn(error: unknown): ProviderFault | undefined {
  for (let each = error; each instanceof Error; each = each.cause) if (each instanceof ProviderFault) return each;
  return undefined;
}
