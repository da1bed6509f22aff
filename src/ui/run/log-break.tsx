import { ConnectError } from "@connectrpc/connect";
import { EndReason } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "../../client/describe-error.ts";
import { verbatim } from "../../client/emphasis.ts";
import { isRetryable } from "../../client/retry.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { isDenied } from "../parts/denied.ts";
import { operatorText } from "../parts/operator-text.ts";
import { useServerInfo } from "../session/server-info.ts";
import { Rich, useText } from "../text/text.tsx";
import type { LogViewerSummary } from "../viewer/viewer-props.ts";
import styles from "./log-break.module.css";

interface LogBreakProps {
  readonly summary: LogViewerSummary | undefined;
  /** Resumes the log. */
  onAgain(): void;
}

/** Shown under a log that broke off: why, and what to do. Its lines stay. */
export function LogBreak({ summary, onAgain }: LogBreakProps) {
  const text = useText();
  const { contact } = useServerInfo();
  const { state, error, lines = 0, end } = summary ?? {};
  const isBroken = state?.kind === "ended" && error !== undefined && lines > 0;
  const isLost = isBroken && isDenied(error);
  if (!isBroken) return null;
  const described = describeError(error);
  const { breaks } = text.log;
  const isLimit = end?.reason === EndReason.SERVER_LIMIT_REACHED;
  const isDamaged = end?.reason === EndReason.SOURCE_DAMAGED;
  const isFinal = isLimit || isDamaged;
  let why = breaks.broken;
  if (isLimit) why = breaks.limit;
  else if (isDamaged) why = breaks.damaged(/ line (\d+) on\b/.exec(described.message)?.[1] ?? "");
  else if (isLost) why = breaks.denied;
  else if (!isRetryable(ConnectError.from(error), false)) why = breaks.refused(verbatim(described.message));
  const next = isLost ? text.states.askAccess(contact) : text.noLog.ifItStays(contact, described.reference);
  return (
    <div className={styles.break} role="status">
      <p>
        <Rich text={why} /> <Rich text={isFinal ? text.noLog.tell(contact, described.reference) : next} />
      </p>
      <p className={styles.acts}>
        {!isFinal && (
          <button type="button" className="plain" onClick={onAgain}>
            {breaks.readOn}
          </button>
        )}
        <CopyButton value={() => operatorText(described, location.href)} done={text.noLog.copied}>
          {text.noLog.copyDetails}
        </CopyButton>
      </p>
    </div>
  );
}
