import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plant, search } from "../../planted/search.ts";
import { ChildServer } from "./child-server.ts";

export interface GatewayOptions {
  /** The program to run. Default: `src/main.ts`. */
  readonly program?: string;
  /** The folder of its configuration and kubeconfig. */
  readonly folder: string;
  /** Its taffrail.yaml. */
  readonly config: string;
  /**
   * The API server, the authority of its certificate (absent for plain HTTP), and the gateway's own token for it.
   */
  readonly kubernetes: { readonly url: string; readonly ca?: string; readonly token: string };
  /** Added to its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A gateway that runs like in production: from its command line, as a separate process. */
export interface Gateway {
  readonly url: string;
  readonly server: ChildServer;
}

/** Starts `taffrail serve` on a free port, and waits until it reports the port. */
export async function startGateway({
  folder,
  config,
  kubernetes,
  program,
  env = {},
}: GatewayOptions): Promise<Gateway> {
  const own = await mkdtemp(join(folder, "gateway-"));
  await writeFile(join(own, "taffrail.yaml"), config);
  await writeFile(join(own, "kubeconfig"), JSON.stringify(kubeconfigOf(kubernetes)));
  plant(kubernetes.token);
  const args = [
    program ?? join(import.meta.dirname, "../../../src/main.ts"),
    "serve",
    `--config=${join(own, "taffrail.yaml")}`,
    `--kubeconfig=${join(own, "kubeconfig")}`,
    "--listen=127.0.0.1:0",
  ];
  const server = new ChildServer("taffrail", process.execPath, args, { env, onLine: (line) => search("log", line) });
  try {
    const url = await server.waitFor(() => /"address":"(http:[^"]+)"/.exec(server.output)?.[1]);
    return { url, server };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function kubeconfigOf({ url, ca, token }: GatewayOptions["kubernetes"]) {
  // Kubernetes' client library refuses a URL without TLS unless verification is disabled.
  const trust =
    ca === undefined
      ? { "insecure-skip-tls-verify": true }
      : { "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: url, ...trust } }],
    users: [{ name: "gateway", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "gateway" } }],
    "current-context": "test",
  };
}
