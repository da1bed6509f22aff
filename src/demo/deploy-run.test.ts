import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createKubeApi } from "../kube/kube-api.ts";
import { ANALYSIS_RUNS, PODS } from "../kube/resources.ts";
import { DEMO_CLUSTER } from "./config.ts";
import { DEPLOY_JOB, DEPLOY_MS, DEPLOY_RUN, playDeployRun } from "./deploy-run.ts";
import { STORE_TOKEN } from "./log-store.ts";
import { loadObjects } from "./objects.ts";
import { startDemoServers } from "./servers.ts";

const NOW = new Date("2026-03-12T14:00:00Z");
const NAMESPACE = "guestbook";

describe("the run that starts while the user watches", () => {
  it("is written step by step, and its log is in its pod until the end, then in the store, byte for byte", async () => {
    let passed = 0;
    const objects = loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), NOW);
    const servers = await startDemoServers({ objects, now: NOW, clock: { now: () => NOW.getTime() + passed } });
    const kube = createKubeApi({
      server: servers.cluster.url,
      credentials: async () => ({ headers: { authorization: "Bearer demo-gateway" }, tls: {} }),
    });
    const leave = new AbortController();
    const phases: string[] = [];
    let live = "";
    const follow = async (): Promise<void> => {
      const pod = { namespace: NAMESPACE, name: `${DEPLOY_JOB}-k4m8c`, container: "deploy", previous: false };
      const { body } = await kube.openPodLog(pod, { follow: true }, leave.signal);
      for await (const piece of body) live += piece;
    };
    const stored = () =>
      fetch(`${servers.store.url}/logs/${NAMESPACE}/${DEPLOY_JOB}/deploy.log`, {
        headers: { authorization: `Bearer ${STORE_TOKEN}` },
      });

    let following: Promise<void> | undefined;
    /** Checks the state before each step, for as long as the previous one lasted. */
    const look = async (ms: number): Promise<void> => {
      const [run] = await first(kube.watch(ANALYSIS_RUNS, NAMESPACE, { name: DEPLOY_RUN }, leave.signal));
      const labelSelector = `batch.kubernetes.io/job-name=${DEPLOY_JOB}`;
      const [pod] = await first(kube.watch(PODS, NAMESPACE, { labelSelector }, leave.signal));
      phases.push(`${phaseOf(run)} ${phaseOf(pod)}`);
      if (phaseOf(pod) === "Running") following = follow();
      passed += ms;
    };
    await playDeployRun(servers.cluster, NOW, leave.signal, look);
    await look(0);
    expect(phases).toEqual([
      "- -",
      "Pending -",
      "Running Pending",
      "Running Running",
      "Running Succeeded",
      "Successful Succeeded",
    ]);

    await following;
    expect(live).toContain("12 of 12 replicas are ready");
    expect((await stored()).status).toBe(404);
    passed = DEPLOY_MS.stored;
    expect(await (await stored()).text()).toBe(live);
    await kube.close();
    await servers.close();
  });
});

async function first(sets: AsyncIterable<readonly unknown[]>): Promise<readonly unknown[]> {
  for await (const set of sets) return set;
  throw new Error("There is no set.");
}

function phaseOf(object: unknown): string {
  return (object as { readonly status: { readonly phase: string } } | undefined)?.status.phase ?? "-";
}
