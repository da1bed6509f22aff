import { useMemo } from "react";
import { AnalysisPhase, type AnalysisRun, EndReason } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isOpen } from "../../client/cause.ts";
import { countingClient } from "../demo/counting-client.ts";
import { StatePage } from "../parts/state-page.tsx";
import { client } from "../session/page-client.ts";
import { useText } from "../text/text.tsx";
import type { LogProps, LogSummary } from "./log-props.ts";
import { Measurements } from "./measurements.tsx";
import { NoLog } from "./no-log.tsx";
import { PlainLog } from "./plain-log.tsx";
import { type Selection, selectedAttempt } from "./selection.ts";

interface LogPanelProps extends Pick<LogProps, "lines" | "onLines" | "onSummary"> {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly selection: Selection;
  readonly summary: LogSummary | undefined;
  onAgain(): void;
}

const counted = countingClient(client);

/** The log of a selection, or why there is none. */
export function LogPanel({ project, run, selection, summary, onAgain, ...log }: LogPanelProps) {
  const text = useText();
  const { metric, missing, attempt, container, isAll } = selection;
  const phase = selectedAttempt(selection)?.phase ?? AnalysisPhase.UNSPECIFIED;
  const follow = isOpen(run.summary?.phase) && isOpen(phase);
  const name = run.summary?.name ?? "";
  const request = useMemo(
    () => ({
      namespace: project,
      name,
      metricName: metric?.name ?? missing,
      containerName: container,
      allContainers: isAll,
      follow,
      ...(attempt > 0 && { attempt: { case: "attemptNumber", value: attempt } as const }),
    }),
    [project, name, metric?.name, missing, container, isAll, follow, attempt],
  );
  if (metric !== undefined && metric.provider !== "job") return <Measurements metric={metric} />;
  const isOver = summary?.state.kind === "ended";
  if (isOver && summary.error !== undefined && summary.lines === 0) {
    return <NoLog project={project} run={run} selection={selection} error={summary.error} onAgain={onAgain} />;
  }
  const isEmpty = isOver && summary.lines === 0 && summary.end?.reason === EndReason.COMPLETE;
  const isWaiting = summary !== undefined && summary.state.kind === "waiting" && summary.state.for === "log";
  return (
    <>
      {isEmpty && <StatePage title={text.states.empty} why={text.states.emptyWhy} />}
      {isWaiting && summary.lines === 0 && summary.state.kind === "waiting" && summary.state.for === "log" && (
        <StatePage title={text.states.waiting} why={summary.state.message} next={text.states.waitingWhy} />
      )}
      <PlainLog client={counted} request={request} {...log} />
    </>
  );
}
