import { Component, type ReactNode } from "react";
import { useText } from "../text/text.tsx";
import { StatePage } from "./state-page.tsx";

/** Shows a page of its own where drawing one fails, in place of nothing. */
export class Catch extends Component<{ readonly children: ReactNode }, { readonly failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { readonly failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    return this.state.failed ? <Crashed /> : this.props.children;
  }
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
