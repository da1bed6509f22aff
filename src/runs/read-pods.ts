import { z } from "zod";
import type { KubeApi } from "../kube/kube-api.ts";
import { PODS } from "../kube/resources.ts";
import type { ContainerStatus, Pod } from "./pod.ts";
import type { Run } from "./run.ts";

/** The label that Argo Rollouts gives to the pods of a run's Jobs. */
const RUN_UID = "analysisrun.argoproj.io/uid";
/** The selector of the pods of a run's Jobs. */
export function podsSelector(uid: string): string {
  return `${RUN_UID}=${uid}`;
}

/** A Job's pods are few; more than this are not looked at, whatever somebody has labelled. */
const MAX_PODS = 1_000;

const text = z.string().nullish();
const Terminated = z.object({ exitCode: z.number(), reason: text, message: text, startedAt: text, finishedAt: text });
const Status = z.object({
  name: z.string(),
  restartCount: z.number().nullish(),
  started: z.boolean().nullish(),
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).nullish(),
      running: z.object({ startedAt: text }).nullish(),
      terminated: Terminated.nullish(),
    })
    .nullish(),
  lastState: z.object({ terminated: Terminated.nullish() }).nullish(),
});
const Containers = z.array(z.object({ name: z.string(), restartPolicy: text })).nullish();
const PodObject = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    creationTimestamp: z.string(),
    labels: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).nullish(),
  }),
  spec: z.object({ nodeName: text, initContainers: Containers, containers: Containers }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      conditions: z.array(z.object({ type: z.string(), status: z.string(), reason: text, message: text })).nullish(),
      initContainerStatuses: z.array(Status).nullish(),
      containerStatuses: z.array(Status).nullish(),
    })
    .nullish(),
});

/**
 * Reads the pods of a run's Jobs that still exist in the cluster, oldest first.
 *
 * A pod belongs to the run if it has the label with the run's uid, and is owned by a Job whose name begins with that
 * uid.
 *
 * @param namespaces of the run's Jobs, as accepted by `jobOf`.
 */
export async function readPods(
  kube: Pick<KubeApi, "list">,
  run: Run,
  namespaces: Iterable<string>,
  signal: AbortSignal,
): Promise<readonly Pod[]> {
  const pods: Pod[] = [];
  for (const namespace of new Set(namespaces)) {
    let seen = 0;
    for await (const chunk of kube.list(PODS, namespace, { labelSelector: podsSelector(run.uid), signal })) {
      pods.push(...chunk.map((object) => podOf(object, run)).filter((pod) => pod !== undefined));
      seen += chunk.length;
      if (seen >= MAX_PODS) break;
    }
  }
  return pods.sort((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt) || (a.name < b.name ? -1 : 1));
}

function podOf(object: unknown, { uid }: Run): Pod | undefined {
  const { data } = PodObject.safeParse(object);
  if (data === undefined || data.metadata.labels?.[RUN_UID] !== uid) return undefined;
  const { metadata, spec, status } = data;
  const job = metadata.ownerReferences?.find(({ kind, name }) => kind === "Job" && name.startsWith(`${uid}.`));
  if (job === undefined) return undefined;
  const unscheduled = status?.conditions?.find((each) => each.type === "PodScheduled" && each.status === "False");
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    jobName: job.name,
    createdAt: metadata.creationTimestamp,
    scheduled: Boolean(spec.nodeName),
    phase: status?.phase ?? "",
    reason: status?.reason || unscheduled?.reason || "",
    message: status?.message || unscheduled?.message || "",
    containers: [
      ...(spec.initContainers ?? []).map(({ name, restartPolicy }) =>
        statusOf({ name, init: true, sidecar: restartPolicy === "Always" }, status?.initContainerStatuses ?? []),
      ),
      ...(spec.containers ?? []).map(({ name }) =>
        statusOf({ name, init: false, sidecar: false }, status?.containerStatuses ?? []),
      ),
    ],
  };
}

function statusOf(
  container: Pick<ContainerStatus, "name" | "init" | "sidecar">,
  statuses: readonly z.infer<typeof Status>[],
): ContainerStatus {
  const status = statuses.find((each) => each.name === container.name);
  const { waiting, running, terminated } = status?.state ?? {};
  const ended = terminated ?? (waiting ? status?.lastState?.terminated : undefined);
  return {
    ...container,
    state: terminated ? "terminated" : running ? "running" : waiting || status === undefined ? "waiting" : "unknown",
    exitCode: ended?.exitCode,
    reason: terminated?.reason || waiting?.reason || "",
    message: terminated?.message || waiting?.message || "",
    restarts: status?.restartCount ?? 0,
    up: running != null && status?.started !== false,
    startedAt: (running?.startedAt ?? ended?.startedAt) || undefined,
    endedAt: ended?.finishedAt || undefined,
  };
}
