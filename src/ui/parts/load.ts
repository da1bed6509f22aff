import { useEffect, useState } from "react";

/** What came of a call so far. A value, or an error, stays while it is asked for again. */
export interface Load<T> {
  readonly value: T | undefined;
  readonly error: unknown;
  readonly isLoading: boolean;
  /** Asks again. */
  again(): void;
}

/**
 * Makes a call when a part of the page is shown.
 *
 * @param key another one is another call: what came of the one before is forgotten.
 */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Load<T> {
  const [count, setCount] = useState(0);
  const [result, setResult] = useState<{ key: string; value: T | undefined; error: unknown; isLoading: boolean }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is asked for, the count how often.
  useEffect(() => {
    const leaving = new AbortController();
    const keep = (before: typeof result) => (before?.key === key ? before : undefined);
    setResult((before) => ({ key, value: keep(before)?.value, error: keep(before)?.error, isLoading: true }));
    load(leaving.signal).then(
      (value) => !leaving.signal.aborted && setResult({ key, value, error: undefined, isLoading: false }),
      (error: unknown) =>
        !leaving.signal.aborted &&
        setResult((before) => ({ key, value: keep(before)?.value, error, isLoading: false })),
    );
    return () => leaving.abort();
  }, [key, count]);
  const current = result?.key === key ? result : { value: undefined, error: undefined, isLoading: true };
  return { ...current, again: () => setCount((before) => before + 1) };
}
