import { Failure } from "../failure.ts";
import { isTlsCode } from "../system-code.ts";

/**
 * What is wrong with an identity provider, or with the way to it. The message completes "The identity provider …",
 * contains no address, and is for operators.
 */
export class ProviderFault extends Error {
  /** Whether it does not pass by itself. */
  readonly isLasting: boolean;

  constructor(message: string, cause?: unknown, isLasting = false) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ProviderFault";
    this.isLasting = isLasting;
  }
}

/** The failure of callers whose token cannot be verified because of their provider. */
export function providerUnavailable(name: string, cause: unknown): Failure {
  const message = `The identity provider "${name}" is not available, so your token cannot be verified.`;
  return new Failure("unavailable", "IDENTITY_PROVIDER_UNAVAILABLE", message, {
    next:
      cause instanceof ProviderFault && cause.isLasting
        ? "Tell an operator: the server's log says why."
        : "Try again in a moment.",
    cause,
  });
}

/** The fault of a request without a response. Messages of undici and Node contain addresses: they are only the cause. */
export function requestFault(cause: unknown): ProviderFault {
  if (cause instanceof ProviderFault) return cause;
  const isLasting = (cause as { readonly code?: unknown } | null)?.code === "ERR_EGRESS_REFUSED";
  return new ProviderFault(wordsOf(cause), cause, isLasting);
}

function wordsOf(cause: unknown): string {
  const { code, name } = (cause instanceof Error ? cause : {}) as { readonly code?: unknown; readonly name?: string };
  switch (code) {
    case "ERR_EGRESS_REFUSED":
      return "has an address that the configuration does not allow";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "has a host name that could not be resolved";
    case "ECONNREFUSED":
      return "refused the connection";
    case "ETIMEDOUT":
    case "UND_ERR_CONNECT_TIMEOUT":
    case "UND_ERR_HEADERS_TIMEOUT":
      return "did not respond in time";
  }
  if (name === "TimeoutError") return "did not respond in time";
  if (isTlsCode(String(code))) return "could not be verified: TLS failed";
  return "could not be reached";
}
