import type { IdentityProviderStatus } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Ago } from "../parts/time.tsx";
import { numberText } from "../text/format.ts";
import { useLanguage } from "../text/text.tsx";
import styles from "./health.module.css";
import { useHealthText } from "./use-health-text.ts";
import { WideTable } from "./wide-table.tsx";

/** The identity providers, and whether their keys could be read. */
export function IdentityProviders({ providers }: { readonly providers: readonly IdentityProviderStatus[] }) {
  const text = useHealthText();
  const language = useLanguage();
  const heads = text.provider;
  return (
    <section>
      <h2>{text.providers}</h2>
      <WideTable label={text.providers} heads={[heads.name, heads.kind, heads.keys, heads.last]}>
        {providers.map(({ name, kind, keys, lastSuccessTime }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{kind}</td>
            {/* The cluster verifies its own tokens, and Kargo's admin token has a configured key. */}
            <td>{hasKeys(kind) ? numberText(keys, language) : "–"}</td>
            <td>{hasKeys(kind) ? lastSuccessTime ? <Ago time={lastSuccessTime} /> : text.never : "–"}</td>
          </tr>
        ))}
      </WideTable>
      {providers.map(
        ({ name, lastFailureTime, lastFailureMessage }) =>
          lastFailureTime && (
            <p key={name} className={styles.failure}>
              <b>
                {name}, {heads.failure}
              </b>{" "}
              <Ago time={lastFailureTime} />: {lastFailureMessage}
            </p>
          ),
      )}
    </section>
  );
}

function hasKeys(kind: string): boolean {
  return kind === "oidc" || kind === "kargo";
}
