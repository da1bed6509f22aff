import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plant, search } from "../../planted/search.ts";
import { ChildServer } from "./child-server.ts";

export interface GatewayOptions {
  /** What to run. Default: `src/main.ts`. */
  readonly program?: string;
  /** For its configuration and kubeconfig. */
  readonly folder: string;
  /** Its taffrail.yaml. */
  readonly config: string;
  /**
   * The API server, the authority behind its certificate (absent where it speaks plain HTTP), and the gateway's own
   * token for it.
   */
  readonly kubernetes: { readonly url: string; readonly ca?: string; readonly token: string };
}

/** A gateway that runs as operators run it: from its command line, as a process of its own. */
export interface Gateway {
  readonly url: string;
  readonly server: ChildServer;
}

/** Starts `taffrail serve` on a port of its own choice, and waits until it says which. */
export async function startGateway({ folder, config, kubernetes, program }: GatewayOptions): Promise<Gateway> {
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
  const server = new ChildServer("taffrail", process.execPath, args, { onLine: (line) => search("log", line) });
  try {
    const url = await server.waitFor(() => /"address":"(http:[^"]+)"/.exec(server.output)?.[1]);
    return { url, server };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function kubeconfigOf({ url, ca, token }: GatewayOptions["kubernetes"]) {
  // Kubernetes' client library refuses an address without TLS unless it is told that nothing is to be verified.
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
