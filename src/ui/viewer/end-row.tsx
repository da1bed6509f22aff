import { EndReason } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogProgress } from "./store/log-reader.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface EndRowProps {
  readonly progress: LogProgress;
  readonly lines: number;
  /** Whether the job may write more. */
  readonly isLive: boolean;
  readonly isEmpty: boolean;
  readonly isFiltered: boolean;
  /** How much of the log has been searched, in percent; `undefined`: all of it. */
  readonly searched: number | undefined;
  readonly onAgain: () => void;
  readonly onClear: () => void;
  readonly text: ViewerText;
}

/** The row after the last line: whether this is the whole log. */
export function EndRow(props: EndRowProps) {
  const { progress, lines, isLive, isEmpty, isFiltered, searched, onAgain, onClear, text } = props;
  const [words, kind] = endWords(progress, lines, isLive, text);
  const isDamaged = progress.end?.reason === EndReason.SOURCE_DAMAGED;
  const canGoOn = kind === "bad" && progress.state.kind === "ended" && !isDamaged;
  if (words === "" && !(isEmpty && isFiltered)) return null;
  const none = searched === undefined ? text.end.noneShown : text.searching(searched);
  return (
    <div role="row" className={`${css.row} ${css.endRow} ${css[`${kind}End`]}`} tabIndex={-1}>
      <span role="cell">
        {isEmpty && isFiltered ? none : words}{" "}
        {isEmpty && isFiltered && (
          <button type="button" className={css.more} onClick={onClear}>
            {text.end.clearFilters}
          </button>
        )}
        {canGoOn && (
          <button type="button" className={css.more} onClick={onAgain}>
            {text.again}
          </button>
        )}
      </span>
    </div>
  );
}

type Kind = "good" | "plain" | "bad";

function endWords(
  { state, end, error }: LogProgress,
  lines: number,
  isLive: boolean,
  { end: words }: ViewerText,
): readonly [string, Kind] {
  if (state.kind === "resuming" || (state.kind === "waiting" && state.for !== "log")) return [words.interrupted, "bad"];
  if (state.kind !== "ended") {
    return [state.kind === "streaming" && lines > 0 ? (isLive ? words.running : words.loading) : "", "plain"];
  }
  if (end === undefined) return lines === 0 && error !== undefined ? ["", "bad"] : [words.truncated, "bad"];
  switch (end.reason) {
    case EndReason.COMPLETE:
      return lines === 0 ? [words.noLines, "plain"] : [words.complete, "good"];
    case EndReason.CAUGHT_UP:
      return [words.caughtUp, "plain"];
    case EndReason.SOURCE_ENDED:
      return [words.sourceEnded, "plain"];
    case EndReason.LIMIT_REACHED:
    case EndReason.UNTIL_REACHED:
    case EndReason.SCAN_BUDGET_SPENT:
      return [words.limited, "plain"];
    case EndReason.SOURCE_DAMAGED:
      return [words.damaged, "bad"];
    default:
      return [words.truncated, "bad"];
  }
}
