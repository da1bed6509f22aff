import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Metric } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { measuredCount, talliesOf } from "../../client/measured.ts";
import { PhaseMark, phaseText } from "../parts/phase.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { Moment } from "../parts/time.tsx";
import { spanText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import styles from "./measurements.module.css";

/** The conditions and counts of the measurements. */
function Demands({ metric }: { readonly metric: Metric }) {
  const text = useText();
  const language = useLanguage();
  const { demands } = text.states;
  const { successCondition, failureCondition, count = 0, interval } = metric;
  const every = interval && spanText(durationMs(interval), language);
  return (
    <dl className={styles.demands}>
      {successCondition !== "" && <Demand name={demands.succeeds} code={successCondition} />}
      {failureCondition !== "" && <Demand name={demands.fails} code={failureCondition} />}
      {successCondition === "" && failureCondition === "" && <Demand name={demands.succeeds} value={demands.always} />}
      <Demand name={demands.measured} value={demands.times(measuredCount(metric), count, every ?? "")} />
      {talliesOf(metric).map(({ what, counted, limit, decides }) => (
        <Demand
          key={what}
          name={demands.tallies[what]}
          value={what === "consecutiveSuccesses" ? demands.of(counted, limit ?? 0) : demands.atMost(counted, limit)}
          isBad={decides && what !== "consecutiveSuccesses"}
        />
      ))}
    </dl>
  );
}

interface DemandProps {
  readonly name: string;
  readonly value?: string;
  readonly code?: string;
  readonly isBad?: boolean;
}

function Demand({ name, value, code, isBad = false }: DemandProps) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className={isBad ? styles.bad : undefined}>{code === undefined ? value : <code>{code}</code>}</dd>
    </div>
  );
}

/** The measurements of a metric without a job, which has no log. */
export function Measurements({ metric }: { readonly metric: Metric }) {
  const text = useText();
  const { measurement: heads } = text.states;
  const withMessages = metric.attempts.some(({ message }) => message !== "");
  return (
    <StatePage
      title={text.states.nonJob(metric.name)}
      why={text.states.nonJobWhy(metric.provider)}
      details={
        <>
          <Demands metric={metric} />
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
        </>
      }
    />
  );
}
