import { useEffect, useRef, useState } from "react";

const MAX_TRIES = 6;
const WAIT_S = 10;

/** When the next retry is, and its number. */
export interface Retry {
  readonly seconds: number;
  readonly tries: number;
  readonly of: number;
}

/**
 * Retries a few times if that may help, and at once when the browser is online again or the tab becomes visible.
 *
 * @param isAsking whether a retry is in progress: the countdown pauses.
 * @returns `undefined` if there are no further retries.
 */
export function useRetry(mayHelp: boolean, again: () => void, isAsking = false): Retry | undefined {
  const [{ tries, seconds }, setState] = useState({ tries: 1, seconds: WAIT_S });
  const call = useRef(again);
  call.current = again;
  const isOn = mayHelp && tries <= MAX_TRIES;
  useEffect(() => {
    if (!isOn || isAsking) return;
    const timer = setInterval(
      () =>
        setState((before) =>
          before.seconds > 1
            ? { ...before, seconds: before.seconds - 1 }
            : { tries: before.tries + 1, seconds: WAIT_S },
        ),
      1_000,
    );
    return () => clearInterval(timer);
  }, [isOn, isAsking]);
  useEffect(() => {
    if (tries > 1) call.current();
  }, [tries]);
  useEffect(() => {
    if (!mayHelp) return;
    const now = (): void => {
      if (document.visibilityState === "visible") call.current();
    };
    window.addEventListener("online", now);
    document.addEventListener("visibilitychange", now);
    return () => {
      window.removeEventListener("online", now);
      document.removeEventListener("visibilitychange", now);
    };
  }, [mayHelp]);
  return isOn ? { seconds, tries, of: MAX_TRIES } : undefined;
}
