import type { GetStatusResponse } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Moment, Span } from "../parts/time.tsx";
import { numberText, sizeText } from "../text/format.ts";
import { useLanguage } from "../text/text.tsx";
import styles from "./health.module.css";
import { useHealthText } from "./use-health-text.ts";

/** The server's version, uptime and load. */
export function ServerFacts({ status }: { readonly status: GetStatusResponse }) {
  const text = useHealthText();
  const language = useLanguage();
  const number = (value: number): string => numberText(value, language);
  return (
    <dl className={styles.facts}>
      <div>
        <dt>{text.version}</dt>
        <dd>{status.version}</dd>
      </div>
      {status.startTime && (
        <>
          <div>
            <dt>{text.started}</dt>
            <dd>
              <Moment time={status.startTime} />
            </dd>
          </div>
          <div>
            <dt>{text.uptime}</dt>
            <dd>
              <Span from={status.startTime} />
            </dd>
          </div>
        </>
      )}
      <div>
        <dt>{text.streams}</dt>
        <dd>
          {text.streamsOf(number(status.openStreams), number(status.streamLimit), number(status.streamLimitPerCaller))}
        </dd>
      </div>
      <div>
        <dt>{text.sent}</dt>
        <dd>{sizeText(Number(status.sentBytes), language)}</dd>
      </div>
    </dl>
  );
}
