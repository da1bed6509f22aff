import { useLoad } from "../parts/load.ts";
import { PhaseMark } from "../parts/phase.tsx";
import { Ago } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import { client } from "../session/page-client.ts";
import { useText } from "../text/text.tsx";
import styles from "./metrics-nav.module.css";

const MOST = 8;

interface OtherRunsProps {
  readonly project: string;
  readonly run: string;
  /** The Freight that was verified. */
  readonly freight: string;
}

/** How else the same Freight has fared: in which Stages it passed, and where it is still to come. */
export function OtherRuns({ project, run, freight }: OtherRunsProps) {
  const { nav: text } = useText();
  const { value } = useLoad(`${project}/${freight}`, (signal) =>
    client.listAnalysisRuns({ namespace: project, freight, pageSize: MOST + 1 }, { signal }),
  );
  const others = (value?.analysisRuns ?? []).filter(({ name }) => name !== run).slice(0, MOST);
  if (others.length === 0) return null;
  return (
    <nav aria-label={text.others} className={`${styles.nav} ${styles.others}`}>
      <h2>{text.others}</h2>
      <ul>
        {others.map(({ uid, name, stage, phase, createTime }) => (
          <li key={uid}>
            <Link to={{ page: "run", project, run: name }} className={styles.metric}>
              <PhaseMark phase={phase} />
              <span className={styles.name}>{stage || name}</span>
              <span className={styles.right}>{createTime && <Ago time={createTime} />}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
