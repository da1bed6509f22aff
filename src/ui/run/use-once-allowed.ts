import { useEffect, useRef } from "react";
import { client } from "../session/page-client.ts";

/** Milliseconds before the first look whether access was restored; doubled up to the limit before each further one. */
const FIRST_MS = 4_000;
const MAX_MS = 30_000;

/**
 * Looks now and then whether the run may be read again, and calls back once it may.
 *
 * @param isOn whether access is lost.
 */
export function useOnceAllowed(project: string, run: string, isOn: boolean, then: () => void): void {
  const call = useRef(then);
  call.current = then;
  /** It stays long if the run may be read, but its log may not. */
  const delay = useRef(FIRST_MS);
  useEffect(() => {
    if (!isOn) return;
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = async (): Promise<void> => {
      try {
        await client.getAnalysisRun({ namespace: project, name: run }, { signal: leaving.signal });
      } catch {
        if (!leaving.signal.aborted) wait();
        return;
      }
      call.current();
    };
    const wait = (): void => {
      timer = setTimeout(() => void look(), delay.current);
      delay.current = Math.min(MAX_MS, delay.current * 2);
    };
    wait();
    return () => {
      leaving.abort();
      clearTimeout(timer);
    };
  }, [isOn, project, run]);
}
