import { useState } from "react";
import { navigate, useSearch } from "wouter/use-browser-location";
import type { AnalysisRunSummary } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { isFailure, isOpen } from "../../client/cause.ts";
import { Frame } from "../frame/frame.tsx";
import { ErrorState } from "../parts/error-state.tsx";
import { Loading } from "../parts/loading.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { Link } from "../routing/link.tsx";
import { numberText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import { isFiltered, parseRunFilter, queryOf, type RunFilter } from "./run-filter.ts";
import { RunFilters } from "./run-filters.tsx";
import { RunRows } from "./run-rows.tsx";
import styles from "./runs.module.css";
import { useRuns } from "./use-runs.ts";

const PAGE_SIZE = 100;

/** The runs of a project, failed ones first. */
export function RunsPage({ project }: { readonly project: string }) {
  const text = useText();
  const language = useLanguage();
  const filter = parseRunFilter(useSearch());
  const [limit, setLimit] = useState(PAGE_SIZE);
  const { runs, stages, more, incomplete, error, isStale, again } = useRuns(project, filter, limit);
  const change = (next: RunFilter): void => {
    const query = queryOf(next);
    navigate(location.pathname + (query && `?${query}`), { replace: true });
  };
  const groups = runs && groupsOf(runs);
  return (
    <Frame title={text.runs.title(project)} crumbs={<b>{project}</b>}>
      <main id="content" tabIndex={-1} className={styles.page}>
        {runs === undefined && error === undefined && <Loading />}
        {runs === undefined && error !== undefined && (
          <ErrorState error={error} project={project} onAgain={again} repeats isPage />
        )}
        {groups !== undefined && (
          <>
            <div className={styles.head}>
              <h1>{text.runs.title(project)}</h1>
              <p className={isStale ? styles.stale : styles.live} role="status">
                {isStale ? text.runs.stale : text.runs.live}
              </p>
            </div>
            <RunFilters filter={filter} stages={stages} onChange={change} />
            {runs?.length === 0 && isFiltered(filter) && (
              <StatePage title={text.runs.noneFiltered} why={text.runs.noneFilteredWhy}>
                <button type="button" className="go" onClick={() => change({})}>
                  {text.runs.clear}
                </button>
              </StatePage>
            )}
            {runs?.length === 0 && !isFiltered(filter) && (
              <StatePage title={text.runs.none} why={text.runs.noneWhy}>
                <Link to={{ page: "projects" }} className="plain">
                  {text.states.toProjects}
                </Link>
              </StatePage>
            )}
            {groups.map(
              ({ name, members }) =>
                members.length > 0 && (
                  <section key={name} aria-labelledby={`group-${name}`}>
                    <h2 id={`group-${name}`} className={styles.group}>
                      {text.runs[name]} <span className="soft">{numberText(members.length, language)}</span>
                    </h2>
                    <RunRows project={project} runs={members} />
                  </section>
                ),
            )}
            {more && (
              <button type="button" className="plain" onClick={() => setLimit((before) => before + PAGE_SIZE)}>
                {text.runs.more}
              </button>
            )}
            {incomplete && <p className="soft">{text.runs.incomplete}</p>}
          </>
        )}
      </main>
    </Frame>
  );
}

function groupsOf(runs: readonly AnalysisRunSummary[]) {
  const failed = runs.filter(({ phase }) => isFailure(phase));
  const open = runs.filter(({ phase }) => isOpen(phase));
  const other = runs.filter(({ phase }) => !isFailure(phase) && !isOpen(phase));
  return [
    { name: "failed", members: failed },
    { name: "open", members: open },
    { name: "other", members: other },
  ] as const;
}
