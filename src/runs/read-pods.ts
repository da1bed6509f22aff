import * as z from "zod";
import type { KubeApi } from "../kube/kube-api.ts";
import { PODS } from "../kube/resources.ts";
import { type ContainerStatus, isOver, type Pod } from "./pod.ts";
import type { Run } from "./run.ts";

/** The label that Argo Rollouts gives to the pods of a run's Jobs. */
const RUN_UID = "analysisrun.argoproj.io/uid";
/** The annotation, and in newer clusters the label, that numbers the pods of an Indexed Job. */
const INDEX = "batch.kubernetes.io/job-completion-index";
/** The selector of the pods of a run's Jobs. */
export function podsSelector(uid: string): string {
  return `${RUN_UID}=${uid}`;
}

/** A Job's pods are few; more than this are not looked at, whatever somebody has labelled. */
const MAX_PODS = 1_000;

/** What cannot be read counts as absent: the rest of the pod explains more than none. */
const text = z.string().nullish().catch(undefined);
/** Exit codes are 32 bits wide; those of Windows may be negative. */
const Terminated = z
  .object({
    exitCode: z.int32().optional().catch(undefined),
    reason: text,
    message: text,
    startedAt: text,
    finishedAt: text,
  })
  .nullish()
  .catch(undefined);
const Status = z.object({
  name: text,
  restartCount: z.uint32().nullish().catch(undefined),
  started: z.boolean().nullish().catch(undefined),
  state: z
    .object({
      waiting: z.object({ reason: text, message: text }).nullish().catch(undefined),
      running: z.object({ startedAt: text }).nullish().catch(undefined),
      terminated: Terminated,
    })
    .nullish()
    .catch(undefined),
  lastState: z.object({ terminated: Terminated }).nullish().catch(undefined),
});
/** The entries of a list that are objects. */
const entries = <Shape extends z.ZodType>(shape: Shape) =>
  z
    .array(z.unknown())
    .transform((all) => all.flatMap((each) => shape.safeParse(each).data ?? []))
    .nullish()
    .catch(undefined);
const Condition = z.object({ type: text, status: text, reason: text, message: text });
const Containers = z.array(z.object({ name: z.string(), restartPolicy: text })).nullish();
const PodObject = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    creationTimestamp: z.string(),
    deletionTimestamp: text,
    labels: z.record(z.string(), z.string()).nullish(),
    annotations: z.record(z.string(), z.string()).nullish(),
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string() })).nullish(),
  }),
  spec: z.object({ nodeName: text, initContainers: Containers, containers: Containers }),
  status: z
    .object({
      phase: text,
      reason: text,
      message: text,
      conditions: entries(Condition),
      initContainerStatuses: entries(Status),
      containerStatuses: entries(Status),
    })
    .nullish()
    .catch(undefined),
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
  const condition = (type: string, is: string) =>
    status?.conditions?.find((each) => each.type === type && each.status === is);
  const disrupted = condition("DisruptionTarget", "True");
  const unscheduled = condition("PodScheduled", "False");
  const phase = status?.phase ?? "";
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    jobName: job.name,
    createdAt: metadata.creationTimestamp,
    index: indexOf(metadata.annotations?.[INDEX] ?? metadata.labels?.[INDEX]),
    deleted: Boolean(metadata.deletionTimestamp),
    scheduled: Boolean(spec.nodeName),
    phase,
    reason: status?.reason || disrupted?.reason || unscheduled?.reason || "",
    message: status?.message || disrupted?.message || unscheduled?.message || "",
    containers: [
      ...(spec.initContainers ?? []).map(({ name, restartPolicy }) =>
        statusOf({ name, init: true, sidecar: restartPolicy === "Always" }, status?.initContainerStatuses ?? [], phase),
      ),
      ...(spec.containers ?? []).map(({ name }) =>
        statusOf({ name, init: false, sidecar: false }, status?.containerStatuses ?? [], phase),
      ),
    ],
  };
}

function statusOf(
  container: Pick<ContainerStatus, "name" | "init" | "sidecar">,
  statuses: readonly z.infer<typeof Status>[],
  phase: string,
): ContainerStatus {
  const status = statuses.find((each) => each.name === container.name);
  const { waiting, running, terminated } = status?.state ?? {};
  const before = waiting ? status?.lastState?.terminated : undefined;
  const ended = terminated ?? (before && isKnown(before) ? before : undefined);
  // A pod that is over may have lost what it said of its containers. One that waits after a run of which nothing is
  // known does not wait any more then.
  const isLost = isOver({ phase }) && (status === undefined || (before != null && ended === undefined));
  let state: ContainerStatus["state"] = "unknown";
  if (terminated) state = "terminated";
  else if (running) state = "running";
  else if (!isLost && (waiting || status === undefined)) state = "waiting";
  return {
    ...container,
    state,
    exitCode: ended && isKnown(ended) ? ended.exitCode : undefined,
    reason: terminated?.reason || (isLost ? "" : waiting?.reason) || "",
    message: terminated?.message || waiting?.message || "",
    restarts: status?.restartCount ?? 0,
    up: running != null && status?.started !== false,
    startedAt: (running?.startedAt ?? ended?.startedAt) || undefined,
    endedAt: ended?.finishedAt || undefined,
  };
}

/** Where nobody knows how a container ended, the kubelet writes 137 in place of its exit code. */
function isKnown({ reason }: { readonly reason?: string | null | undefined }): boolean {
  return reason !== "ContainerStatusUnknown";
}

function indexOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
