import { type Ref, useMemo, useState } from "react";
import { useSearch } from "wouter/use-browser-location";
import { AnalysisPhase, type AnalysisRun, DocumentRule } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isOpen } from "../../client/cause.ts";
import { countingClient } from "../demo/counting-client.ts";
import { usePageKeys } from "../frame/use-page-keys.ts";
import { BASE_PATH } from "../routing/base-path.ts";
import { client } from "../session/page-client.ts";
import { useSettings } from "../settings/settings.ts";
import { useText } from "../text/text.tsx";
import { LogViewer } from "../viewer/log-viewer.tsx";
import type { ViewState } from "../viewer/view-state.ts";
import type { LogViewerHandle, LogViewerProps, LogViewerSummary } from "../viewer/viewer-props.ts";
import { VIEWER_TEXT } from "../viewer/viewer-text.ts";
import { ComparePanel } from "./compare-panel.tsx";
import { parseCompare, withCompare } from "./compare-query.ts";
import { useInsteadOfLog } from "./instead-of-log.tsx";
import styles from "./log-panel.module.css";
import { Measurements } from "./measurements.tsx";
import { type LogSelection, latestOf, selectedAttempt } from "./selection.ts";
import { viewOf, viewQuery } from "./view-query.ts";

interface LogPanelProps extends Pick<LogViewerProps, "lines" | "onLines" | "linkTo"> {
  readonly project: string;
  readonly run: AnalysisRun;
  readonly selection: LogSelection;
  readonly summary: LogViewerSummary | undefined;
  readonly onSummary: (summary: LogViewerSummary) => void;
  readonly viewer: Ref<LogViewerHandle>;
  onAgain(): void;
}

const counted = countingClient(client);

/** The selected log, or why there is none. */
export function LogPanel({ project, run, selection, summary, viewer, onAgain, ...rest }: LogPanelProps) {
  const text = useText();
  const { keys } = useSettings();
  const search = useSearch();
  const target = useMemo(() => parseCompare(search), [search]);
  const [view, setView] = useView(target !== undefined);
  const { metric, missing, attempt, container, isAll, allPods } = selection;
  const selected = selectedAttempt(selection);
  const phase = selected?.phase ?? AnalysisPhase.UNSPECIFIED;
  const latest = latestOf(selected);
  const follow = isOpen(run.summary?.phase) && isOpen(phase);
  const name = run.summary?.name ?? "";
  const log = useMemo(
    () => ({
      namespace: project,
      name,
      metricName: metric?.name ?? missing,
      containerName: container,
      allContainers: isAll,
      allPods,
      ...(attempt > 0 && { attempt: { case: "attemptNumber", value: attempt } as const }),
    }),
    [project, name, metric?.name, missing, container, isAll, allPods, attempt],
  );
  // Another log is asked for without its document.
  const [shown, setShown] = useState<unknown>();
  const showsDocument = shown === log;
  const request = useMemo(() => (showsDocument ? { ...log, document: DocumentRule.SHOW } : log), [log, showsDocument]);
  const raw = isAll ? undefined : rawAddress(project, name, selection, showsDocument);
  usePageKeys(useMemo(() => ({ r: () => raw !== undefined && window.open(raw, "_blank", "noopener") }), [raw]));
  const instead = useInsteadOfLog({
    ...{ project, run, selection, summary, showsDocument, onAgain },
    onShowDocument: () => setShown(log),
  });
  if (metric !== undefined && metric.provider !== "job") return <Measurements metric={metric} />;
  const viewerText = text.viewer ?? VIEWER_TEXT;
  const isCompared = target !== undefined && metric !== undefined && attempt > 0;
  // A comparison says on each side why there is no log.
  const isInstead = instead !== undefined && !isCompared;
  return (
    <>
      {isInstead && <div className={styles.instead}>{instead}</div>}
      <div className={isInstead ? styles.away : styles.viewer}>
        {isCompared ? (
          <ComparePanel
            {...{ project, run, metric, attempt, request, latest, target, viewer, view, keys }}
            onView={setView}
            listsKeys={false}
            text={viewerText}
            {...rest}
          />
        ) : (
          <LogViewer
            ref={viewer}
            client={counted}
            request={request}
            latest={latest}
            follow={follow}
            view={view}
            onView={setView}
            keys={keys}
            listsKeys={false}
            {...(raw !== undefined && { downloadHref: `${raw}&download=1` })}
            label={text.log.region(metric?.name ?? missing)}
            text={viewerText}
            {...rest}
          />
        )}
      </div>
    </>
  );
}

/** The view state from the address. On narrow windows, and in comparisons, lines wrap by default. */
function useView(isCompared: boolean): readonly [ViewState, (view: ViewState) => void] {
  const search = useSearch();
  const isNarrow = useMemo(() => matchMedia("(max-width: 720px)").matches, []);
  const wraps = isNarrow || isCompared;
  const view = useMemo(() => viewOf(search, wraps), [search, wraps]);
  const set = (next: ViewState): void => {
    const query = withCompare(viewQuery(next, wraps), new URLSearchParams(location.search).get("cmp") ?? undefined);
    history.replaceState(history.state, "", location.pathname + (query && `?${query}`) + location.hash);
  };
  return [view, set];
}

/** The address of the log as plain text. */
function rawAddress(
  project: string,
  run: string,
  { metric, missing, attempt, container, allPods }: LogSelection,
  showsDocument: boolean,
): string {
  const query = new URLSearchParams({ metric: metric?.name ?? missing });
  if (allPods) query.set("all_pods", "1");
  if (attempt > 0) query.set("attempt", String(attempt));
  if (container !== "") query.set("container", container);
  if (showsDocument) query.set("document", "show");
  return `${BASE_PATH}/raw/${encodeURIComponent(project)}/${encodeURIComponent(run)}?${query}`;
}
