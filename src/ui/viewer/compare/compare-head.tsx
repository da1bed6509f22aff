import type { ReactNode } from "react";
import type { LogReader } from "../store/log-reader.ts";
import viewer from "../viewer.module.css";
import type { ViewerText } from "../viewer-text.ts";
import css from "./compare.module.css";

interface CompareHeadProps {
  readonly side: "left" | "right";
  readonly title: ReactNode;
  readonly reader: LogReader;
  readonly text: ViewerText;
}

const COUNT = new Intl.NumberFormat("en");

/** The heading of one side: the log's title, and whether it is complete. */
export function CompareHead({ side, title, reader, text }: CompareHeadProps) {
  const { progress, store } = reader;
  const isOver = progress.state.kind === "ended";
  const isBroken = isOver && progress.error !== undefined;
  return (
    <div className={css.head} data-side={side}>
      <b>{title}</b>
      {isBroken && store.lines === 0 ? (
        <span className={css.bad}>
          {text.compare.noLog}: {progress.error instanceof Error ? progress.error.message : String(progress.error)}
        </span>
      ) : (
        <span>{text.compare.lines(COUNT.format(store.lines))}</span>
      )}
      {isBroken && store.lines > 0 && <span className={css.bad}>{text.compare.broken}</span>}
      {isBroken && (
        <button type="button" className={viewer.more} onClick={() => reader.again()}>
          {text.compare.again}
        </button>
      )}
    </div>
  );
}
