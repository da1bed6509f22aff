import type { Readable } from "node:stream";
import * as z from "zod";
import { abortable } from "../abort.ts";
import type { SourceFault } from "../failure.ts";
import { statusMessage } from "../kube/answer.ts";
import type { KubeLogAnswer } from "../kube/kube-api.ts";
import type { PodLogOptions } from "../kube/pod-log-path.ts";
import { printable } from "../quoted.ts";
import { readHttpBody } from "./http-body.ts";
import { requestFailure } from "./http-failure.ts";
import { NO_LOOKUPS } from "./lookups.ts";
import { PodEntries } from "./pod-entries.ts";
import { readPodTail } from "./pod-tail.ts";
import type { LogTarget, OpenedEntries, OpenOptions, TargetPod } from "./source.ts";
import { SourceError } from "./source-error.ts";
import type { SourceDeps, SourceKind } from "./source-kind.ts";

/** Those of the API server's connections, which sentences name. */
const TIMEOUTS = { connectMs: 5_000, headersMs: 30_000, idleMs: 60_000 };
/** A Status object is a few hundred bytes, and comes with its headers. */
const STATUS_BYTES = 16 * 1024;
const STATUS_MS = 1_000;

/** The logs of the Job's pods, as long as the cluster still has them: the kubelet keeps the last rotated file of each container. */
export const kubernetes = {
  kind: "kubernetes",
  schema: z
    .strictObject({})
    .describe("The pods of the Jobs, as long as they exist. The gateway then needs deploy/cluster-role-pods.yaml too."),
  capabilities: { live: true, ranges: false, tellsTimes: true, since: true, tail: true },
  hosts: () => [],
  compile: () => ({}),
  lookups: () => NO_LOOKUPS,
  create: (_, deps) => createKubernetesStore(deps),
} satisfies SourceKind<object, object>;

export interface KubernetesStoreDeps extends Pick<SourceDeps, "name" | "kube"> {
  /** For how long the log may be silent while it is being read, in milliseconds. Default: 60,000. */
  readonly idleMs?: number;
}

/** Creates what reads the pods' logs. */
export function createKubernetesStore({ name, kube, idleMs = TIMEOUTS.idleMs }: KubernetesStoreDeps) {
  return {
    byPod: true,
    async open({ pod, podGone }: LogTarget, signal: AbortSignal, options: OpenOptions = {}): Promise<OpenedEntries> {
      const { follow = false, since, tailLines } = options;
      signal.throwIfAborted();
      if (pod === undefined) {
        const did = `knows no pod of this attempt (any more)${podGone ? `: ${podGone}` : ""}`;
        throw new SourceError(name, "not-found", did, { fault: "no-pod" });
      }
      if (pod.unstarted !== undefined) throw unstarted(name, pod.unstarted);
      const entries = async (query: PodLogOptions, mayBeginInside: boolean): Promise<PodEntries> => {
        const { status, body } = await ask(name, kube, pod, { timestamps: true, ...query }, signal);
        if (status !== 200) throw endedInstead(pod, await refusal(name, status, body, kube.owner));
        // Whoever follows a log waits for as long as it is quiet.
        const bytes = readHttpBody(body, { source: name, idleMs: query.follow ? undefined : idleMs, signal });
        const lines = new PodEntries(name, bytes, mayBeginInside);
        if (!query.follow) await lines.begin();
        signal.throwIfAborted();
        return lines;
      };
      // The API server ends its answer as if all were well when the kubelet breaks off, and a kubelet may have rotated the
      // beginning away: no end proves anything.
      const log = { kind: "entries", mediaType: "text/plain", delimited: false } as const;
      if (tailLines !== undefined) {
        const open = (records: number) => entries({ follow: false, tailLines: records }, false);
        return { ...log, ...(await readPodTail(open, tailLines)) };
      }
      if (since === undefined) return { ...log, pieces: await entries({ follow }, false) };
      return { ...log, pieces: await entries({ follow, sinceTime: since }, true) };
    },
  };
}

