import { useEffect } from "react";
import { Frame } from "../frame/frame.tsx";
import { AccountRights } from "../health/account-rights.tsx";
import { ActiveConfiguration } from "../health/active-configuration.tsx";
import { IdentityProviders } from "../health/identity-providers.tsx";
import { LimitRefusals } from "../health/limit-refusals.tsx";
import { ServerFacts } from "../health/server-facts.tsx";
import { Sources } from "../health/sources.tsx";
import { supportBundle } from "../health/support-bundle.ts";
import { useHealthText } from "../health/use-health-text.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import { isDenied } from "../parts/denied.ts";
import { ErrorState } from "../parts/error-state.tsx";
import { useLoad } from "../parts/load.ts";
import { Loading } from "../parts/loading.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { Link } from "../routing/link.tsx";
import { client } from "../session/page-client.ts";
import { useServerInfo } from "../session/server-info.ts";
import { useText } from "../text/text.tsx";
import styles from "./health.module.css";

/** Milliseconds between refreshes while the page is visible. */
const REFRESH_MS = 5_000;

/** The server's health, for operators. */
export function HealthPage() {
  const text = useText();
  const health = useHealthText();
  const { contact } = useServerInfo();
  const { value: status, error, isLoading, again } = useLoad("status", (signal) => client.getStatus({}, { signal }));
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === "visible" && status && again(), REFRESH_MS);
    return () => clearInterval(timer);
  }, [status, again]);
  const denied = isDenied(error);
  return (
    <Frame title={health.title}>
      <main id="content" tabIndex={-1} className={styles.page}>
        {status === undefined && error === undefined && <Loading />}
        {status === undefined && denied && (
          <StatePage title={health.denied} why={health.deniedWhy} next={text.states.askAccess(contact)} isPage>
            <Link to={{ page: "projects" }} className="go">
              {text.states.toProjects}
            </Link>
          </StatePage>
        )}
        {status === undefined && error !== undefined && !denied && (
          <ErrorState error={error} onAgain={again} isAsking={isLoading} isPage />
        )}
        {status !== undefined && (
          <>
            <div className={styles.head}>
              <h1>{health.title}</h1>
              <CopyButton value={() => supportBundle(status)} done={text.noLog.copied}>
                {health.copy}
              </CopyButton>
            </div>
            <p className="soft">{health.counts}</p>
            <ServerFacts status={status} />
            <Sources sources={status.sources} />
            <IdentityProviders providers={status.identityProviders} />
            <LimitRefusals refusals={status.refusals} />
            <AccountRights rights={status.rights} />
            <ActiveConfiguration status={status} />
          </>
        )}
      </main>
    </Frame>
  );
}
