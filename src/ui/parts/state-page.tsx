import type { ReactNode } from "react";
import { Rich } from "../text/rich.tsx";
import { useText } from "../text/text.tsx";
import styles from "./state-page.module.css";
import type { Retry } from "./use-retry.ts";

/** Which try of how many it is. */
export interface Trying {
  readonly tries: number;
  readonly of: number;
}

interface StatePageProps {
  /** What is so, in a few words. */
  readonly title: string;
  /** Why, or what it means. */
  readonly why?: string | undefined;
  /** What can be done. */
  readonly next?: string | undefined;
  /** When it is asked again by itself. */
  readonly retry?: Retry | undefined;
  /** Whether it is being asked now. */
  readonly isAsking?: boolean;
  /** Which try it is, where somebody counts them. */
  readonly trying?: Trying | undefined;
  readonly isBad?: boolean;
  /** Whether it takes the place of a whole page: its title is then the page's. */
  readonly isPage?: boolean;
  /** More about it. */
  readonly details?: ReactNode;
  /** Buttons and links. */
  readonly children?: ReactNode;
}

/** Stands where there is nothing else to show: what is so, why, and what to do next. */
export function StatePage(props: StatePageProps) {
  const { title, why, next, retry, isAsking = false, trying, isBad = false, isPage = false, details, children } = props;
  const { noLog } = useText();
  let asks = "";
  if (trying !== undefined) asks = noLog.tryingAgain(trying.tries, trying.of);
  else if (isAsking) asks = noLog.looking;
  else if (retry !== undefined) asks = noLog.lookingIn(retry.seconds, retry.tries, retry.of);
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
      {asks !== "" && <p className="soft">{asks}</p>}
      {children && <p className={styles.acts}>{children}</p>}
    </div>
  );
}
