import type { AccountRight } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import styles from "./health.module.css";
import { useHealthText } from "./use-health-text.ts";
import { WideTable } from "./wide-table.tsx";

/** The rights of the server's own account in the cluster, and those that it lacks. */
export function AccountRights({ rights }: { readonly rights: readonly AccountRight[] }) {
  const text = useHealthText();
  const isLacking = rights.some(({ allowed }) => !allowed);
  return (
    <section>
      <h2>{text.rights}</h2>
      {isLacking && <p className={styles.bad}>{text.rightMissing}</p>}
      {rights.length === 0 ? (
        <p className="soft">{text.noRights}</p>
      ) : (
        <WideTable label={text.rights} heads={[text.right.verb, text.right.resource, text.right.allowed]}>
          {rights.map(({ verb, resource, allowed }) => (
            <tr key={`${verb} ${resource}`}>
              <td>{verb}</td>
              <td className="mono">{resource}</td>
              <td className={allowed ? styles.good : styles.bad}>
                <span aria-hidden="true">{allowed ? "✓" : "✕"}</span> {allowed ? text.yes : text.no}
              </td>
            </tr>
          ))}
        </WideTable>
      )}
    </section>
  );
}
