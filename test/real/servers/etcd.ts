import { join } from "node:path";
import { resolveServer } from "../programs/resolve.ts";
import { ChildServer } from "./child-server.ts";
import { findFreePort } from "./free-port.ts";

/**
 * Starts etcd with its data in a folder, and waits until it is healthy. It can serve several API servers, each with its
 * own prefix.
 */
export async function startEtcd(folder: string): Promise<{ readonly url: string; readonly server: ChildServer }> {
  const { path } = await resolveServer("etcd");
  const url = `http://127.0.0.1:${await findFreePort()}`;
  const peerUrl = `http://127.0.0.1:${await findFreePort()}`;
  const server = new ChildServer("etcd", path, [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
    // The data need not survive the run.
    "--unsafe-no-fsync",
    "--log-level=warn",
  ]);
  await server
    .waitFor(async () => ((await fetch(`${url}/health`)).ok ? true : undefined))
    .catch(async (error: unknown) => {
      await server.stop();
      throw error;
    });
  return { url, server };
}
