import type { ReactNode } from "react";
import styles from "./health.module.css";

/** A table that may be wider than the window: it scrolls, also by keyboard. */
export function WideTable(props: {
  readonly label: string;
  /** Of its columns. */
  readonly heads: readonly string[];
  /** Its rows. */
  readonly children: ReactNode;
}) {
  const { label, heads, children } = props;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard.
    <section className={styles.wide} tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}
