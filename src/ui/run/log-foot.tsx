import { EndReason } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isOpen } from "../../client/cause.ts";
import { isDenied } from "../parts/denied.ts";
import type { Text } from "../text/en.ts";
import { numberText, sizeText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import type { LogViewerSummary } from "../viewer/viewer-props.ts";
import styles from "./log-foot.module.css";

/** Shows whether the log is complete, its size and its source. */
export function LogFoot({ summary }: { readonly summary: LogViewerSummary | undefined }) {
  const text = useText();
  const language = useLanguage();
  if (summary === undefined) return null;
  const { lines, bytes, source } = summary;
  const [state, kind] = stateOf(summary, text);
  return (
    <footer className={styles.foot}>
      <span className={styles[kind]}>{state}</span>
      <span>{text.log.lines(numberText(lines, language))}</span>
      <span>{sizeText(bytes, language)}</span>
      {source !== "" && <span>{text.log.from(source)}</span>}
    </footer>
  );
}

type Kind = "good" | "bad" | "live" | "plain";

function stateOf(
  { state, origin, end, error, lines }: LogViewerSummary,
  { log, states }: Text,
): readonly [text: string, kind: Kind] {
  switch (state.kind) {
    case "connecting":
      return [log.connecting, "plain"];
    case "streaming":
      return isOpen(origin?.attemptPhase) ? [log.live, "live"] : [log.loading, "plain"];
    case "resuming":
      return [log.waitingForServer(state.tries, state.of), "bad"];
    case "waiting":
      if (state.for === "log") return [states.waiting, "plain"];
      if (state.for === "sign-in") return [log.waitingForSignIn, "bad"];
      if (lines === 0) return [log.ends.none, "plain"];
      return [log.waitingForServer(state.tries, state.of), "bad"];
    case "ended":
      return endText(end?.reason, error, lines, log.ends);
  }
}

function endText(
  reason: EndReason | undefined,
  error: unknown,
  lines: number,
  ends: Text["log"]["ends"],
): readonly [text: string, kind: Kind] {
  switch (reason) {
    case EndReason.COMPLETE:
      return [ends.complete, "good"];
    case EndReason.CAUGHT_UP:
      return [ends.caughtUp, "plain"];
    case EndReason.SOURCE_ENDED:
      return [ends.sourceEnded, "plain"];
    case EndReason.LIMIT_REACHED:
      return [ends.limitReached, "plain"];
    case EndReason.UNTIL_REACHED:
      return [ends.untilReached, "plain"];
    case EndReason.SCAN_BUDGET_SPENT:
      return [ends.scanBudgetSpent, "plain"];
    case EndReason.SOURCE_FAILED:
      return [ends.sourceFailed, "bad"];
    case EndReason.SOURCE_DAMAGED:
      return [ends.sourceDamaged, "bad"];
    case EndReason.SERVER_SHUTDOWN:
      return [ends.serverShutdown, "bad"];
    case EndReason.SERVER_LIMIT_REACHED:
      return [ends.serverLimit, "bad"];
    case EndReason.SOURCE_STALLED:
      return [ends.sourceStalled, "bad"];
    case EndReason.READER_STALLED:
      return [ends.readerStalled, "bad"];
    case EndReason.AUTHORIZATION_LOST:
      return [ends.authorizationLost, "bad"];
    case EndReason.TOKEN_EXPIRED:
      return [ends.tokenExpired, "bad"];
    default:
      if (error !== undefined && lines === 0) return [ends.none, "plain"];
      if (isDenied(error)) return [ends.authorizationLost, "bad"];
      return error === undefined ? [ends.sourceEnded, "plain"] : [ends.unknown, "bad"];
  }
}
