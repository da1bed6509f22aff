import { describe, expect, it } from "vitest";
import { CauseKind, CauseReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type MadePod, terminated, waiting } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { logRequests, says } from "./pod-world.ts";
import { useVerdictWorld } from "./verdict-world.ts";

const { world, put, get, read, page, cli, row } = useVerdictWorld();

const DISK = "The node was low on resource: ephemeral-storage. Threshold quantity: 10, available: 0.";
const EVICTED = { reason: "Evicted", message: DISK };
const condition = (type: string, reason: string, message: string) => ({
  conditions: [{ type, status: "True", reason, message }],
});
/** A container of whose end the kubelet knows nothing: the times are null, and the exit code is the kubelet's. */
const LOST = {
  ...waiting("ContainerCreating"),
  restartCount: 1,
  started: false,
  lastState: {
    terminated: {
      exitCode: 137,
      reason: "ContainerStatusUnknown",
      message: "The container could not be located when the pod was deleted.",
      startedAt: null,
      finishedAt: null,
    },
  },
};
/** A container whose program the runtime could not start: the exit code is the runtime's. */
function unstarted(message: string): Readonly<Record<string, unknown>> {
  const times = { startedAt: "1970-01-01T00:00:00Z", finishedAt: "2026-01-01T00:00:30Z" };
  return { ...terminated(128), state: { terminated: { exitCode: 128, reason: "StartError", message, ...times } } };
}
const UNPULLED = "nothing to be had from 10.0.0.1:5000";

type Pod = Partial<MadePod>;
const failed = (phase = "Failed", archived = false) => put({ phase, metrics: [{ name: "it", phase }] }, archived);

/** Sentences that would be false of a pod that Kubernetes ended, or of a run that is over. */
const FALSE = /never started|is waiting|waits|exited with|exit code|pod is gone/;

const ENDS: readonly (readonly [string, Pod, string])[] = [
  [
    "evicted, without a word about its containers",
    { phase: "Failed", status: EVICTED, containers: { main: undefined } },
    "infrastructure: Kubernetes evicted the pod of it: the node was low on ephemeral-storage.",
  ],
  [
    "evicted, and its container lost",
    { phase: "Failed", status: EVICTED, containers: { main: LOST } },
    "infrastructure: Kubernetes evicted the pod of it: the node was low on ephemeral-storage.",
  ],
  [
    "evicted, by its condition alone",
    {
      phase: "Failed",
      status: condition("DisruptionTarget", "TerminationByKubelet", "The node was low on resource: memory."),
      containers: { main: terminated(137) },
    },
    "infrastructure: Kubernetes evicted the pod of it: the node was low on memory.",
  ],
  [
    "drained from its node",
    {
      phase: "Failed",
      status: condition("DisruptionTarget", "EvictionByEvictionAPI", "Eviction API: evicting"),
      containers: { main: terminated(143) },
    },
    "infrastructure: Kubernetes evicted the pod of it: Eviction API: evicting",
  ],
  [
    "on a node that was shut down",
    {
      phase: "Failed",
      status: { reason: "Terminated", message: "Pod was terminated in response to imminent node shutdown." },
      containers: { main: terminated(137) },
    },
    "infrastructure: The node of it was shut down.",
  ],
  [
    "preempted",
    {
      phase: "Failed",
      status: condition("DisruptionTarget", "PreemptionByScheduler", "default-scheduler: preempting"),
      containers: { main: terminated(143) },
    },
    "infrastructure: Kubernetes gave the place of the pod of it to a pod with a higher priority.",
  ],
  [
    "preempted, and has not ended yet",
    {
      deletedAt: "2026-01-01T00:00:40Z",
      status: condition("DisruptionTarget", "PreemptionByScheduler", "default-scheduler: preempting"),
    },
    "infrastructure: Kubernetes gave the place of the pod of it to a pod with a higher priority.",
  ],
  [
    "lost with its node, in a cluster that does not know its phase then",
    { phase: "Unknown", status: { reason: "NodeLost", message: "Node node-1 is unresponsive" } },
    "infrastructure: The node of it was lost or cleared.",
  ],
  [
    "lost with its node",
    {
      phase: "Failed",
      status: condition("DisruptionTarget", "DeletionByPodGC", "PodGC: node no longer exists"),
      containers: { main: undefined },
    },
    "infrastructure: The node of it was lost or cleared.",
  ],
  [
    "past its deadline",
    {
      phase: "Failed",
      status: { reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline" },
      containers: { main: terminated(143) },
    },
    "infrastructure: it ran for longer than its deadline allows.",
  ],
  [
    "refused by its node",
    {
      phase: "Failed",
      status: { reason: "OutOfcpu", message: "Pod was rejected: Node didn't have enough resource: cpu" },
      containers: { main: undefined },
    },
    "infrastructure: Kubernetes ended the pod of it (OutOfcpu): " +
      "Pod was rejected: Node didn't have enough resource: cpu",
  ],
  [
    "out of memory",
    { phase: "Failed", containers: { main: terminated(137, undefined, "OOMKilled") } },
    "infrastructure: Container main was killed: it ran out of memory.",
  ],
  [
    "without its image",
    { phase: "Pending", containers: { main: waiting("ImagePullBackOff") } },
    `infrastructure: An image of it could not be pulled: ${UNPULLED}`,
  ],
  [
    "with an image of no valid name",
    { phase: "Pending", containers: { main: waiting("InvalidImageName") } },
    "configuration: An image of it has an invalid name.",
  ],
  [
    "without a Secret",
    { phase: "Pending", containers: { main: waiting("CreateContainerConfigError") } },
    `configuration: A container of it could not be started: ${UNPULLED}`,
  ],
  [
    "without the program that it is to run",
    { phase: "Failed", containers: { main: unstarted('exec: "robot": executable file not found in $PATH') } },
    'configuration: A container of it could not be started: exec: "robot": executable file not found in $PATH',
  ],
  [
    "held back by a scheduling gate",
    {
      phase: "Pending",
      status: {
        conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated", message: "gates are closed" }],
      },
      containers: { main: undefined },
    },
    "infrastructure: The pod of it could not be scheduled: gates are closed",
  ],
  [
    "on no node",
    {
      phase: "Pending",
      status: {
        conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }],
      },
      containers: { main: undefined },
    },
    "infrastructure: The pod of it could not be scheduled: 0/3 nodes",
  ],
];

