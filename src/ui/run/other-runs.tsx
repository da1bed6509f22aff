import { useLoad } from "../parts/load.ts";
import { markedPhase, PhaseMark } from "../parts/phase.tsx";
import { Ago } from "../parts/time.tsx";
import { Link } from "../routing/link.tsx";
import { client } from "../session/page-client.ts";
import { useText } from "../text/text.tsx";
import styles from "./metrics-nav.module.css";

const MAX_RUNS = 8;

interface OtherRunsProps {
  readonly project: string;
  readonly run: string;
  /** The verified Freight. */
  readonly freight: string;
}

/** Other runs that verified the same Freight. */
export function OtherRuns({ project, run, freight }: OtherRunsProps) {
  const { nav: text } = useText();
  const { value } = useLoad(`${project}/${freight}`, (signal) =>
    client.listAnalysisRuns({ namespace: project, freight, pageSize: MAX_RUNS + 1 }, { signal }),
  );
  const others = (value?.analysisRuns ?? []).filter(({ name }) => name !== run).slice(0, MAX_RUNS);
  if (others.length === 0) return null;
  return (
    <nav aria-label={text.others} className={`${styles.nav} ${styles.others}`}>
      <h2>{text.others}</h2>
      <ul>
        {others.map((other) => (
          <li key={other.uid}>
            <Link to={{ page: "run", project, run: other.name }} className={styles.metric}>
              <PhaseMark phase={markedPhase(other)} />
              <span className={styles.name}>{other.stage || other.name}</span>
              <span className={styles.right}>{other.createTime && <Ago time={other.createTime} />}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
