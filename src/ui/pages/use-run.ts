import { useEffect, useRef, useState } from "react";
import type { AnalysisRun } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isOpen } from "../../client/cause.ts";
import type { Load } from "../parts/load.ts";
import { useVisible } from "../parts/use-visible.ts";
import { client } from "../session/page-client.ts";
import { keepUp } from "./keep-up.ts";

/** How often a run that goes on is asked for where it cannot be watched. */
const LOOK_MS = 3_000;
/** How often for its pods' sake: what becomes of them is no change of the run. */
const PODS_MS = 10_000;

interface State {
  readonly key: string;
  readonly value: AnalysisRun | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
}

/** A run, read anew whenever something of it changes, as long as it goes on and somebody may see it. */
export function useRun(project: string, name: string): Load<AnalysisRun> {
  const key = `${project}/${name}`;
  const [state, setState] = useState<State>();
  const current = state?.key === key ? state : undefined;
  const reader = useRef<Reader>(undefined);

  useEffect(() => {
    const own = createReader(project, name, (next) => {
      setState((before) => {
        const kept = before?.key === key ? before : undefined;
        return { value: kept?.value, error: kept?.error, ...next, key };
      });
    });
    reader.current = own;
    own.read();
    return () => own.leave();
  }, [key, project, name]);

  const isVisible = useVisible();
  const goesOn = current?.value !== undefined && isOpen(current.value.summary?.phase);
  useEffect(() => {
    const own = reader.current;
    if (!isVisible || !goesOn || own === undefined) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    const watch = async (): Promise<void> => {
      const options = { signal, resume: { tries: Number.POSITIVE_INFINITY } };
      for await (const { runs } of client.watchRuns({ namespace: project, name }, options)) {
        // A server that does not know of such watches would tell of other runs.
        const run = runs.find((each) => each.name === name);
        if (run === undefined || run.version !== own.version()) own.read();
      }
    };
    const look = async (): Promise<void> => own.read();
    keepUp({ watch, look, lookMs: LOOK_MS, failed: () => undefined }, signal).catch(() => undefined);
    const pods = setInterval(() => own.read(), PODS_MS);
    return () => {
      leaving.abort();
      clearInterval(pods);
    };
  }, [isVisible, goesOn, project, name]);

  return {
    value: current?.value,
    error: current?.error,
    isLoading: current?.isLoading ?? true,
    again: () => reader.current?.read(),
  };
}

interface Reader {
  /** Reads the run; where it is read already, once more after that. */
  read(): void;
  /** Of the run that was read last. */
  version(): string | undefined;
  leave(): void;
}

function createReader(
  project: string,
  name: string,
  tell: (state: Pick<State, "isLoading"> & Partial<State>) => void,
): Reader {
  const leaving = new AbortController();
  const { signal } = leaving;
  let version: string | undefined;
  let isWanted = false;
  let isBusy = false;
  const readAll = async (): Promise<void> => {
    isBusy = true;
    // What failed is told until something else is known.
    tell({ isLoading: true });
    while (isWanted && !signal.aborted) {
      isWanted = false;
      try {
        const { analysisRun: value } = await client.getAnalysisRun({ namespace: project, name }, { signal });
        version = value?.summary?.version;
        if (!signal.aborted) tell({ value, error: undefined, isLoading: isWanted });
      } catch (error) {
        if (!signal.aborted) tell({ error, isLoading: isWanted });
      }
    }
    isBusy = false;
  };
  return {
    read() {
      isWanted = true;
      if (!isBusy) void readAll();
    },
    version: () => version,
    leave: () => leaving.abort(),
  };
}
