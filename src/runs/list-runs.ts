import type { Access } from "../access/access.ts";
import { denied } from "../access/access.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { isObjectName } from "../kube/names.ts";
import { ANALYSIS_RUNS } from "../kube/resources.ts";
import { parseRunSummary } from "./parse-run.ts";
import type { Phase, RunSummary } from "./run.ts";

/** Which runs of a project. */
export interface RunQuery {
  readonly namespace: string;
  readonly stage: string | undefined;
  /** Empty: in any phase. */
  readonly phases: readonly Phase[];
  readonly pageSize: number;
  readonly pageToken: string | undefined;
}

/** A page of runs. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  readonly nextPageToken: string | undefined;
  /** Whether the project holds more runs than were read. */
  readonly incomplete: boolean;
}

/** Runs that are read for a list at the most. Kubernetes gives them by name, so the newest can only be told after all. */
const MOST_RUNS = 10_000;
/** Label values end at 63 characters; for longer names the label holds another text. */
const LABEL_LENGTH = 63;

/**
 * Lists the runs of a project that a caller may read, newest first.
 *
 * @throws Failure ACCESS_DENIED; PAGE_TOKEN_INVALID.
 */
export async function listRuns(
  { access, kube }: { readonly access: Access; readonly kube: KubeApi },
  caller: Caller,
  query: RunQuery,
  signal: AbortSignal,
): Promise<RunPage> {
  const { namespace, stage, phases, pageSize } = query;
  if (!(await access.mayListRuns(caller, namespace))) throw denied(namespace);
  const after = query.pageToken === undefined ? undefined : decodePageToken(query.pageToken);
  // No Stage is named so, and Kubernetes would refuse it as a label's value.
  if (stage !== undefined && !isObjectName(stage)) return { runs: [], nextPageToken: undefined, incomplete: false };

  const found: RunSummary[] = [];
  let read = 0;
  let incomplete = false;
  const labelSelector =
    stage !== undefined && stage.length <= LABEL_LENGTH ? `kargo.akuity.io/stage=${stage}` : undefined;
  const chunks = kube.list(ANALYSIS_RUNS, namespace, { signal, ...(labelSelector !== undefined && { labelSelector }) });
  for await (const chunk of chunks) {
    incomplete = read >= MOST_RUNS;
    if (incomplete) break;
    for (const object of chunk) {
      const run = parseRunSummary(object);
      if (run === undefined) continue;
      if (stage !== undefined && run.stage !== stage) continue;
      if (phases.length > 0 && !phases.includes(run.phase)) continue;
      if (after !== undefined && newestFirst(run, after) <= 0) continue;
      found.push(run);
    }
    read += chunk.length;
  }
  found.sort(newestFirst);

  const runs: RunSummary[] = [];
  const allowed = stageFilter(access, caller, namespace);
  for (const run of found) {
    signal.throwIfAborted();
    if (runs.length > pageSize) break;
    if (await allowed(run)) runs.push(run);
  }
  const page = runs.slice(0, pageSize);
  const last = page.at(-1);
  return {
    runs: page,
    nextPageToken: runs.length > pageSize && last !== undefined ? encodePageToken(last) : undefined,
    incomplete,
  };
}

/** Asks once for each Stage of a list. */
function stageFilter(access: Access, caller: Caller, namespace: string): (run: RunSummary) => Promise<boolean> {
  const decisions = new Map<string, Promise<boolean>>();
  return async ({ stage }) => {
    if (stage === undefined) return true;
    const decision = decisions.get(stage) ?? access.mayReadStage(caller, namespace, stage);
    decisions.set(stage, decision);
    return decision;
  };
}

type Place = Pick<RunSummary, "createdAt" | "name">;

function newestFirst(a: Place, b: Place): number {
  return Date.parse(b.createdAt) - Date.parse(a.createdAt) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}

function encodePageToken({ createdAt, name }: Place): string {
  return Buffer.from(`${createdAt} ${name}`).toString("base64url");
}

function decodePageToken(token: string): Place {
  const [createdAt = "", name = "", ...rest] = Buffer.from(token, "base64url").toString("utf8").split(" ");
  if (Number.isNaN(Date.parse(createdAt)) || name === "" || rest.length > 0) {
    throw new Failure("bad-request", "PAGE_TOKEN_INVALID", "This page token is not one of this server's.", {
      next: "List again without a page token.",
    });
  }
  return { createdAt, name };
}
