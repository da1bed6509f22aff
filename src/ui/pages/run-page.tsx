import { useCallback, useMemo, useRef, useState } from "react";
import { useLocationProperty } from "wouter/use-browser-location";
import type { AnalysisRun, Link as ReportLink } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogChoice } from "../../client/addresses.ts";
import { causeOf } from "../../client/cause.ts";
import { Frame } from "../frame/frame.tsx";
import { usePageKeys } from "../frame/use-page-keys.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { isDenied } from "../parts/denied.ts";
import { ErrorState } from "../parts/error-state.tsx";
import { Loading } from "../parts/loading.tsx";
import { resultText } from "../parts/phase.tsx";
import { goTo, hrefOf, Link } from "../routing/link.tsx";
import { Answer } from "../run/answer.tsx";
import { CompareSwitch } from "../run/compare-switch.tsx";
import { ContainerTabs } from "../run/container-tabs.tsx";
import { FirstErrorExcerpt } from "../run/first-error-excerpt.tsx";
import { hashOfLines, parseLines } from "../run/lines-hash.ts";
import { LogBreak } from "../run/log-break.tsx";
import { LogFoot } from "../run/log-foot.tsx";
import { LogPanel } from "../run/log-panel.tsx";
import { MetricsNav } from "../run/metrics-nav.tsx";
import { attemptHeadline, otherAttempt } from "../run/other-attempt.ts";
import { OtherRuns } from "../run/other-runs.tsx";
import { choiceOf, type LogSelection, selectedAttempt, selectionOf } from "../run/selection.ts";
import { useOnceAllowed } from "../run/use-once-allowed.ts";
import type { Text } from "../text/en.ts";
import { useText } from "../text/text.tsx";
import type { LineRange } from "../viewer/store/line-names.ts";
import type { LogViewerHandle, LogViewerSummary } from "../viewer/viewer-props.ts";
import styles from "./run.module.css";
import { useRun } from "./use-run.ts";

interface RunPageProps {
  readonly project: string;
  readonly run: string;
  readonly log?: LogChoice;
}

/** The page of a run: why it failed, and its log. */
export function RunPage({ project, run: name, log }: RunPageProps) {
  const { value: run, error, isLoading, again } = useRun(project, name);
  const crumbs = (
    <>
      <Link to={{ page: "runs", project }}>{project}</Link> /{" "}
      {run?.summary?.stage && (
        <>
          <Link to={{ page: "runs", project }} query={new URLSearchParams({ stage: run.summary.stage }).toString()}>
            {run.summary.stage}
          </Link>{" "}
          /{" "}
        </>
      )}
      <b className="mono">{name}</b>
    </>
  );
  if (run === undefined) {
    return (
      <Frame title={name} crumbs={crumbs}>
        <main id="content" tabIndex={-1}>
          {error === undefined ? (
            <Loading />
          ) : (
            <ErrorState error={error} project={project} onAgain={again} isAsking={isLoading} isPage />
          )}
        </main>
      </Frame>
    );
  }
  return <RunView project={project} run={run} choice={log} crumbs={crumbs} />;
}

interface RunViewProps {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly choice: LogChoice | undefined;
  readonly crumbs: React.ReactNode;
}

