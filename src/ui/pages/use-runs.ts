import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { useEffect, useRef, useState } from "react";
import type { AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { systemTimer, wait } from "../../client/timer.ts";
import { client } from "../session/page-client.ts";
import { signedIn } from "../session/session.ts";
import { applyChanges } from "./apply-changes.ts";
import { ageOf, phasesOf, queryOf, type RunFilter } from "./run-filter.ts";

/** Before a watch that broke is asked for again: twice as long each time, up to the second number. */
const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 15_000;
/** How often the list is asked for where watching is not allowed. */
const LOOK_MS = 10_000;

/** The runs of a project, as they are now. */
export interface Runs {
  /** `undefined` until they are there. */
  readonly runs: readonly AnalysisRunSummary[] | undefined;
  /** Every Stage that was seen so far. */
  readonly stages: readonly string[];
  readonly more: boolean;
  readonly incomplete: boolean;
  readonly error: unknown;
  /** Whether what is shown may be out of date. */
  readonly isStale: boolean;
  again(): void;
}

interface State {
  readonly key: string;
  readonly runs: readonly AnalysisRunSummary[] | undefined;
  readonly more: boolean;
  readonly incomplete: boolean;
  readonly error: unknown;
}

/** Watches the runs for as long as they are looked at; who may not watch has the list, again and again. */
export function useRuns(project: string, filter: RunFilter, limit: number): Runs {
  const [tries, setTries] = useState(0);
  const key = `${project}?${queryOf(filter)}&limit=${limit}&tries=${tries}`;
  const [state, setState] = useState<State>();
  const stages = useRef(new Set<string>());

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all of it.
  useEffect(() => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const tell = (changes: Partial<State>): void => {
      for (const { stage } of changes.runs ?? []) if (stage !== "") stages.current.add(stage);
      if (signal.aborted) return;
      setState((before) => {
        const kept = before?.key === key ? before : { key, runs: undefined, more: false, incomplete: false };
        return { ...kept, error: undefined, ...changes };
      });
    };
    const age = ageOf(filter);
    const request = {
      namespace: project,
      stage: filter.stage ?? "",
      phases: phasesOf(filter),
      freight: filter.freight ?? "",
      ...(age !== undefined && { since: timestampFromMs(Date.now() - age) }),
    };
    const watch = async (): Promise<void> => {
      let runs: readonly AnalysisRunSummary[] = [];
      for await (const { event } of client.watchAnalysisRuns({ ...request, limit }, { signal })) {
        if (event.case === "list") runs = event.value.analysisRuns;
        else if (event.case === "changes") runs = applyChanges(runs, event.value.changes);
        else continue;
        tell({ runs, more: event.value.more });
      }
    };
    const list = async (): Promise<void> => {
      for (;;) {
        const answer = await client.listAnalysisRuns({ ...request, pageSize: limit }, { signal });
        tell({ runs: answer.analysisRuns, more: answer.nextPageToken !== "", incomplete: answer.incomplete });
        await wait(LOOK_MS, systemTimer, signal);
      }
    };
    keepOn(watch, list, tell, signal).catch(() => undefined);
    return () => leaving.abort();
  }, [key]);

  const current = state?.key === key ? state : undefined;
  return {
    runs: current?.runs ?? (state?.key.startsWith(`${project}?`) ? state.runs : undefined),
    stages: [...stages.current].sort(),
    more: current?.more ?? false,
    incomplete: current?.incomplete ?? false,
    error: current?.error,
    isStale: current?.error !== undefined,
    again: () => setTries((before) => before + 1),
  };
}

/** Watches, and watches anew where that breaks. Ends where asking again does not help. */
async function keepOn(
  watch: () => Promise<void>,
  list: () => Promise<void>,
  tell: (changes: Partial<State>) => void,
  signal: AbortSignal,
): Promise<void> {
  let read = watch;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(2 * waitMs, MOST_WAIT_MS)) {
    const began = Date.now();
    try {
      await read();
    } catch (error) {
      signal.throwIfAborted();
      const { code } = ConnectError.from(error);
      if (code === Code.Unauthenticated) {
        await signedIn(signal);
        continue;
      }
      if (code === Code.PermissionDenied && read === watch) {
        // The right to list is another one.
        read = list;
        continue;
      }
      tell({ error });
      if (code === Code.PermissionDenied || code === Code.InvalidArgument || code === Code.Unimplemented) return;
    }
    if (Date.now() - began > MOST_WAIT_MS) waitMs = FIRST_WAIT_MS;
    await wait(waitMs, systemTimer, signal);
  }
}
