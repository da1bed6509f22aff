import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useEffect, useRef, useState } from "react";
import type { AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { useVisible } from "../parts/use-visible.ts";
import { client } from "../session/page-client.ts";
import { keepUp } from "./keep-up.ts";
import { ageOf, phasesOf, queryOf, type RunFilter } from "./run-filter.ts";

/** Milliseconds between reads of the list if watching is not allowed. */
const POLL_MS = 10_000;

/** The current runs of a project. */
export interface Runs {
  /** `undefined` until they have arrived. */
  readonly runs: readonly AnalysisRunSummary[] | undefined;
  /** Every Stage seen so far. */
  readonly stages: readonly string[];
  readonly more: boolean;
  readonly incomplete: boolean;
  readonly error: unknown;
  /** Whether the list may be out of date. */
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

/** Watches the runs while the page is visible; polls the list if the user may not watch. */
export function useRuns(project: string, filter: RunFilter, limit: number): Runs {
  const [tries, setTries] = useState(0);
  const key = `${project}?${queryOf(filter)}&limit=${limit}&tries=${tries}`;
  const [state, setState] = useState<State>();
  const stages = useRef(new Set<string>());
  const isVisible = useVisible();

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key covers all of it.
  useEffect(() => {
    if (!isVisible) return;
    const watchAbort = new AbortController();
    const { signal } = watchAbort;
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
      const watched = client.watchRuns(
        { ...request, limit },
        {
          signal,
          resume: { tries: Number.POSITIVE_INFINITY },
          onState: (now) => {
            if (now.kind === "waiting" && now.for === "server") tell({ error: now.error });
            if (now.kind === "streaming") tell({});
          },
        },
      );
      for await (const { runs, more } of watched) tell({ runs, more });
    };
    const read = async (): Promise<void> => {
      const answer = await client.listAnalysisRuns({ ...request, pageSize: limit }, { signal });
      tell({ runs: answer.analysisRuns, more: answer.nextPageToken !== "", incomplete: answer.incomplete });
    };
    keepUp({ watch, read, pollMs: POLL_MS, failed: (error) => tell({ error }) }, signal).catch(() => undefined);
    return () => watchAbort.abort();
  }, [key, isVisible]);

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
