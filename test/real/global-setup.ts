import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { createCustomResources } from "./servers/custom-resources.ts";
import { startEtcd } from "./servers/etcd.ts";
import { createGatewayAccount, createGatewayRoles } from "./servers/gateway-account.ts";
import { type KubernetesAccess, startKubeApiserver } from "./servers/kube-apiserver.ts";
import { KubeClient } from "./servers/kube-client.ts";
import { startNginx } from "./servers/nginx.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** For further API servers, each of which needs its own prefix. */
    etcdUrl: string;
    /** A real API server with the CRDs in `crds/`. */
    kubernetes: KubernetesAccess;
    /** nginx, and the folder that it serves. */
    store: { readonly url: string; readonly files: string };
    /** A temporary folder that is removed after the run. */
    folder: string;
  }
}

/** Starts, once for the run, what every test uses. Returns a function that stops it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "taffrail-real-"));
    undo.push(() => rm(folder, { recursive: true, force: true }));

    const files = join(folder, "files");
    await mkdir(files);
    const nginx = await startNginx({ folder, files });
    undo.push(() => nginx.server.stop());

    const etcd = await startEtcd(folder);
    undo.push(() => etcd.server.stop());

    const kubernetes = await startKubeApiserver("own", etcd.url, folder);
    undo.push(() => kubernetes.server.stop());
    const admin = new KubeClient(kubernetes.access);
    undo.push(() => admin.close());
    await createCustomResources(admin, join(import.meta.dirname, "crds"));
    await createGatewayRoles(admin);
    await createGatewayAccount(admin);

    project.provide("folder", folder);
    project.provide("store", { url: nginx.url, files });
    project.provide("etcdUrl", etcd.url);
    project.provide("kubernetes", kubernetes.access);
    return stop;
  } catch (error) {
    await stop();
    throw error;
  }
}
