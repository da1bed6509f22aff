import { useEffect, useRef, useState } from "react";

const TRIES = 6;
const WAIT_S = 10;

/** When it is looked again, and how often still. */
export interface Retry {
  readonly seconds: number;
  readonly tries: number;
  readonly of: number;
}

/** Looks again by itself, a few times, where that may help; `undefined` where it does not, or not any more. */
export function useRetry(mayHelp: boolean, again: () => void): Retry | undefined {
  const [{ tries, seconds }, setState] = useState({ tries: 1, seconds: WAIT_S });
  const call = useRef(again);
  call.current = again;
  const isOn = mayHelp && tries <= TRIES;
  useEffect(() => {
    if (!isOn) return;
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
  }, [isOn]);
  useEffect(() => {
    if (tries > 1) call.current();
  }, [tries]);
  return isOn ? { seconds, tries, of: TRIES } : undefined;
}
