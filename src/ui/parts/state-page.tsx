import type { ReactNode } from "react";
import { Rich, useText } from "../text/text.tsx";
import styles from "./state-page.module.css";
import type { Retry } from "./use-retry.ts";

/** The number of a try, and of how many. */
export interface Trying {
  readonly tries: number;
  readonly of: number;
}

interface StatePageProps {
  /** The state in a few words. */
  readonly title: string;
  /** Why, or what it means. */
  readonly why?: string | undefined;
  /** What can be done. */
  readonly next?: string | undefined;
  /** When the page retries by itself. */
  readonly retry?: Retry | undefined;
  /** Whether a retry is in progress. */
  readonly isAsking?: boolean;
  /** The current try, if the caller counts them. */
  readonly trying?: Trying | undefined;
  readonly isBad?: boolean;
  /** Whether it is a whole page: its title is then the page's heading. */
  readonly isPage?: boolean;
  /** Further content. */
  readonly details?: ReactNode;
  /** Buttons and links. */
  readonly children?: ReactNode;
}

/** Shown instead of content: the state, why, and what to do next. */
export function StatePage(props: StatePageProps) {
  const { title, why, next, retry, isAsking = false, trying, isBad = false, isPage = false, details, children } = props;
  const { noLog } = useText();
  let retryText = "";
  if (trying !== undefined) retryText = noLog.tryingAgain(trying.tries, trying.of);
  else if (isAsking) retryText = noLog.looking;
  else if (retry !== undefined) retryText = noLog.lookingIn(retry.seconds, retry.tries, retry.of);
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
      {retryText !== "" && <p className="soft">{retryText}</p>}
      {children && <p className={styles.acts}>{children}</p>}
    </div>
  );
}