function RunView({ project, run, choice, crumbs }: RunViewProps) {
  const text = useText();
  const name = run.summary?.name ?? "";
  const selection = useMemo(() => selectionOf(run, choice), [run, choice]);
  const which = `${selection.metric?.name} ${selection.attempt} ${selection.isAll} ${selection.allPods} ${selection.container}`;
  const [reported, setReported] = useState<{ readonly which: string; readonly summary: LogViewerSummary }>();
  const summary = reported?.which === which ? reported.summary : undefined;
  const takeSummary = useCallback((next: LogViewerSummary) => setReported({ which, summary: next }), [which]);
  const [lines, setLines] = useLines();
  const viewer = useRef<LogViewerHandle>(null);
  useSelectionKeys(project, run, selection);
  const isLost = summary?.state.kind === "ended" && summary.lines > 0 && isDenied(summary.error);
  useOnceAllowed(project, name, isLost, () => viewer.current?.again());
  const shown = selection.container || summary?.origin?.containerName || "";
  const other = useMemo(() => otherAttempt(run, selection), [run, selection]);
  const result = resultText(run.summary, text);
  const subject =
    other === undefined ? `${result}: ${causeOf(run).metric?.name ?? name}` : attemptHeadline(other, text);
  const title = `${subject} · ${run.summary?.stage || project}`;
  return (
    <Frame
      title={title}
      crumbs={crumbs}
      isFixed
      actions={
        <CopyButton
          className="quiet"
          value={() => linkTo(project, name, selection, shown, location.hash)}
          done={text.shared}
        >
          {lines === undefined || lines === "first-error" ? text.share : shareText(lines, text)}
        </CopyButton>
      }
    >
      <Answer project={project} run={run} other={other} links={linksOf(run, selection, shown)}>
        <FirstErrorExcerpt
          phase={other?.phase ?? run.summary?.phase}
          message={other === undefined ? run.message : (other.attempt?.message ?? "")}
          summary={summary}
          onFirst={(line) => setLines({ first: line, last: line })}
          onNext={() => viewer.current?.nextError()}
        />
      </Answer>
      <div className={styles.body}>
        <div className={styles.side}>
          <MetricsNav project={project} run={run} selection={selection} />
          {run.freight[0] && <OtherRuns project={project} run={name} freight={run.freight[0].name} />}
        </div>
        <main id="content" tabIndex={-1} className={styles.log}>
          {(selection.metric?.containers.length ?? 0) > 0 && (
            <div className={styles.bar}>
              <ContainerTabs project={project} run={name} selection={selection} shown={shown} />
              {selection.attempt > 0 && <CompareSwitch />}
            </div>
          )}
          <LogPanel
            key={which}
            project={project}
            run={run}
            selection={selection}
            summary={summary}
            viewer={viewer}
            lines={lines}
            linkTo={(range) => linkTo(project, name, selection, shown, range ? hashOfLines(range) : "")}
            onLines={setLines}
            onSummary={takeSummary}
            onAgain={() => viewer.current?.again()}
          />
          <LogBreak summary={summary} onAgain={() => viewer.current?.again()} />
          <LogFoot summary={summary} />
        </main>
      </div>
    </Frame>
  );
}

/** The lines that the address names, and a function to name others without reloading anything. */
function useLines(): readonly [LineRange | "first-error" | undefined, (lines: LineRange | undefined) => void] {
  const hash = useLocationProperty(() => location.hash);
  const lines = useMemo(() => (hash === "#first-error" ? (hash.slice(1) as "first-error") : parseLines(hash)), [hash]);
  const set = useCallback((next: LineRange | undefined) => {
    history.replaceState(history.state, "", next ? hashOfLines(next) : location.pathname + location.search);
  }, []);
  return [lines, set];
}

function useSelectionKeys(project: string, run: AnalysisRun, { metric, attempt }: LogSelection): void {
  const keys = useMemo(() => {
    const to = (next: LogChoice): void => goTo({ page: "run", project, run: run.summary?.name ?? "", log: next });
    const attempts = metric?.attempts.map(({ number }) => number) ?? [];
    const step = (by: number) => () => {
      const next = attempts[attempts.indexOf(attempt) + by];
      if (metric !== undefined && next !== undefined) to(choiceOf(metric, next, ""));
    };
    const turn = (by: number) => () => {
      const at = run.metrics.findIndex(({ name }) => name === metric?.name);
      const next = run.metrics[at + by];
      if (next !== undefined) to(choiceOf(next, next.provider === "job" ? (next.attempts.at(-1)?.number ?? 0) : 0, ""));
    };
    const containers = metric?.containers ?? [];
    const numbered = containers.slice(0, 9).map(({ name }, index) => {
      return [String(index + 1), () => metric && to(choiceOf(metric, attempt, name))] as const;
    });
    return {
      "[": step(-1),
      "]": step(1),
      "{": turn(-1),
      "}": turn(1),
      "0": () => metric && containers.length > 1 && to(choiceOf(metric, attempt, "all")),
      ...Object.fromEntries(numbered),
    };
  }, [project, run, metric, attempt]);
  usePageKeys(keys);
}

function shareText({ first, last }: LineRange, text: Text): string {
  return text.shareLines(last > first ? `${first}–${last}` : String(first), last <= first);
}

/** A permanent link: it names everything. */
function linkTo(
  project: string,
  run: string,
  { metric, attempt, container, isAll, allPods }: LogSelection,
  shown: string,
  hash: string,
): string {
  // Of all pods, each may show another container.
  const named = allPods ? container : shown;
  const log = metric && choiceOf(metric, attempt, isAll ? "all" : named, allPods);
  return location.origin + hrefOf({ page: "run", project, run, ...(log && { log }) }) + location.search + hash;
}

function linksOf(run: AnalysisRun, selection: LogSelection, shown: string): readonly ReportLink[] {
  const attempt = selectedAttempt(selection)?.links ?? [];
  return [...attempt.filter(({ containerName }) => containerName === "" || containerName === shown), ...run.links];
}
