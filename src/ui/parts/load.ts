import { useEffect, useState } from "react";

/** The state of a call. A value, or an error, stays during a retry. */
export interface Load<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Retries. */
  again(): void;
}

/**
 * Makes a call when a component is mounted, and again when its key changes.
 *
 * @param key identifies the call: another key discards the previous result.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Load<T> {
  const [count, setCount] = useState(0);
  const [result, setResult] = useState<{ key: string; value: T | undefined; error: unknown; isLoading: boolean }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key identifies the call, the count its retries.
  useEffect(() => {
    const callAbort = new AbortController();
    const keep = (before: typeof result) => (before?.key === key ? before : undefined);
    setResult((before) => ({ key, value: keep(before)?.value, error: keep(before)?.error, isLoading: true }));
    load(callAbort.signal).then(
      (value) => !callAbort.signal.aborted && setResult({ key, value, error: undefined, isLoading: false }),
      (error: unknown) =>
        !callAbort.signal.aborted &&
        setResult((before) => ({ key, value: keep(before)?.value, error, isLoading: false })),
    );
    return () => callAbort.abort();
  }, [key, count]);
  const current = result?.key === key ? result : { value: undefined, error: undefined, isLoading: true };
  return { ...current, again: () => setCount((before) => before + 1) };
}
