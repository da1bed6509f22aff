import type { Container } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { ranAtOnce } from "../../client/cause.ts";
import { Link } from "../routing/link.tsx";
import type { Text } from "../text/en.ts";
import { useText } from "../text/text.tsx";
import styles from "./container-tabs.module.css";
import { choiceOf, type LogSelection, selectedAttempt } from "./selection.ts";

interface ContainerTabsProps {
  readonly project: string;
  readonly run: string;
  readonly selection: LogSelection;
  /** The container that is shown, whether the user or the server chose it. */
  readonly shown: string;
}

/** Tabs for the containers of an attempt and, if it ran several pods at once, for all of these; each has its own address. */
export function ContainerTabs({ project, run, selection, shown }: ContainerTabsProps) {
  const { nav: text } = useText();
  const { metric, attempt, isAll, allPods } = selection;
  if (metric === undefined) return null;
  const to = (container: string, pods = false) =>
    ({ page: "run", project, run, log: choiceOf(metric, attempt, container, pods) }) as const;
  const hasPods = allPods || ranAtOnce(selectedAttempt(selection)?.pods ?? []);
  return (
    <nav aria-label={text.containers} className={styles.tabs}>
      {metric.containers.map((container) => (
        <Link
          key={container.name}
          to={to(container.name)}
          className={styles.tab}
          aria-current={!isAll && !allPods && container.name === shown ? "true" : undefined}
        >
          {labelOf(container, text)}
        </Link>
      ))}
      {metric.containers.length > 1 && (
        <Link to={to("all")} className={styles.tab} aria-current={isAll && !allPods ? "true" : undefined}>
          {text.all}
        </Link>
      )}
      {hasPods && (
        <Link to={to(isAll ? "all" : "", true)} className={styles.tab} aria-current={allPods ? "true" : undefined}>
          {text.allPods}
        </Link>
      )}
    </nav>
  );
}

function labelOf({ name, init, added }: Container, text: Text["nav"]): string {
  const label = init ? text.init(name) : name;
  return added ? text.added(label) : label;
}
