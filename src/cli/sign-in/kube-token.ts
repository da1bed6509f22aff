import * as z from "zod";
import { createEgress } from "../../egress/egress.ts";
import type { KubeconfigConnection } from "../../kube/kubeconfig.ts";
import { KubeconfigError } from "../../kube/kubeconfig-error.ts";
import { createTransport } from "../../kube/transport.ts";
import { quoted } from "../../quoted.ts";
import { revealText, type Secret } from "../../secret.ts";
import { CliError, EXIT } from "../exit.ts";
import type { CliIo } from "../io.ts";
import { type KubeUser, kubeConnection } from "../kube-connection.ts";
import { readClaims } from "./token-claims.ts";

const ANSWER_MS = 15_000;
const ANSWER = { bytes: 1024 * 1024, ms: ANSWER_MS };
/** The shortest that Kubernetes allows is 10 minutes. */
const LIFE_S = 3_600;

const TokenRequest = z.looseObject({ status: z.looseObject({ token: z.string().min(1) }) });

/** A token of a kubeconfig's user. */
export interface KubeToken {
  readonly token: string;
  /** The context that the user is of. */
  readonly kubeContext: string;
  /** Whether it was issued for this purpose, so that it may be kept. Others stay where they are. */
  readonly isIssued: boolean;
  /** What the user should know; `undefined`: nothing. */
  readonly note: string | undefined;
}

/**
 * Gets the token of a kubeconfig's user: for a ServiceAccount a new one for these audiences, by TokenRequest, if it may
 * have one; else the user's own, which a credential plugin may issue.
 *
 * @param audiences those of the server. None: those of the API server, so that the token is good for its API too.
 * @throws CliError if the user has no token, or the kubeconfig cannot be used.
 */
export async function kubeToken(
  user: KubeUser,
  audiences: readonly string[],
  io: Pick<CliIo, "env" | "ask" | "now" | "signal">,
): Promise<KubeToken> {
  try {
    const connection = await kubeConnection(user, io);
    const own = await tokenOf(connection);
    const base = { kubeContext: connection.contextName };
    const account = accountOf(own);
    if (account === undefined) return { ...base, token: own, isIssued: false, note: undefined };
    const issued = await issueToken(connection, account, audiences, io.signal);
    if (issued !== undefined) {
      const note =
        audiences.length > 0
          ? undefined
          : "the token is good for the cluster's API too, since the server has no audiences of its own";
      return { ...base, token: issued, isIssued: true, note };
    }
    const name = `${account.namespace}/${account.name}`;
    const rule = `create serviceaccounts/token ${account.name} in ${account.namespace}`;
    if (audiences.length > 0 && !hasAudience(own, audiences)) {
      throw new CliError(EXIT.denied, `the ServiceAccount ${name} may not create a token for this server`, [
        `try     ask for the permission to ${rule}`,
        "        --local, which needs no server",
      ]);
    }
    const note = `the ServiceAccount's own token is sent, as it may not ${rule}`;
    return { ...base, token: own, isIssued: false, note };
  } catch (error) {
    if (error instanceof KubeconfigError) throw new CliError(EXIT.usage, error.message, [`try     ${error.next}`]);
    throw error;
  }
}

async function tokenOf(connection: KubeconfigConnection): Promise<string> {
  const { headers, tls } = await connection.credentials();
  const names = Object.keys(headers).map((name) => name.toLowerCase());
  const user = `the kubeconfig's user ${quoted(connection.userName)}`;
  if (names.some((name) => name.startsWith("impersonate-"))) {
    throw noToken(`${user} impersonates another one, which only Kubernetes itself can allow`);
  }
  const [, value] = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization") ?? [];
  const bearer = typeof value === "string" || isSecret(value) ? revealText(value) : "";
  const token = /^Bearer (\S+)$/.exec(bearer)?.[1];
  if (token !== undefined) return token;
  throw noToken(
    tls.cert === undefined
      ? `${user} has no token`
      : `${user} has a client certificate, and no token that could be sent`,
  );
}

function isSecret(value: unknown): value is Secret {
  return typeof value === "object" && !Array.isArray(value);
}

function noToken(message: string): CliError {
  return new CliError(EXIT.usage, message, [
    "try     --local with the command, which reads with the kubeconfig itself",
  ]);
}

interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

function accountOf(token: string): ServiceAccount | undefined {
  const [, namespace, name] =
    /^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$/.exec(readClaims(token)?.sub ?? "") ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

function hasAudience(token: string, audiences: readonly string[]): boolean {
  return [readClaims(token)?.aud ?? []].flat().some((each) => audiences.includes(each));
}

/** @returns `undefined` if RBAC does not let it. */
async function issueToken(
  connection: KubeconfigConnection,
  { namespace, name }: ServiceAccount,
  audiences: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const { exchange, close } = createTransport(connection, createEgress(), ANSWER_MS);
  try {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const spec = { ...(audiences.length > 0 && { audiences }), expirationSeconds: LIFE_S };
    const body = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec };
    const { statusCode, text } = await exchange("POST", path, signal, ANSWER, body);
    if (statusCode === 403) return undefined;
    if (statusCode >= 300) {
      throw new CliError(EXIT.denied, `Kubernetes issues no token for ${namespace}/${name} (HTTP ${statusCode})`, [
        "try     kubectl get pods, which uses the same kubeconfig",
      ]);
    }
    return TokenRequest.parse(JSON.parse(text)).status.token;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CliError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.incomplete, `the API server of the kubeconfig cannot be used${code ? ` (${code})` : ""}`, [
      "try     kubectl get pods, which uses the same kubeconfig",
    ]);
  } finally {
    await close();
  }
}
