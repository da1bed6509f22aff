import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ChildServer } from "./child-server.ts";

export interface GatewayOptions {
  /** For its configuration and kubeconfig. */
  readonly folder: string;
  /** Its taffrail.yaml. */
  readonly config: string;
  /** The API server, and the gateway's own token for it. */
  readonly kubernetes: { readonly url: string; readonly ca?: string; readonly token: string };
}

/** A gateway that runs as operators run it: from its command line, as a process of its own. */
export interface Gateway {
  readonly url: string;
  readonly server: ChildServer;
}

/** Starts `taffrail serve` on a port of its own choice, and waits until it says which. */
export async function startGateway({ folder, config, kubernetes }: GatewayOptions): Promise<Gateway> {
  const own = await mkdtemp(join(folder, "gateway-"));
  await writeFile(join(own, "taffrail.yaml"), config);
  await writeFile(join(own, "kubeconfig"), JSON.stringify(kubeconfigOf(kubernetes)));
  const server = new ChildServer("taffrail", process.execPath, [
    join(import.meta.dirname, "../../../src/main.ts"),
    "serve",
    `--config=${join(own, "taffrail.yaml")}`,
    `--kubeconfig=${join(own, "kubeconfig")}`,
    "--listen=127.0.0.1:0",
  ]);
  try {
    const url = await server.waitFor(() => /"address":"(http:[^"]+)"/.exec(server.output)?.[1]);
    return { url, server };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function kubeconfigOf({ url, ca, token }: GatewayOptions["kubernetes"]) {
  const authority = ca === undefined ? {} : { "certificate-authority-data": Buffer.from(ca).toString("base64") };
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster: { server: url, ...authority } }],
    users: [{ name: "gateway", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "gateway" } }],
    "current-context": "test",
  };
}
