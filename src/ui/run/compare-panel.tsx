import { type Ref, useEffect, useMemo } from "react";
import type { AnalysisRun, Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { useLoad } from "../parts/load.ts";
import { Loading } from "../parts/loading.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { client } from "../session/page-client.ts";
import { CompareViewer } from "../viewer/compare-viewer.tsx";
import type { LogRequest } from "../viewer/store/log-reader.ts";
import type { ComparedLog, CompareViewerProps, LogViewerHandle } from "../viewer/viewer-props.ts";
import { CompareChooser, replaceTarget } from "./compare-chooser.tsx";
import type { CompareTarget } from "./compare-query.ts";
import { switchCompare } from "./compare-switch.tsx";
import { defaultTarget, isOlder, lastAttempt, lastPassed, otherAttempts } from "./compare-targets.ts";
import { latestOf } from "./selection.ts";

interface ComparePanelProps
  extends Omit<CompareViewerProps, "client" | "left" | "right" | "main" | "chooser" | "onClose" | "ref"> {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly metric: Metric;
  readonly attempt: number;
  /** The log to compare. */
  readonly request: LogRequest;
  readonly latest: string | undefined;
  /** What to compare it with. */
  readonly target: CompareTarget | "any";
  readonly viewer: Ref<LogViewerHandle>;
}

/** Compares a log with that of another attempt, of the last run that passed, or of any other run of the Stage. */
export function ComparePanel({
  project,
  run,
  metric,
  attempt,
  request,
  latest,
  target,
  viewer,
  ...log
}: ComparePanelProps) {
  const { compare: text } = log.text;
  const name = run.summary?.name ?? "";
  const attempts = useMemo(() => otherAttempts(metric, attempt), [metric, attempt]);
  const { value, error, isLoading, again } = useLoad(`${project}/${name}/${metric.name}`, async (signal) => ({
    passed: await lastPassed(client, project, run, metric.name, signal),
  }));
  const passed = value?.passed;
  const chosen = target === "any" ? defaultTarget(attempts, attempt, passed) : target;
  const otherRun = chosen?.run || name;
  const other = useLoad(`${project}/${otherRun}`, async (signal) => {
    if (otherRun === name) return run;
    return (await client.getAnalysisRun({ namespace: project, name: otherRun }, { signal })).analysisRun;
  });
  const otherAttempt = chosen?.attempt || lastAttempt(other.value, metric.name);
  const otherMetric = other.value?.metrics.find((each) => each.name === metric.name);
  const otherLatest = latestOf(otherMetric?.attempts.find((each) => each.number === otherAttempt));
  // The address names the target from now on, so that a link stays valid.
  const isVague = target === "any" || target.attempt === 0;
  useEffect(() => {
    if (isVague && chosen !== undefined && otherAttempt > 0) replaceTarget({ run: chosen.run, attempt: otherAttempt });
  }, [isVague, chosen, otherAttempt]);
  const beside = useMemo(
    (): ComparedLog => ({
      title: otherRun === name ? text.attempt(otherAttempt) : text.attemptOf(otherAttempt, otherRun),
      request: {
        ...request,
        name: otherRun,
        attempt: otherAttempt > 0 ? { case: "attemptNumber", value: otherAttempt } : { case: undefined },
      },
      latest: otherLatest,
    }),
    [request, otherLatest, name, otherRun, otherAttempt, text],
  );
  const own = useMemo(
    (): ComparedLog => ({ title: text.attempt(attempt), request, latest }),
    [request, latest, attempt, text],
  );

  const chooser = (
    <CompareChooser
      {...{ project, run, attempts, passed, chosen, text }}
      failed={error !== undefined}
      isLoading={isLoading}
    />
  );
  if (chosen === undefined && isLoading) return <Loading />;
  if (chosen === undefined) {
    const isUnknown = error !== undefined;
    return (
      <StatePage
        title={text.nothing}
        why={isUnknown ? text.notListed : text.nothingWhy(metric.name, run.summary?.stage ?? "")}
      >
        {chooser}
        {isUnknown && (
          <button type="button" className="plain" onClick={again}>
            {text.again}
          </button>
        )}
        <button type="button" className="go" onClick={() => switchCompare(false)}>
          {text.close}
        </button>
      </StatePage>
    );
  }
  if (other.value === undefined && other.isLoading) return <Loading />;
  const isLeft = otherRun === name ? otherAttempt < attempt : isOlder(other.value, run);
  return (
    <CompareViewer
      {...log}
      ref={viewer}
      client={client}
      left={isLeft ? beside : own}
      right={isLeft ? own : beside}
      main={isLeft ? "right" : "left"}
      onClose={() => switchCompare(false)}
      chooser={chooser}
    />
  );
}
