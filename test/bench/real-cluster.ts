import { join } from "node:path";
import { resolveServer } from "../real/programs/resolve.ts";
import { type MadeRun, READER, TestProject } from "../real/project.ts";
import { createCustomResources } from "../real/servers/custom-resources.ts";
import { startEtcd } from "../real/servers/etcd.ts";
import { createGatewayAccount, createGatewayRoles } from "../real/servers/gateway-account.ts";
import { API_AUDIENCE, type KubernetesAccess, startKubeApiserver } from "../real/servers/kube-apiserver.ts";
import { KubeClient } from "../real/servers/kube-client.ts";

/** A real API server with the gateway's account and one project: runs of a Stage, and many who may read them. */
export interface RealCluster {
  readonly access: KubernetesAccess;
  /** The process of the API server. */
  readonly pid: number;
  readonly admin: KubeClient;
  /** The token of the account in `deploy/`. */
  readonly gatewayToken: string;
  readonly project: TestProject;
  readonly run: MadeRun;
  /** Runs that have not ended: they are read anew for each log. */
  readonly running: readonly MadeRun[];
  /** Tokens of as many ServiceAccounts. */
  readonly readers: readonly string[];
  stop(): Promise<void>;
}

/** Says why the real API server cannot be had here; `undefined` where it can. Builds it first, where there is Go. */
export async function whyNoCluster(): Promise<string | undefined> {
  try {
    await resolveServer("etcd");
    await resolveServer("kube-apiserver");
    return undefined;
  } catch (error) {
    return (error as Error).message.split("\n", 1)[0];
  }
}

/** More than are read at the same moment: those would share an answer. */
const RUNNING = 64;

/** Starts etcd and kube-apiserver, and makes all that a {@link RealCluster} holds. The runs' only metric is `small`. */
export async function startRealCluster(folder: string, files: string, readers: number): Promise<RealCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const step of undo.toReversed()) await step();
  };
  try {
    const etcd = await startEtcd(folder);
    undo.push(() => etcd.server.stop());
    const { access, server } = await startKubeApiserver("bench", etcd.url, folder);
    undo.push(() => server.stop());
    const admin = new KubeClient(access);
    undo.push(() => admin.close());
    await createCustomResources(admin, join(import.meta.dirname, "../real/crds"));
    await createGatewayRoles(admin);
    await createGatewayAccount(admin);

    const project = await TestProject.create(admin, "small-reads", files);
    await project.addStage("perf");
    // Runs of such projects belong to this Freight.
    await admin.create({
      apiVersion: "kargo.akuity.io/v1alpha1",
      kind: "Freight",
      metadata: { name: "f0e1d2c3", namespace: project.name },
      alias: "steady-otter",
      origin: { kind: "Warehouse", name: "main" },
    });
    const run = await project.addRun("run", "perf", ["small"]);
    const running = await Promise.all(
      Array.from({ length: RUNNING }, (_, index) =>
        project.addRun(`running-${index}`, "perf", ["small"], { phase: "Running" }),
      ),
    );
    const names = Array.from({ length: readers }, (_, index) => `reader-${index}`);
    const tokens = await Promise.all(names.map((name) => project.addUser(name, READER)));
    const gatewayToken = await admin.createToken("taffrail", "taffrail", [API_AUDIENCE]);
    return { access, pid: server.pid, admin, gatewayToken, project, run, running, readers: tokens, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
