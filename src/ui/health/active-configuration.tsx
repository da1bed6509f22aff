import type { GetStatusResponse } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import styles from "./health.module.css";
import { useHealthText } from "./use-health-text.ts";
import { WideTable } from "./wide-table.tsx";

/** The active configuration; the server hides secrets. */
export function ActiveConfiguration({ status: { settings, settingsHash } }: { readonly status: GetStatusResponse }) {
  const text = useHealthText();
  return (
    <section>
      <h2>{text.settings}</h2>
      <p className="soft mono">{text.hash(settingsHash)}</p>
      <WideTable label={text.settings} heads={[text.setting.name, text.setting.value]}>
        {settings.map(({ name, value }) => (
          <tr key={name}>
            <td className="mono">{name}</td>
            <td className={`mono ${styles.value}`}>{value}</td>
          </tr>
        ))}
      </WideTable>
    </section>
  );
}
