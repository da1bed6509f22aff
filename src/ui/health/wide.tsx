import type { ReactNode } from "react";
import styles from "./health.module.css";

/** A container for a table that may be wider than the window: it scrolls, also by keyboard. */
export function Wide({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    <section className={styles.wide} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
