import { useEffect, useRef, useState } from "react";
import type { AnalysisRun } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isOpen } from "../../client/cause.ts";
import type { Load } from "../parts/load.ts";
import { useVisible } from "../parts/use-visible.ts";
import { client } from "../session/page-client.ts";
import { keepUp } from "./keep-up.ts";

/** Milliseconds between reads of a running run that cannot be watched. */
const POLL_MS = 3_000;
/** The same, for its pods, whose changes do not show up in a watch of the run. */
const PODS_MS = 10_000;

interface State {
  readonly key: string;
  readonly value: AnalysisRun | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
}

/** A run, read again whenever it changes, as long as it is running and the page is visible. */
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
    return () => own.close();
  }, [key, project, name]);

  const isVisible = useVisible();
  const isRunning = current?.value !== undefined && isOpen(current.value.summary?.phase);
  useEffect(() => {
    const own = reader.current;
    if (!isVisible || !isRunning || own === undefined) return;
    const watchAbort = new AbortController();
    const { signal } = watchAbort;
    const watch = async (): Promise<void> => {
      const options = { signal, resume: { tries: Number.POSITIVE_INFINITY } };
      for await (const { runs } of client.watchRuns({ namespace: project, name }, options)) {
        // An older server ignores the name and would send other runs.
        const run = runs.find((each) => each.name === name);
        if (run === undefined || run.version !== own.version()) own.read();
      }
    };
    const read = async (): Promise<void> => own.read();
    keepUp({ watch, read, pollMs: POLL_MS, failed: () => undefined }, signal).catch(() => undefined);
    const pods = setInterval(() => own.read(), PODS_MS);
    return () => {
      watchAbort.abort();
      clearInterval(pods);
    };
  }, [isVisible, isRunning, project, name]);

  return {
    value: current?.value,
    error: current?.error,
    isLoading: current?.isLoading ?? true,
    again: () => reader.current?.read(),
  };
}

interface Reader {
  /** Reads the run. If a read is in progress, reads once more after it. */
  read(): void;
  /** From the last read. */
  version(): string | undefined;
  close(): void;
}

function createReader(
  project: string,
  name: string,
  report: (state: Pick<State, "isLoading"> & Partial<State>) => void,
): Reader {
  const readAbort = new AbortController();
  const { signal } = readAbort;
  let version: string | undefined;
  let isWanted = false;
  let isBusy = false;
  const readAll = async (): Promise<void> => {
    isBusy = true;
    // An error stays until there is news.
    report({ isLoading: true });
    while (isWanted && !signal.aborted) {
      isWanted = false;
      try {
        const { analysisRun: value } = await client.getAnalysisRun({ namespace: project, name }, { signal });
        version = value?.summary?.version;
        if (!signal.aborted) report({ value, error: undefined, isLoading: isWanted });
      } catch (error) {
        if (!signal.aborted) report({ error, isLoading: isWanted });
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
    close: () => readAbort.abort(),
  };
}
