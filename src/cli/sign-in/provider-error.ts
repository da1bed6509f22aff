import {
  AuthorizationResponseError,
  ClientError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";
import { quoted } from "../../quoted.ts";
import { isTlsCode, systemCode } from "../../system-code.ts";
import { CliError, EXIT } from "../exit.ts";

/** The time for a response of a provider, in milliseconds. */
export const PROVIDER_MS = 15_000;

/** Thrown when the provider no longer accepts what it has issued: a code or a refresh token. */
export class GrantRefusedError extends CliError {}

const OPERATOR = "ask the server's operator to correct its identity provider";

/**
 * Says in one sentence why a provider did not sign the user in. Contains no token or code.
 *
 * @param provider its name in the server's configuration.
 */
export function providerError(error: unknown, provider: string, { clientId }: { readonly clientId: string }): CliError {
  const name = `the identity provider ${quoted(provider)}`;
  if (error instanceof CliError) return error;
  if (error instanceof AuthorizationResponseError) return refusal(error.error, error.error_description, name);
  if (error instanceof ResponseBodyError) {
    switch (error.error) {
      case "invalid_grant":
        return new GrantRefusedError(EXIT.denied, `${name} does not accept the code: it has been used or has expired`, [
          "try     taffrail login",
        ]);
      case "invalid_client":
      case "unauthorized_client":
        return clientRefused(clientId, name);
      default:
        return refusal(error.error, error.error_description, name);
    }
  }
  // How a provider may refuse a client (RFC 6749 §5.2).
  if (error instanceof WWWAuthenticateChallengeError) return clientRefused(clientId, name);
  const code = systemCode(error);
  if (code === "OAUTH_TIMEOUT" || isTimeout(error)) {
    return new CliError(EXIT.incomplete, `${name} did not answer within ${PROVIDER_MS / 1_000} s`, [
      "try     again later",
    ]);
  }
  if (code === "OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED") return otherIssuer(provider);
  const status = statusOf(error);
  if (status !== undefined && status >= 500) {
    return new CliError(EXIT.incomplete, `${name} responded with status ${status}`, ["try     again later"]);
  }
  if (error instanceof TypeError) {
    return new CliError(EXIT.incomplete, `${name} cannot be reached${code === "" ? "" : ` (${code})`}`, [
      `try     again later, or check your network${isTlsCode(code) ? " and NODE_EXTRA_CA_CERTS" : ""}`,
    ]);
  }
  if (error instanceof ClientError && code.startsWith("OAUTH_JWT")) {
    return new CliError(EXIT.other, `${name} sent an ID token that is not valid for this sign-in (${code})`, [
      "try     taffrail login, and check this computer's clock",
    ]);
  }
  return new CliError(EXIT.other, `${name} does not respond as an OpenID provider does${code && ` (${code})`}`, [
    `try     ${OPERATOR}`,
  ]);
}

/** The error for a provider that calls itself something else than the server does. */
export function otherIssuer(provider: string, own?: string, expected?: string): CliError {
  const names = own === undefined ? "" : `: ${quoted(own)} instead of ${quoted(expected ?? "")}`;
  return new CliError(
    EXIT.other,
    `the identity provider ${quoted(provider)} names another issuer than the server does${names}`,
    [`try     ${OPERATOR}`],
  );
}

function clientRefused(clientId: string, name: string): CliError {
  return new CliError(EXIT.other, `${name} does not let the client ${quoted(clientId)} sign in this way`, [
    `try     --token-stdin, or ${OPERATOR}`,
  ]);
}

/** The status of a response that is not what the library expects. */
function statusOf(error: unknown): number | undefined {
  const { cause } = error as { readonly cause?: unknown };
  return cause instanceof Response ? cause.status : undefined;
}

function refusal(code: string, description: string | undefined, name: string): CliError {
  const said = description === undefined ? [] : [`said    ${quoted(description)}`];
  switch (code) {
    case "access_denied":
      return new CliError(EXIT.denied, `the sign-in was denied at ${name}`, [...said, "try     taffrail login"]);
    case "expired_token":
      return new CliError(EXIT.denied, "the code has expired before it was entered", [
        "try     taffrail login --device",
      ]);
    default:
      return new CliError(EXIT.denied, `${name} refuses the sign-in (${quoted(code)})`, [
        ...said,
        `try     taffrail login, or ${OPERATOR}`,
      ]);
  }
}

function isTimeout(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at.name === "TimeoutError") return true;
  return error instanceof DOMException && error.name === "TimeoutError";
}
