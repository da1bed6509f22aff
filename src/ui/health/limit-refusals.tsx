import type { LimitRefusals as Refusals } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { numberText } from "../text/format.ts";
import { useLanguage } from "../text/text.tsx";
import { useHealthText } from "./use-health-text.ts";
import { WideTable } from "./wide-table.tsx";

/** How often each limit has refused something, if it has. */
export function LimitRefusals({ refusals }: { readonly refusals: readonly Refusals[] }) {
  const text = useHealthText();
  const language = useLanguage();
  const counted = refusals.filter(({ count }) => count > 0n);
  return (
    <section>
      <h2>{text.refusals}</h2>
      {counted.length === 0 ? (
        <p className="soft">{text.noRefusals}</p>
      ) : (
        <WideTable label={text.refusals} heads={[text.refusal.limit, text.refusal.reason, text.refusal.count]}>
          {counted.map(({ limit, reason, count }) => (
            <tr key={limit}>
              <td className="mono">{limit}</td>
              <td className="mono">{reason}</td>
              <td>{numberText(Number(count), language)}</td>
            </tr>
          ))}
        </WideTable>
      )}
    </section>
  );
}