describe("the pod of a run that failed", () => {
  it.each(ENDS)("is what explains it, before any exit code: %s", async (_, pod, sentence) => {
    const run = failed();
    world().addPod(run, pod, says(400, `container "main" in pod "x" is terminated`));
    const [title, ...below] = await page(run);
    expect(title).toBe("Verification failed: it, attempt 1 of 1");
    expect(`${below[0]?.replaceAll("**", "")}`).toBe(sentence.replace(/^\w+: /, ""));
    expect(below.join(" ")).not.toMatch(FALSE);
    const { out } = await cli("why", run.name);
    expect(out).toContain(`\n  ${sentence}\n`);
    expect(out.split("\nattempt 1")[1]?.split("\n")[0]).toBe(" of 1, container main");
    // No pod is read for a list.
    expect(await row(run)).toContain("job failed: The job of it failed.");
  });

  it("is told by its exit code where it ended by itself", async () => {
    const run = failed();
    const pod = world().addPod(run, { phase: "Failed", containers: { main: terminated(3) } });
    expect((await get(run)).cause).toMatchObject({
      kind: CauseKind.TEST_FAILED,
      reason: CauseReason.EXIT_CODE,
      podName: pod,
      containerName: "main",
      exitCode: 3,
    });
    expect(await page(run)).toContain("Container **main** exited with **3**.");
  });

  it("explains an inconclusive run too", async () => {
    const run = failed("Inconclusive");
    world().addPod(run, { phase: "Pending", containers: { main: waiting("ImagePullBackOff") } });
    expect((await page(run)).slice(0, 2)).toEqual([
      "Verification inconclusive: it",
      `An image of **it** could not be pulled: ${UNPULLED}`,
    ]);
    expect((await read(run)).error?.message).toContain("the container was never started (ImagePullBackOff)");
  });

  it("says nothing against the Job's own word that its deadline passed", async () => {
    const message = "Job was active longer than specified deadline";
    const run = put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed", measurement: { message } }] });
    world().addPod(run, { phase: "Failed", containers: { main: terminated(143) } });
    expect(await page(run)).toEqual([
      "Verification failed: it, attempt 1 of 1",
      "**it** ran for longer than its deadline allows.",
      message,
    ]);
  });

  it("explains nothing of a run that passed, or that was stopped", async () => {
    const passed = failed("Successful");
    const pod = { phase: "Failed", status: EVICTED, containers: { main: undefined } };
    world().addPod(passed, pod);
    expect((await get(passed)).cause).toBeUndefined();
    const stopped = put({
      phase: "Inconclusive",
      spec: { terminate: true },
      metrics: [{ name: "it", phase: "Inconclusive", measurement: { message: "metric terminated" } }],
    });
    world().addPod(stopped, pod);
    expect((await get(stopped)).cause?.reason).toBe(CauseReason.STOPPED);
  });
});

describe("the log of an evicted pod", () => {
  it("is gone with it, and the answer says so, not that it was never started", async () => {
    const run = failed();
    const pod = { phase: "Failed", status: EVICTED, containers: { main: undefined } };
    world().addPod(run, pod, says(400, 'container "main" in pod "x" is terminated'));
    expect((await read(run)).error).toMatchObject({
      code: "NotFound",
      reason: "LOG_NOT_FOUND",
      message:
        'No log: source "archive" answered 404; ' +
        'source "pods" no longer has the log: Kubernetes evicted the pod (Evicted).',
    });
  });

  it("is the archive's, where that has it", async () => {
    const run = failed("Failed", true);
    world().addPod(run, { phase: "Failed", status: EVICTED, containers: { main: undefined } });
    expect((await read(run)).text).toBe("it says\n");
  });

  it("is asked for as it is, where a run before is not known: of that there may be none", async () => {
    const run = failed();
    world().addPod(run, { phase: "Failed", status: EVICTED, containers: { main: LOST } });
    expect((await read(run)).text).toBe("live log of aaaaa\n");
    expect(logRequests(world().api.requests).join()).not.toContain("previous");
  });

  it("of an attempt that runs is not waited for", async () => {
    const run = put({ phase: "Running", metrics: [{ name: "it", phase: "Running" }] }, false);
    const pod = { phase: "Failed", status: EVICTED, containers: { main: undefined } };
    world().addPod(run, pod, says(400, 'container "main" in pod "x" is waiting to start: ContainerCreating'));
    expect((await read(run)).error).toMatchObject({ reason: "LOG_NOT_FOUND" });
    world().archive(run, sends("kept\n"));
    expect((await read(run)).text).toBe("kept\n");
  });
});
