import { Component, type ReactNode, useState } from "react";
import { BASE_PATH } from "../routing/base-path.ts";
import { useText } from "../text/text.tsx";
import { StatePage } from "./state-page.tsx";
import { unreachable } from "./unreachable.ts";
import { useRetry } from "./use-retry.ts";

type Failed = "no" | "crashed" | "not-loaded";

/** Shows an error page if rendering fails. */
export class Catch extends Component<{ readonly children: ReactNode }, { readonly failed: Failed }> {
  override state = { failed: "no" } as const;

  static getDerivedStateFromError(error: unknown): { readonly failed: Failed } {
    // A part of the page failed to load: browsers throw a TypeError, each with its own message, and Vite an Error for
    // its CSS.
    const isPart =
      error instanceof Error && /dynamically imported module|module script|preload CSS/i.test(error.message);
    return { failed: isPart ? "not-loaded" : "crashed" };
  }

  override render(): ReactNode {
    const { failed }: { failed: Failed } = this.state;
    if (failed === "no") return this.props.children;
    return failed === "crashed" ? <Crashed /> : <NotLoaded />;
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
  return (
    <main>
      <StatePage title={text.states.crashed} why={text.states.crashedWhy} isBad>
        <button type="button" className="go" onClick={() => location.reload()}>
          {text.states.reload}
        </button>
      </StatePage>
    </main>
  );
}
