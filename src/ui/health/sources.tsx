import type { Duration } from "@bufbuild/protobuf/wkt";
import type { NotFoundCount, SourceStatus } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Ago } from "../parts/time.tsx";
import { numberText, spanText } from "../text/format.ts";
import { useLanguage } from "../text/text.tsx";
import styles from "./health.module.css";
import { useHealthText } from "./use-health-text.ts";
import { WideTable } from "./wide-table.tsx";

/** The health of each log source. */
export function Sources({ sources }: { readonly sources: readonly SourceStatus[] }) {
  const text = useHealthText();
  const language = useLanguage();
  const heads = text.source;
  const span = (duration: Duration | undefined): string => (duration ? spanText(durationMs(duration), language) : "–");
  return (
    <section>
      <h2>{text.sources}</h2>
      <WideTable
        label={text.sources}
        heads={[heads.name, heads.kind, heads.asked, heads.rate, heads.p50, heads.p95, heads.open, heads.last]}
      >
        {sources.map((source) => (
          <tr key={source.name}>
            <th scope="row">{source.name}</th>
            <td>{source.kind}</td>
            <td>{numberText(source.fetches, language)}</td>
            <td className={isPoor(source.successRate) ? styles.bad : undefined}>
              {rateText(source.successRate, language)}
            </td>
            <td>{span(source.firstByteP50)}</td>
            <td>{span(source.firstByteP95)}</td>
            <td>
              {numberText(source.open, language)} / {numberText(source.openLimit, language)}
            </td>
            <td>{source.lastSuccessTime ? <Ago time={source.lastSuccessTime} /> : text.never}</td>
          </tr>
        ))}
      </WideTable>
      {sources.map(
        ({ name, lastFailure }) =>
          lastFailure && (
            <p key={name} className={styles.failure}>
              <b>
                {name}, {heads.failure}
              </b>{" "}
              {lastFailure.time && <Ago time={lastFailure.time} />}: {lastFailure.message}
            </p>
          ),
      )}
      <NotFound sources={sources} />
    </section>
  );
}

function NotFound({ sources }: { readonly sources: readonly SourceStatus[] }) {
  const text = useHealthText();
  const language = useLanguage();
  const counted = sources.filter(({ notFound }) => notFound.some(({ count }) => count > 0n));
  if (counted.length === 0) return null;
  const label = ({ from, to }: NotFoundCount): string => {
    const bound = (duration: Duration): string => spanText(durationMs(duration), language);
    if (from === undefined) return text.running;
    return to === undefined ? text.from(bound(from)) : text.between(bound(from), bound(to));
  };
  return (
    <>
      <h3>{text.notFound}</h3>
      <p className="soft">{text.notFoundHint}</p>
      {counted.map(({ name, notFound }) => {
        const maxCount = notFound.reduce((max, { count }) => Math.max(max, Number(count)), 1);
        return (
          <table key={name} className={styles.bars}>
            <caption>{name}</caption>
            <tbody>
              {notFound.map((each) => (
                <tr key={label(each)}>
                  <th scope="row">{label(each)}</th>
                  <td>{numberText(each.count, language)}</td>
                  <td aria-hidden="true">
                    <progress max={maxCount} value={Number(each.count)} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        );
      })}
    </>
  );
}

/** A success rate below this is highlighted. */
const POOR = 0.95;

function isPoor(rate: number | undefined): boolean {
  return rate !== undefined && rate < POOR;
}

function rateText(rate: number | undefined, language: string): string {
  if (rate === undefined) return "–";
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 }).format(rate);
}

function durationMs({ seconds, nanos }: Duration): number {
  return Number(seconds) * 1_000 + nanos / 1_000_000;
}
