import { type Timestamp, timestampDate, timestampMs } from "@bufbuild/protobuf/wkt";
import { useSyncExternalStore } from "react";
import { agoText, momentText, spanText } from "../text/format.ts";
import { useLanguage } from "../text/text.tsx";

const TICK_MS = 1_000;

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The current time, updated every second by one timer for the whole page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) clearInterval(timer);
  };
}

/** How long ago something was. */
export function Ago({ time }: { readonly time: Timestamp }) {
  const language = useLanguage();
  return <time dateTime={timestampDate(time).toISOString()}>{agoText(timestampMs(time), useNow(), language)}</time>;
}

/** A time in the user's zone; in full on hover. */
export function Moment({ time }: { readonly time: Timestamp }) {
  const language = useLanguage();
  const date = timestampDate(time);
  return (
    <time dateTime={date.toISOString()} title={date.toLocaleString(language, { timeZoneName: "short" })}>
      {momentText(time, useNow(), language)}
    </time>
  );
}

/** A duration; without `to` it grows. */
export function Span({ from, to }: { readonly from: Timestamp; readonly to?: Timestamp | undefined }) {
  const language = useLanguage();
  const end = useNow();
  return <>{spanText(Math.max(0, (to ? timestampMs(to) : end) - timestampMs(from)), language)}</>;
}
