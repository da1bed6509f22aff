import type { Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { PhaseMark, phaseText } from "../parts/phase.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { Moment } from "../parts/time.tsx";
import { useText } from "../text/text.tsx";
import styles from "./measurements.module.css";

/** What a metric without a job has measured: it has no log. */
export function Measurements({ metric }: { readonly metric: Metric }) {
  const text = useText();
  const { measurement: heads } = text.states;
  const withMessages = metric.attempts.some(({ message }) => message !== "");
  return (
    <StatePage
      title={text.states.nonJob(metric.name)}
      why={text.states.nonJobWhy(metric.provider)}
      details={
        <table className={styles.table}>
          <caption className="hidden">{text.states.measurements}</caption>
          <thead>
            <tr>
              <th scope="col">{heads.number}</th>
              <th scope="col">{heads.result}</th>
              <th scope="col">{heads.value}</th>
              <th scope="col">{heads.when}</th>
              {withMessages && <th scope="col">{heads.message}</th>}
            </tr>
          </thead>
          <tbody>
            {metric.attempts.map(({ number, phase, value, endTime, startTime, message }) => {
              const time = endTime ?? startTime;
              return (
                <tr key={number}>
                  <td>{number}</td>
                  <td>
                    <PhaseMark phase={phase} silent /> {phaseText(phase, text)}
                  </td>
                  <td className="mono">{value || "–"}</td>
                  <td>{time && <Moment time={time} />}</td>
                  {withMessages && <td>{message}</td>}
                </tr>
              );
            })}
          </tbody>
        </table>
      }
    />
  );
}
