import type { ReactNode } from "react";
import { Rich } from "../text/rich.tsx";
import styles from "./state-page.module.css";

interface StatePageProps {
  /** What is so, in a few words. */
  readonly title: string;
  /** Why, or what it means. */
  readonly why?: string | undefined;
  /** What can be done. */
  readonly next?: string | undefined;
  readonly isBad?: boolean;
  /** Whether it takes the place of a whole page: its title is then the page's. */
  readonly isPage?: boolean;
  /** More about it. */
  readonly details?: ReactNode;
  /** Buttons and links. */
  readonly children?: ReactNode;
}

/** Stands where there is nothing else to show: what is so, why, and what to do next. */
export function StatePage({ title, why, next, isBad = false, isPage = false, details, children }: StatePageProps) {
  const Heading = isPage ? "h1" : "h2";
  return (
    <div className={styles.state}>
      <Heading>
        {isBad && (
          <span className={styles.bad} aria-hidden="true">
            ✕{" "}
          </span>
        )}
        {title}
      </Heading>
      {why && (
        <p className="soft">
          <Rich text={why} />
        </p>
      )}
      {details}
      {next && (
        <p className={styles.next}>
          <Rich text={next} />
        </p>
      )}
      {children && <p className={styles.acts}>{children}</p>}
    </div>
  );
}
