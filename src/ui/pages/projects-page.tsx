import { Frame } from "../frame/frame.tsx";
import { ErrorState } from "../parts/error-state.tsx";
import { useLoad } from "../parts/load.ts";
import { Loading } from "../parts/loading.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { Link } from "../routing/link.tsx";
import { client } from "../session/page-client.ts";
import { IS_LOCAL } from "../session/page-kind.ts";
import { useServerInfo } from "../session/server-info.ts";
import { signOut, useSession } from "../session/session.ts";
import { useText } from "../text/text.tsx";
import styles from "./projects.module.css";

/** The projects that the user may read. */
export function ProjectsPage() {
  const text = useText();
  const session = useSession();
  const { contact } = useServerInfo();
  const user = session.kind === "in" ? session.user : "";
  const { value, error, isLoading, again } = useLoad(`projects of ${user}`, (signal) =>
    client.listProjects({}, { signal }),
  );
  const { projects } = text;
  return (
    <Frame title={projects.title}>
      <main id="content" tabIndex={-1} className={styles.page}>
        {value === undefined && error === undefined && <Loading />}
        {value === undefined && error !== undefined && (
          <ErrorState error={error} onAgain={again} isAsking={isLoading} isPage />
        )}
        {value?.projects.length === 0 && (
          <StatePage title={projects.none} why={projects.noneWhy} next={projects.noneNext(contact)} isPage>
            {!IS_LOCAL && (
              <button type="button" className="go" onClick={() => void signOut().catch(() => location.reload())}>
                {text.states.signInAsOther}
              </button>
            )}
          </StatePage>
        )}
        {value !== undefined && value.projects.length > 0 && (
          <>
            <h1>{projects.title}</h1>
            <ul className={styles.list}>
              {value.projects.map(({ name }) => (
                <li key={name}>
                  <Link to={{ page: "runs", project: name }}>{name}</Link>
                </li>
              ))}
            </ul>
            {value.incomplete && <p className="soft">{projects.incomplete}</p>}
          </>
        )}
      </main>
    </Frame>
  );
}
