import { type Ref, useEffect, useMemo } from "react";
import type { AnalysisRun, Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { useLoad } from "../parts/load.ts";
import { Loading } from "../parts/loading.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { client } from "../session/page-client.ts";
import { CompareViewer } from "../viewer/compare-viewer.tsx";
import type { LogRequest } from "../viewer/store/log-reader.ts";
import type { CompareViewerProps, LogViewerHandle } from "../viewer/viewer-props.ts";
import styles from "./compare.module.css";
import { type CompareTarget, compareValue, withCompare } from "./compare-query.ts";
import { switchCompare } from "./compare-switch.tsx";
import { defaultTarget, lastPassed, otherAttempts } from "./compare-targets.ts";

interface ComparePanelProps
  extends Omit<CompareViewerProps, "client" | "left" | "right" | "chooser" | "onClose" | "ref"> {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly metric: Metric;
  readonly attempt: number;
  /** The log to compare. */
  readonly request: LogRequest;
  /** What to compare it with. */
  readonly target: CompareTarget | "any";
  readonly viewer: Ref<LogViewerHandle>;
}

/** Compares a log with that of another attempt, or of the last run that passed. */
export function ComparePanel({ project, run, metric, attempt, request, target, viewer, ...log }: ComparePanelProps) {
  const { compare: text } = log.text;
  const name = run.summary?.name ?? "";
  const attempts = useMemo(() => otherAttempts(metric, attempt), [metric, attempt]);
  const { value, error, isLoading, again } = useLoad(`${project}/${name}/${metric.name}`, async (signal) => ({
    passed: await lastPassed(client, project, run, metric.name, signal),
  }));
  const passed = value?.passed;
  const chosen = target === "any" ? defaultTarget(attempts, attempt, passed) : target;
  // The address names the target from now on, so that a link stays valid.
  useEffect(() => {
    if (target === "any" && chosen !== undefined) replaceTarget(chosen);
  }, [target, chosen]);
  const otherRun = chosen?.run || name;
  const otherAttempt = chosen?.attempt ?? 0;
  const left = useMemo(
    () => ({
      title: otherRun === name ? text.attempt(otherAttempt) : text.attemptOf(otherAttempt, otherRun),
      request: { ...request, name: otherRun, attempt: { case: "attemptNumber", value: otherAttempt } as const },
    }),
    [request, name, otherRun, otherAttempt, text],
  );
  const right = useMemo(() => ({ title: text.attempt(attempt), request }), [request, attempt, text]);

  if (chosen === undefined && isLoading) return <Loading />;
  if (chosen === undefined) {
    const isUnknown = error !== undefined;
    return (
      <StatePage
        title={text.nothing}
        why={isUnknown ? text.notListed : text.nothingWhy(metric.name, run.summary?.stage ?? "")}
      >
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
  const targets = [...attempts, ...(passed === undefined ? [] : [passed])];
  const isKnown = targets.some((each) => compareValue(each) === compareValue(chosen));
  return (
    <CompareViewer
      {...log}
      ref={viewer}
      client={client}
      left={left}
      right={right}
      onClose={() => switchCompare(false)}
      chooser={
        <label className={styles.chooser}>
          {text.with}
          <select value={compareValue(chosen)} onChange={(event) => replaceTarget(event.currentTarget.value)}>
            {attempts.map((each) => (
              <option key={each.attempt} value={compareValue(each)}>
                {text.attempt(each.attempt)}
              </option>
            ))}
            {passed !== undefined && (
              <option value={compareValue(passed)}>{text.lastPassed(passed.freight || passed.run)}</option>
            )}
            {!isKnown && <option value={compareValue(chosen)}>{text.attemptOf(chosen.attempt, otherRun)}</option>}
            {passed === undefined && !isLoading && (
              <option disabled>{error === undefined ? text.nonePassed : text.notListed}</option>
            )}
          </select>
        </label>
      }
    />
  );
}

function replaceTarget(target: CompareTarget | string): void {
  const value = typeof target === "string" ? target : compareValue(target);
  history.replaceState(
    history.state,
    "",
    `${location.pathname}?${withCompare(location.search, value)}${location.hash}`,
  );
}
