import { useMemo } from "react";
import { navigate, useSearch } from "wouter/use-browser-location";
import { usePageKeys } from "../frame/use-page-keys.ts";
import { useText } from "../text/text.tsx";
import { VIEWER_TEXT } from "../viewer/viewer-text.ts";
import styles from "./compare.module.css";
import { ANY_TARGET, parseCompare, withCompare } from "./compare-query.ts";

/** The button that switches between the log and the comparison. */
export function CompareSwitch() {
  const { viewer = VIEWER_TEXT } = useText();
  const isOn = parseCompare(useSearch()) !== undefined;
  const keys = useMemo(() => ({ c: () => switchCompare(!isOn) }), [isOn]);
  usePageKeys(keys);
  return (
    <button
      type="button"
      className={`quiet ${styles.switch}`}
      aria-pressed={isOn}
      title={viewer.compare.title}
      onClick={() => switchCompare(!isOn)}
    >
      {viewer.compare.button} <kbd>c</kbd>
    </button>
  );
}

/** Goes to the same log, with or without a comparison. */
export function switchCompare(on: boolean): void {
  const query = withCompare(location.search, on ? ANY_TARGET : undefined);
  navigate(location.pathname + (query && `?${query}`) + location.hash);
}
