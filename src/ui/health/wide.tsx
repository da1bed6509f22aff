import type { ReactNode } from "react";
import styles from "./health.module.css";

/** A container for a table that may be wider than the window: it scrolls, also by keyboard. */
export function Wide({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys.
    <section className={styles.wide} tabIndex={0} aria-label={label}>
      {children}
    </section>
  );
}
