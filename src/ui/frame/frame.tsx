import { lazy, type ReactNode, Suspense, useEffect } from "react";
import { useDemo } from "../demo/demo.ts";
import { Link } from "../routing/link.tsx";
import { useText } from "../text/text.tsx";
import styles from "./frame.module.css";
import { KeysDialog } from "./keys-dialog.tsx";
import { Menu } from "./menu.tsx";

interface FrameProps {
  /** The tab's title, without the product name. */
  readonly title: string;
  /** The breadcrumb, beside the logo. */
  readonly crumbs?: ReactNode;
  /** This page's buttons. */
  readonly actions?: ReactNode;
  /** Whether the page fills the window and scrolls inside, like the log's page. */
  readonly isFixed?: boolean;
  readonly children: ReactNode;
}

const DemoStrip = lazy(async () => ({ default: (await import("../demo/strip.tsx")).DemoStrip }));

/** The frame of every page. */
export function Frame({ title, crumbs, actions, isFixed = false, children }: FrameProps) {
  const text = useText();
  const demo = useDemo();
  useEffect(() => {
    document.title = title === "" ? text.product : `${title} · ${text.product}`;
  }, [title, text]);
  return (
    <div className={isFixed ? styles.fixed : styles.frame}>
      <button type="button" className={styles.skip} onClick={skip}>
        {text.skip}
      </button>
      <header className={styles.header}>
        <Link to={{ page: "projects" }} className={styles.mark} aria-label={`${text.product}: ${text.home}`}>
          <Mark />
          <span>{text.product}</span>
        </Link>
        {crumbs && (
          <nav className={styles.crumbs} aria-label={text.crumbs}>
            {crumbs}
          </nav>
        )}
        <span className={styles.space} />
        {actions}
        <KeysDialog />
        <Menu />
      </header>
      <Suspense>{demo !== undefined && <DemoStrip {...demo} />}</Suspense>
      {children}
    </div>
  );
}

/** A button rather than a link, since the hash belongs to the log. */
function skip(): void {
  document.getElementById("content")?.focus();
}

/** The logo: a ship's log, towed on its line. */
function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true" fill="none" stroke="var(--accent)">
      <path d="M2 5h14M2 9h9M2 13h5" strokeWidth="2" strokeLinecap="round" />
      <circle cx="14" cy="12" r="2.6" strokeWidth="1.6" />
    </svg>
  );
}
