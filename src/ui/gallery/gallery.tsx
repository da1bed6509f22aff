import { useMemo, useState } from "react";
import { createFakeClient } from "../viewer/fake-client.ts";
import { FAKE_LOGS } from "../viewer/fake-logs.ts";
import { LogViewer, type LogViewerProps } from "../viewer/log-viewer.tsx";
import { DEFAULT_VIEW } from "../viewer/view-state.ts";
import { VIEWER_TEXT } from "../viewer/viewer-text.ts";
import css from "./gallery.module.css";

const client = createFakeClient((name) => FAKE_LOGS[name]?.() ?? []);

/** The viewer with each log that is played: `?log=robot`, and `&theme=dark`. */
export function Gallery() {
  const asked = new URLSearchParams(window.location.search);
  const name = asked.get("log") ?? "robot";
  const theme = asked.get("theme");
  if (theme !== null) document.documentElement.dataset.theme = theme;
  const request = useMemo(() => ({ namespace: "gallery", name }), [name]);
  const [view, setView] = useState({ ...DEFAULT_VIEW, q: asked.get("q") ?? "", wrap: asked.has("wrap") });
  const [lines, setLines] = useState<LogViewerProps["lines"]>(() => readLines(window.location.hash));
  const live = name === "live" || name === "flood";
  return (
    <div className={css.gallery}>
      <nav className={css.nav} aria-label="Logs">
        {Object.keys(FAKE_LOGS).map((each) => (
          <a
            key={each}
            href={`?log=${each}${theme ? `&theme=${theme}` : ""}`}
            aria-current={each === name ? "page" : undefined}
          >
            {each}
          </a>
        ))}
      </nav>
      <main className={css.log}>
        <LogViewer
          client={client}
          request={request}
          follow={live}
          view={view}
          onView={setView}
          lines={lines}
          onLines={setLines}
          onSummary={tell}
          memory={asked.has("memory") ? Number(asked.get("memory")) : 1024 ** 3}
          text={VIEWER_TEXT}
        />
      </main>
    </div>
  );
}

/** Tests read from the page how far it is. */
function tell({ state, lines, errors }: Parameters<NonNullable<LogViewerProps["onSummary"]>>[0]): void {
  Object.assign(document.documentElement.dataset, { state: state.kind, lines: String(lines), errors: String(errors) });
}

function readLines(hash: string): LogViewerProps["lines"] {
  if (hash === "#first-error") return "first-error";
  const [, first, last] = /^#L(\d+)(?:-L(\d+))?/.exec(hash) ?? [];
  return first === undefined ? undefined : { first: Number(first), last: Number(last ?? first) };
}
