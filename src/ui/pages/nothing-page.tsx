import { Frame } from "../frame/frame.tsx";
import { StatePage } from "../parts/state-page.tsx";
import { Link } from "../routing/link.tsx";
import { useText } from "../text/text.tsx";

/** The page for unknown addresses. */
export function NothingPage() {
  const text = useText();
  return (
    <Frame title={text.states.nothing}>
      <main id="content" tabIndex={-1}>
        <StatePage title={text.states.nothing} why={text.states.nothingWhy} isPage>
          <Link to={{ page: "projects" }} className="go">
            {text.states.toProjects}
          </Link>
        </StatePage>
      </main>
    </Frame>
  );
}