function unstarted(name: string, { reason, final }: NonNullable<TargetPod["unstarted"]>): SourceError {
  // A reason is a word; some container runtimes have put whole errors there, with addresses in them.
  const because = /^\w{1,64}$/.test(reason) ? ` (${reason})` : "";
  return final
    ? new SourceError(name, "not-found", `has no log: the container was never started${because}`, {
        fault: "never-started",
      })
    : new SourceError(name, "not-yet", `has no log yet: the container waits to be started${because}`);
}

/** A pod that is over is waited for by nobody; why Kubernetes ended it says more than that its log is gone. */
function endedInstead({ ended }: TargetPod, error: SourceError): SourceError {
  const { source, outcome, httpStatus, cause } = error;
  if (ended === undefined || (outcome !== "not-yet" && outcome !== "not-found")) return error;
  if (ended.reason === "" && outcome === "not-found") return error;
  const word = /^\w{1,64}$/.test(ended.reason) ? ` (${ended.reason})` : "";
  const did = ended.evicted ? `Kubernetes evicted the pod${word}` : `the pod has ended${word}`;
  const details = {
    fault: ended.reason === "" ? "log-removed" : "pod-ended",
    cause,
    ...(httpStatus !== undefined && { httpStatus }),
  } as const;
  return new SourceError(source, "not-found", `no longer has the log: ${did}`, details);
}

async function ask(
  name: string,
  kube: SourceDeps["kube"],
  pod: TargetPod,
  options: PodLogOptions,
  signal: AbortSignal,
): Promise<KubeLogAnswer> {
  try {
    return await abortable(kube.openPodLog(pod, options, signal), signal);
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(name, error, TIMEOUTS);
  }
}

/** Says why the API server gave no log. Its words name nodes and addresses: they are only the cause. */
async function refusal(
  name: string,
  status: number,
  body: Readable,
  owner: SourceDeps["kube"]["owner"],
): Promise<SourceError> {
  const text = await shortText(body);
  const said = statusMessage(text);
  const words = said ?? text;
  // What is no Status may come from whatever answered instead of the API server, and repeat our own credentials.
  const cause = new Error(`The API server answered ${status}: ${said ?? ""}`);
  const fail = (outcome: SourceError["outcome"], did: string, fault?: SourceFault) =>
    new SourceError(name, outcome, did, { httpStatus: status, cause, ...(fault !== undefined && { fault }) });
  if (status === 404) return fail("not-found", "knows no such pod or container any more", "no-pod");
  if (status === 400 && /is not valid for pod/.test(words)) {
    return fail("not-found", "has no such container in the pod");
  }
  if (status === 400 && /previous terminated container/.test(words)) {
    return fail("not-found", "no longer has the log of the container's run before its restart", "log-removed");
  }
  // The kubelet's way to say that it has removed the container (https://github.com/kubernetes/kubernetes/issues/137992).
  if (status === 400 && /\bis terminated\b/.test(words)) {
    return fail("not-found", "no longer has the log: the node has removed it", "log-removed");
  }
  // 204: the pod is on no node yet. 400: the kubelet's way to say that there is no log yet.
  if (status === 204 || (status === 400 && /waiting to start|is not available|initializing/.test(words))) {
    return fail("not-yet", "has no log yet: the container has not started");
  }
  if (owner === "user" && status === 403) {
    const did = `is denied to you by Kubernetes: ${printable(said ?? "no reason was given")}`;
    return new SourceError(name, "refused", did, { httpStatus: status, cause, denied: true });
  }
  if (status === 429 || status >= 500) return fail("unavailable", `answered ${status}`);
  return fail("refused", `answered ${status}`);
}

/** As much of the text as comes at once. */
async function shortText(body: Readable): Promise<string> {
  let text = "";
  const timer = setTimeout(() => body.destroy(), STATUS_MS);
  try {
    for await (const part of body.setEncoding("utf8")) {
      text += part;
      if (text.length > STATUS_BYTES) break;
    }
  } catch {
    // What came until then is what there is.
  } finally {
    clearTimeout(timer);
  }
  return text.slice(0, STATUS_BYTES);
}
