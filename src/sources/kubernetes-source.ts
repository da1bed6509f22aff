import { text as readAll } from "node:stream/consumers";
import { z } from "zod";
import type { KubeApi } from "../kube/kube-api.ts";
import { readHttpBody } from "./http-body.ts";
import { requestFailure } from "./http-failure.ts";
import { createMatch, type MatchPatterns } from "./match.ts";
import type { LogSource, TargetPod } from "./source.ts";
import { SourceError } from "./source-error.ts";

export interface KubernetesSourceOptions {
  readonly name: string;
  readonly kube: Pick<KubeApi, "openPodLog">;
  /** Default: all runs. */
  readonly match?: MatchPatterns;
  /** For how long after a job's end its log may still grow, in milliseconds. Default: 30,000. */
  readonly settleMs?: number;
}

const TIMEOUTS = { connectMs: 5_000, headersMs: 30_000, idleMs: 60_000 };
/** A Status object is a few hundred bytes. */
const STATUS_BYTES = 16 * 1024;
const Status = z.object({ message: z.string() });

/** The logs of the Job's pods, as long as the cluster still has them: the kubelet keeps the last rotated file of each container. */
export function createKubernetesSource(options: KubernetesSourceOptions): LogSource {
  const { name, kube, match = {}, settleMs = 30_000 } = options;
  return {
    name,
    live: true,
    settleMs,
    matches: createMatch(match),
    async open({ pod }, signal) {
      if (pod === undefined) throw new SourceError(name, "not-found", "knows no pod of this attempt (any more)");
      if (pod.waiting !== undefined) {
        throw new SourceError(name, "not-yet", `has no log yet: the container waits${because(pod.waiting)}`);
      }
      const { status, body } = await ask(name, kube, pod, signal);
      if (status !== 200) throw await refusal(name, status, body);
      return {
        body: readHttpBody(body, { source: name, idleMs: TIMEOUTS.idleMs, signal }),
        mediaType: "text/plain",
        charset: undefined,
        delimited: true,
      };
    },
  };
}

async function ask(name: string, kube: KubernetesSourceOptions["kube"], pod: TargetPod, signal: AbortSignal) {
  try {
    return await kube.openPodLog(pod, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw requestFailure(name, error, TIMEOUTS);
  }
}

/** Says why the API server gave no log. Its words name nodes and addresses: they are only the cause. */
async function refusal(name: string, status: number, body: Parameters<typeof readAll>[0]): Promise<SourceError> {
  const words = await shortText(body);
  const cause = new Error(`The API server answered ${status}: ${words}`);
  const fail = (outcome: SourceError["outcome"], did: string) =>
    new SourceError(name, outcome, did, { httpStatus: status, cause });
  if (status === 404) return fail("not-found", "knows no such pod or container any more");
  // The kubelet's way to say that there is no log yet, or that a restarted container's is gone.
  if (status === 400 && /waiting to start|is not available|initializing/.test(words)) {
    return fail("not-yet", "has no log yet: the container has not started");
  }
  if (status === 400 && /previous terminated container/.test(words)) {
    return fail("not-found", "no longer has the log of the container's run before its restart");
  }
  if (status === 429 || status >= 500) return fail("unavailable", `answered ${status}`);
  return fail("refused", `answered ${status}`);
}

async function shortText(body: Parameters<typeof readAll>[0]): Promise<string> {
  try {
    const whole = (await readAll(body)).slice(0, STATUS_BYTES);
    return Status.safeParse(JSON.parse(whole)).data?.message ?? whole;
  } catch {
    return "";
  }
}

function because(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
}
