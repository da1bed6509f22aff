import { Component, type ReactNode, useState } from "react";
import { BASE_PATH } from "../routing/base-path.ts";
import { useText } from "../text/text.tsx";
import { StatePage } from "./state-page.tsx";
import { unreachable } from "./unreachable.ts";
import { useRetry } from "./use-retry.ts";

type Failed = "no" | "crashed" | "not-loaded";

interface CatchProps {
  /** What is shown: the error page goes away when it changes. Default: always the same. */
  readonly about?: string;
  /** The frame of the error page. Default: none. */
  readonly frame?: (content: ReactNode) => ReactNode;
  readonly children: ReactNode;
}

interface CatchState {
  readonly failed: Failed;
}

/** Shows an error page if rendering fails. */
export class Catch extends Component<CatchProps, CatchState> {
  override state: CatchState = { failed: "no" };

  static getDerivedStateFromError(error: unknown): CatchState {
    // A part of the page failed to load: browsers throw a TypeError, each with its own message, and Vite an Error for
    // its CSS.
    const isPart =
      error instanceof Error && /dynamically imported module|module script|preload CSS/i.test(error.message);
    return { failed: isPart ? "not-loaded" : "crashed" };
  }

  override componentDidUpdate({ about }: CatchProps): void {
    if (about !== this.props.about && this.state.failed !== "no") this.setState({ failed: "no" });
  }

  override render(): ReactNode {
    const { failed } = this.state;
    const { children, frame = (content) => content } = this.props;
    if (failed === "no") return children;
    return failed === "crashed" ? frame(<Crashed />) : <NotLoaded />;
  }
}

/**
 * A part of the page failed to load: the server is down, or has another version. Reloads the page as soon as it is
 * back.
 */
function NotLoaded() {
  const text = useText();
  const [isAsking, setAsking] = useState(false);
  const again = (): void => {
    setAsking(true);
    fetch(`${BASE_PATH}/healthz`, { cache: "no-store" }).then(
      ({ ok }) => (ok ? location.reload() : setAsking(false)),
      () => setAsking(false),
    );
  };
  const retry = useRetry(true, again, isAsking);
  const { title, why } = unreachable(text);
  return (
    <main>
      <StatePage title={title} why={why} retry={retry} isAsking={isAsking} isBad isPage>
        <button type="button" className="go" onClick={again}>
          {text.again}
        </button>
      </StatePage>
    </main>
  );
}

function Crashed() {
  const text = useText();
  // A view that crashes would crash again at each reload.
  const isPlain = location.search === "" && location.hash === "";
  return (
    <main id="content" tabIndex={-1}>
      <StatePage title={text.states.crashed} why={text.states.crashedWhy} isBad isPage>
        <button type="button" className="go" onClick={() => location.reload()}>
          {text.states.reload}
        </button>
        {!isPlain && (
          <button type="button" className="plain" onClick={() => location.assign(location.pathname)}>
            {text.states.plainView}
          </button>
        )}
      </StatePage>
    </main>
  );
}
