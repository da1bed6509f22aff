import type { Access } from "../access/access.ts";
import { denied } from "../access/access.ts";
import { chargeListRead } from "../access/call-rate.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import type { Rate } from "../rate.ts";
import type { RunSummary } from "./run.ts";
import { canPass, newestFirst, type Place, passes, type RunFilter } from "./run-filter.ts";
import type { RunLists } from "./run-lists.ts";
import { stageFilter } from "./stage-filter.ts";

/** Selects runs of a project. */
export interface RunQuery extends RunFilter {
  readonly namespace: string;
  readonly pageSize: number;
  readonly pageToken: string | undefined;
}

/** A page of runs. */
export interface RunPage {
  readonly runs: readonly RunSummary[];
  readonly nextPageToken: string | undefined;
  /** Whether the project has more runs than were read. */
  readonly incomplete: boolean;
}

/**
 * Lists the runs of a project that a caller may read, newest first. A long list counts against `calls`, the caller's
 * rate, as more than one call.
 *
 * @throws Failure ACCESS_DENIED; PAGE_TOKEN_INVALID.
 */
export async function listRuns(
  { access, runLists, calls }: { readonly access: Access; readonly runLists: RunLists; readonly calls?: Rate },
  caller: Caller,
  query: RunQuery,
  signal: AbortSignal,
): Promise<RunPage> {
  const { namespace, stage, pageSize } = query;
  if (!(await access.mayListRuns(caller, namespace))) throw denied(namespace, caller);
  const after = query.pageToken === undefined ? undefined : decodePageToken(query.pageToken);
  // Kubernetes would refuse the Stage as a label's value.
  if (!canPass(query)) return { runs: [], nextPageToken: undefined, incomplete: false };

  const list = await runLists.read(namespace, stage, signal);
  if (calls !== undefined) chargeListRead(calls, caller, list.bytes ?? 0);
  const found = list.runs.filter((run) => passes(run, query) && (after === undefined || newestFirst(run, after) > 0));
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
    incomplete: list.incomplete,
  };
}

function encodePageToken({ createdAt, name }: Place): string {
  return Buffer.from(`${createdAt} ${name}`).toString("base64url");
}

function decodePageToken(token: string): Place {
  const [createdAt = "", name = "", ...rest] = Buffer.from(token, "base64url").toString("utf8").split(" ");
  if (Number.isNaN(Date.parse(createdAt)) || name === "" || rest.length > 0) {
    throw new Failure("bad-request", "PAGE_TOKEN_INVALID", "Invalid page token.", {
      next: "List again without a page token.",
    });
  }
  return { createdAt, name };
}
