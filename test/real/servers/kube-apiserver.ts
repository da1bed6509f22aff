import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { FIRST_CLIENT } from "../../fakes/certificates.ts";
import { PEOPLE } from "../../integration/access-rows.ts";
import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";
import { KubeClient } from "./kube-client.ts";

/** What a client needs to connect to a Kubernetes API server. */
export interface KubernetesAccess {
  readonly url: string;
  /** The certificate authority, as PEM. */
  readonly ca: string;
  /** A token of the group system:masters. */
  readonly adminToken: string;
  /** The tokens of users other than ServiceAccounts. */
  readonly userTokens: Readonly<Record<string, string>>;
  /** The key that it signs ServiceAccounts' tokens with, as PEM. */
  readonly accountKey: string;
  /** The audit log: a line of JSON for each answered request, an `Event` of audit.k8s.io/v1. */
  readonly auditLog: string;
}

const AUDIT_POLICY = `
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
`;

/** The audience of tokens for the API server itself. */
export const API_AUDIENCE = "https://kubernetes.default.svc";

/**
 * Starts a kube-apiserver with RBAC, and waits until it is ready. It has no controllers, no nodes and no kubelets.
 *
 * @param name distinguishes several API servers on one etcd: each has its own data and files.
 * @param options more options of its command line.
 */
export async function startKubeApiserver(
  name: string,
  etcdUrl: string,
  folder: string,
  options: readonly string[] = [],
): Promise<{ readonly access: KubernetesAccess; readonly server: ChildServer }> {
  const { path } = await resolveServer("kube-apiserver");
  const own = join(folder, name);
  await mkdir(own);
  const adminToken = randomBytes(16).toString("hex");
  const userTokens: Record<string, string> = {};
  const lines = [`${adminToken},admin,admin,system:masters`];
  for (const [user, groups] of Object.entries(PEOPLE)) {
    const token = randomBytes(16).toString("hex");
    userTokens[user] = token;
    lines.push(`${token},${user},${user},"${groups.join(",")}"`);
  }
  await writeFile(join(own, "tokens.csv"), `${lines.join("\n")}\n`);
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const accountKey = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  await writeFile(join(own, "account.key"), accountKey);
  await writeFile(join(own, "account.pub"), publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(join(own, "audit-policy.yaml"), AUDIT_POLICY);
  // The certificate is its own authority.
  await writeFile(join(own, "clients.crt"), FIRST_CLIENT.cert);
  const auditLog = join(own, "audit.log");
  const port = await findFreePort();
  const server = new ChildServer(`kube-apiserver (${name})`, path, [
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    // The server creates its own certificate there.
    `--cert-dir=${join(own, "certificates")}`,
    `--etcd-servers=${etcdUrl}`,
    `--etcd-prefix=/${name}`,
    `--token-auth-file=${join(own, "tokens.csv")}`,
    `--client-ca-file=${join(own, "clients.crt")}`,
    `--service-account-issuer=${API_AUDIENCE}`,
    `--service-account-key-file=${join(own, "account.pub")}`,
    `--service-account-signing-key-file=${join(own, "account.key")}`,
    "--authorization-mode=RBAC",
    `--audit-policy-file=${join(own, "audit-policy.yaml")}`,
    `--audit-log-path=${auditLog}`,
    "--service-cluster-ip-range=10.96.0.0/24",
    // This plugin would wait for a controller that creates accounts.
    "--disable-admission-plugins=ServiceAccount",
    ...options,
  ]);
  try {
    const url = `https://127.0.0.1:${port}`;
    const access = await server.waitFor(async () => {
      const ca = await readFile(join(own, "certificates", "apiserver.crt"), "utf8");
      const candidate = { url, ca, adminToken, userTokens, accountKey, auditLog };
      const kube = new KubeClient(candidate, adminToken);
      try {
        return (await kube.request("GET", "/readyz")).status === 200 ? candidate : undefined;
      } finally {
        await kube.close();
      }
    });
    return { access, server };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
