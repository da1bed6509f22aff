import type { Dispatcher } from "undici";
import * as z from "zod";
import { Failure } from "../failure.ts";
import { printable } from "../quoted.ts";
import { isTlsCode, systemCode } from "../system-code.ts";
import type { KubeConnection } from "./connection.ts";
import { KubeconfigError } from "./kubeconfig-error.ts";

const Status = z.object({ message: z.string() });

/** An unsuccessful response of the API server. */
class AnswerError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(`The API server responded with status ${status}: ${message}`);
    this.name = "AnswerError";
    this.status = status;
  }
}

/**
 * Parses a response of the API server.
 *
 * @throws Failure KUBERNETES_UNAVAILABLE if it has another shape: something else may respond in place of the API
 * server.
 */
export function readAnswer<T>(shape: z.ZodType<T>, answer: unknown): T {
  const { data, error } = shape.safeParse(answer);
  if (error !== undefined) throw unreadable(error);
  return data as T;
}

/**
 * Reads a body as text, at most `maxBytes` bytes and for at most `maxMs` milliseconds in all: it might trickle in for
 * ever.
 */
export async function readText(
  body: Dispatcher.ResponseData["body"],
  maxBytes: number,
  maxMs: number,
): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  const late = (): void => void body.destroy(unavailable("The Kubernetes API server took too long to respond."));
  const timer = setTimeout(late, maxMs);
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > maxBytes) throw tooLarge();
      parts.push(part);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Parses a JSON object. */
export function parseJson(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may repeat parts of our request.
    throw unreadable(new Error("The response is not JSON."));
  }
  if (typeof value !== "object" || value === null) throw unreadable(new Error("The response is not an object."));
  return value;
}

/** The message of a `Status` object, at most 1,000 characters; `undefined` if the body is not a `Status`. */
export function statusMessage(body: string): string | undefined {
  try {
    return Status.parse(JSON.parse(body)).message.slice(0, 1000);
  } catch {
    return undefined;
  }
}

/**
 * The failure for an unsuccessful status. The server's message is only the cause, because it names accounts and
 * addresses. A body that is not a `Status` is discarded: whatever responded in place of the API server may repeat our
 * request, including tokens.
 *
 * @param owner whose credentials were rejected.
 */
export function statusFailure(status: number, body: string, owner: KubeConnection["owner"] = "server"): Failure {
  const cause = new AnswerError(status, statusMessage(body) ?? "");
  if (!isRefusal(status)) {
    return unavailable(`The Kubernetes API server responded with status ${status}.`, cause);
  }
  if (owner === "user") return userRefused(status, statusMessage(body), cause);
  const next = "Tell an operator: the gateway's ServiceAccount lacks a right, or its token is no longer valid.";
  const message = "The Kubernetes API server rejected this server's own account.";
  return new Failure("refused", "KUBERNETES_REFUSED", message, { next, cause });
}

/** Whether a status means that the API server rejects the credentials, or what they are used for. */
export function isRefusal(status: number): boolean {
  return status === 401 || status === 403;
}

/** The credentials are the caller's own: Kubernetes' own words say what they may not do, whether or not it exists. */
function userRefused(status: number, said: string | undefined, cause: unknown): Failure {
  if (status === 403) {
    return new Failure("denied", "ACCESS_DENIED", `Kubernetes denies it: ${printable(said ?? "no reason was given")}`, {
      next: "Check the namespace and the kubeconfig's context, or ask whoever runs the cluster for this right.",
      cause,
    });
  }
  const message = "The cluster does not accept the kubeconfig's credentials: they are invalid or have expired.";
  return new Failure("refused", "KUBECONFIG_REFUSED", message, {
    next: "Sign in to the cluster again, as for kubectl, then try again.",
    cause,
  });
}

/**
 * The failure of a call that did not reach the API server.
 *
 * @param cause what the connection threw.
 */
export function unreachable(cause: unknown, owner: KubeConnection["owner"] = "server"): Failure {
  const message = "The Kubernetes API server could not be reached";
  if (owner !== "user") return unavailable(`${message}.`, cause);
  if (cause instanceof KubeconfigError) {
    return new Failure("refused", "KUBECONFIG_REFUSED", cause.message, { next: cause.next, cause });
  }
  const code = systemCode(cause);
  if (isTlsCode(code) || code.startsWith("HOSTNAME")) {
    return new Failure(
      "refused",
      "KUBERNETES_UNTRUSTED",
      `The Kubernetes API server could not be verified (${code}).`,
      {
        next: "Compare the kubeconfig's certificate authority with the cluster's: `kubectl get pods` should work.",
        cause,
      },
    );
  }
  return new Failure("unavailable", "KUBERNETES_UNAVAILABLE", `${message}${code && ` (${code})`}.`, {
    next: "Check the network, the VPN and the kubeconfig's context: `kubectl get pods` should work.",
    cause,
  });
}

/** Whether the server no longer has the version, or the list, to continue from: a new list is needed. */
export function isExpired({ cause }: Failure): boolean {
  return cause instanceof AnswerError && cause.status === 410;
}

/** The cause of a response that exceeds the limit on its size. */
const TOO_LARGE = new Error("The response exceeds the limit on its size.");

/** The failure of a response that exceeds the limit on its size. */
export function tooLarge(): Failure {
  return unavailable("The Kubernetes API server's response is too large.", TOO_LARGE);
}

/** Whether a call failed because its response is too large: a smaller part may fit. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Failure && error.cause === TOO_LARGE;
}

/** The failure of a call that the API server did not serve. */
export function unavailable(message: string, cause?: unknown): Failure {
  return new Failure("unavailable", "KUBERNETES_UNAVAILABLE", message, { next: "Try again in a moment.", cause });
}

function unreadable(cause: unknown): Failure {
  return unavailable("The Kubernetes API server's response could not be parsed.", cause);
}
