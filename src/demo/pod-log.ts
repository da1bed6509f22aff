import * as z from "zod";
import type { Body } from "./body.ts";
import type { KubeObject } from "./objects.ts";
import { badRequest } from "./status.ts";

/** A container whose log is requested. */
export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  /** The Job that created the pod. */
  readonly job: string;
  readonly container: string;
  /** Whether the log from before the last restart is requested. */
  readonly previous: boolean;
  /** When that run started, in milliseconds since 1970. */
  readonly startedAt: number;
}

// A container whose fate is unknown has times that are null.
const Times = z.object({ startedAt: z.string().nullish() });
const Named = z.array(z.looseObject({ name: z.string() })).default([]);
const Statuses = z
  .array(
    z.object({
      name: z.string(),
      state: z
        .object({
          waiting: z.object({ reason: z.string().default("") }).optional(),
          running: Times.optional(),
          terminated: Times.optional(),
        })
        .default({}),
      lastState: z.object({ terminated: Times.optional() }).default({}),
    }),
  )
  .default([]);
const PodShape = z.object({
  metadata: z.object({ ownerReferences: Named }),
  spec: z.object({ nodeName: z.string().default(""), initContainers: Named, containers: Named }),
  status: z.object({ initContainerStatuses: Statuses, containerStatuses: Statuses }).prefault({}),
});

/**
 * Finds the requested container, as an API server and a kubelet do.
 *
 * @param query `container` and `previous`.
 * @returns `undefined` if the pod is not scheduled yet, which a real API server answers with an empty response.
 * @throws StatusError 400 if there is no such container, or no log of it (yet).
 */
export function containerOf(object: KubeObject, query: URLSearchParams): ContainerRef | undefined {
  const { metadata, spec, status } = PodShape.parse(object);
  const pod = object.metadata.name;
  const [only, ...others] = spec.containers.map(({ name }) => name);
  const container = query.get("container") || (others.length === 0 ? only : undefined);
  if (container === undefined) {
    throw badRequest(`a container name must be specified for pod ${pod}, choose one of: [${only} ${others.join(" ")}]`);
  }
  if (![...spec.initContainers, ...spec.containers].some(({ name }) => name === container)) {
    throw badRequest(`container ${container} is not valid for pod ${pod}`);
  }
  if (spec.nodeName === "") return undefined;

  const previous = /^(1|true)$/i.test(query.get("previous") ?? "");
  const { state = {}, lastState = {} } =
    [...status.initContainerStatuses, ...status.containerStatuses].find(({ name }) => name === container) ?? {};
  if (previous && lastState.terminated === undefined) {
    throw badRequest(`previous terminated container "${container}" in pod "${pod}" not found`);
  }
  const ran = previous ? lastState.terminated : (state.running ?? state.terminated ?? lastState.terminated);
  if (ran === undefined) {
    throw badRequest(`container "${container}" in pod "${pod}" is waiting to start: ${state.waiting?.reason ?? ""}`);
  }
  const job = metadata.ownerReferences[0]?.name ?? "";
  return {
    namespace: object.metadata.namespace ?? "",
    pod,
    job,
    container,
    previous,
    startedAt: Date.parse(ran.startedAt ?? "") || 0,
  };
}

/** Whether a container is still writing. */
export function isRunning(object: KubeObject, container: string): boolean {
  const { status } = PodShape.parse(object);
  const statuses = [...status.initContainerStatuses, ...status.containerStatuses];
  return statuses.find(({ name }) => name === container)?.state.running !== undefined;
}

/** What a kubelet returns instead of a log that its node has lost. */
export function lostLog({ container }: ContainerRef): Pick<Body, "chunks"> {
  const id = Buffer.from(container).toString("hex");
  return { chunks: () => [Buffer.from(`unable to retrieve container logs for containerd://${id}`)] };
}
