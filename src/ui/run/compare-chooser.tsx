import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useState } from "react";
import type { AnalysisRun, AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { useLoad } from "../parts/load.ts";
import { phaseText } from "../parts/phase.tsx";
import { client } from "../session/page-client.ts";
import { agoText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import type { ViewerText } from "../viewer/viewer-text.ts";
import styles from "./compare.module.css";
import { type CompareTarget, compareValue, withCompare } from "./compare-query.ts";
import { otherRuns, type PassedTarget } from "./compare-targets.ts";

interface CompareChooserProps {
  readonly project: string;
  readonly run: AnalysisRun;
  /** The other attempts of the metric. */
  readonly attempts: readonly CompareTarget[];
  /** The last run that passed. */
  readonly passed: PassedTarget | undefined;
  /** Whether that could not be found out. */
  readonly failed: boolean;
  /** Whether that is not known yet. */
  readonly isLoading: boolean;
  readonly chosen: CompareTarget | undefined;
  readonly text: ViewerText["compare"];
}

const MORE = "more";

/** Chooses what a log is compared with: another attempt, the last run that passed, or any run of the Stage. */
export function CompareChooser(props: CompareChooserProps) {
  const { project, run, attempts, passed, failed, isLoading, chosen, text } = props;
  const words = useText();
  const language = useLanguage();
  const { name = "", stage = "" } = run.summary ?? {};
  const [pages, setPages] = useState(1);
  const [now] = useState(Date.now);
  const { value: listed } = useLoad(`${project}/${name}`, (signal) => otherRuns(client, project, run, 1, signal));
  const older = useLoad(`${project}/${name}/${pages}`, async (signal) =>
    pages === 1 ? undefined : otherRuns(client, project, run, pages, signal),
  );
  const { runs, hasMore } = older.value ?? listed ?? { runs: [], hasMore: false };
  const isOf = (each: AnalysisRunSummary): boolean => each.name === chosen?.run;
  const isListed = runs.some(isOf);
  const value = chosen === undefined ? "" : compareValue(chosen);
  const isKnown = [...attempts, ...(passed === undefined ? [] : [passed])].some((each) => compareValue(each) === value);
  const labelOf = ({ name: own, phase, createTime }: AnalysisRunSummary): string =>
    [phaseText(phase, words), createTime && agoText(timestampMs(createTime), now, language), own]
      .filter(Boolean)
      .join(", ");
  const take = (next: string): void => {
    if (next === MORE) setPages(pages + 1);
    else replaceTarget(next);
  };
  return (
    <label className={styles.chooser}>
      {text.with}
      <select value={value} onChange={(event) => take(event.currentTarget.value)}>
        {chosen === undefined && <option value="" />}
        {attempts.map((each) => (
          <option key={each.attempt} value={compareValue(each)}>
            {text.attempt(each.attempt)}
          </option>
        ))}
        {passed !== undefined && (
          <option value={compareValue(passed)}>{text.lastPassed(passed.freight || passed.run)}</option>
        )}
        {passed === undefined && !isLoading && <option disabled>{failed ? text.notListed : text.nonePassed}</option>}
        {chosen !== undefined && !isKnown && !isListed && (
          <option value={value}>
            {chosen.run === "" ? text.attempt(chosen.attempt) : text.attemptOf(chosen.attempt, chosen.run)}
          </option>
        )}
        {runs.length > 0 && (
          <optgroup label={text.runsOf(stage)}>
            {runs.map((each) => (
              <option
                key={each.name}
                value={isOf(each) && !isKnown ? value : compareValue({ run: each.name, attempt: 0 })}
              >
                {labelOf(each)}
              </option>
            ))}
            {hasMore && <option value={MORE}>{text.olderRuns}</option>}
          </optgroup>
        )}
      </select>
    </label>
  );
}

/** Names another target in the address. */
export function replaceTarget(target: CompareTarget | string): void {
  const value = typeof target === "string" ? target : compareValue(target);
  history.replaceState(
    history.state,
    "",
    `${location.pathname}?${withCompare(location.search, value)}${location.hash}`,
  );
}
