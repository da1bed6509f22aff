import type { Row } from "./store/rows.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface NoticeRowProps {
  readonly row: Exclude<Row, { kind: "line" }>;
  readonly rowIndex: number;
  readonly text: ViewerText;
}

/** Kinds of notices about something missing or doubtful. */
const GRAVE: ReadonlySet<string> = new Set([
  "LINES_LOST",
  "SEAM",
  "POD_ENDED",
  "LOG_REPLACED",
  "LOG_DAMAGED",
  "LOOKS_LIKE_PAGE",
  "LOOKS_LIKE_ANSWER",
]);
const COUNT = new Intl.NumberFormat("en");

/** A notice between lines: a break, lost lines, lines that are not kept. */
export function NoticeRow({ row, rowIndex, text }: NoticeRowProps) {
  const isGrave = row.kind === "gap" || GRAVE.has(row.notice.kind);
  let words: string;
  if (row.kind === "gap") words = text.gap(COUNT.format(row.to - row.from));
  else words = row.notice.kind === "RESUMED" ? text.resumed(row.notice.message) : row.notice.message;
  return (
    <div
      role="row"
      tabIndex={-1}
      className={`${css.row} ${css.notice} ${isGrave ? css.grave : ""}`}
      aria-rowindex={rowIndex}
    >
      <span role="cell">{words}</span>
    </div>
  );
}
