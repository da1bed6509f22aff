import { useMemo, useState } from "react";
import { CompareViewer } from "../viewer/compare-viewer.tsx";
import { createFakeClient, type Scene } from "../viewer/fake-client.ts";
import { FAKE_LOGS } from "../viewer/fake-logs.ts";
import { LogViewer } from "../viewer/log-viewer.tsx";
import { DEFAULT_VIEW } from "../viewer/view-state.ts";
import type { LogViewerProps } from "../viewer/viewer-props.ts";
import { VIEWER_TEXT } from "../viewer/viewer-text.ts";
import css from "./gallery.module.css";
import { GalleryNav } from "./gallery-nav.tsx";

const client = createFakeClient((name) => (name === "stream" ? streamed() : (FAKE_LOGS[name]?.() ?? [])));

/** A log from the gallery's own server, for benchmarks. */
async function* streamed(): AsyncGenerator<Scene> {
  const { body } = await fetch("stream");
  const reader = body?.getReader();
  for (let piece = await reader?.read(); piece?.value !== undefined; piece = await reader?.read()) {
    if (performance.getEntriesByName("first bytes").length === 0) performance.mark("first bytes");
    yield { kind: "text", text: piece.value };
  }
  yield { kind: "end", reason: "COMPLETE" };
}

/** The viewer with a scripted log: `?log=robot`, with `&theme=dark`; compared with another: `&cmp=pytest`. */
export function Gallery() {
  const asked = new URLSearchParams(window.location.search);
  const name = asked.get("log") ?? "robot";
  const theme = asked.get("theme");
  if (theme !== null) document.documentElement.dataset.theme = theme;
  const request = useMemo(() => ({ namespace: "gallery", name }), [name]);
  const [view, setView] = useState({ ...DEFAULT_VIEW, q: asked.get("q") ?? "", wrap: asked.has("wrap") });
  const [lines, setLines] = useState<LogViewerProps["lines"]>(() => readLines(window.location.hash));
  const live = name === "live" || name === "flood";
  const other = asked.get("cmp");
  const left = useMemo(
    () => (other === null ? undefined : { title: other, request: { namespace: "gallery", name: other } }),
    [other],
  );
  const right = useMemo(() => ({ title: name, request }), [name, request]);
  const shared = {
    client,
    view,
    onView: setView,
    lines,
    onLines: setLines,
    onSummary: publish,
    text: VIEWER_TEXT,
    memory: asked.has("memory") ? Number(asked.get("memory")) : 1024 ** 3,
    ...(asked.has("warns") && { memoryWarning: Number(asked.get("warns")) }),
    keys: asked.get("keys") !== "0",
  };
  return (
    <div className={css.gallery}>
      <GalleryNav current={other === null ? `log=${name}` : `log=${name}&cmp=${other}`} />
      <main className={css.log}>
        {left === undefined ? (
          <LogViewer {...shared} request={request} follow={live} />
        ) : (
          <CompareViewer {...shared} left={left} right={right} onClose={() => window.history.back()} />
        )}
      </main>
    </div>
  );
}

/** Publishes the log's state to tests. */
function publish({ state, lines, errors }: Parameters<NonNullable<LogViewerProps["onSummary"]>>[0]): void {
  Object.assign(document.documentElement.dataset, { state: state.kind, lines: String(lines), errors: String(errors) });
}

function readLines(hash: string): LogViewerProps["lines"] {
  if (hash === "#first-error") return "first-error";
  const [, first, last, text] = /^#L(\d+)(?:-L(\d+))?(?:&h=([0-9a-f]{8}))?$/.exec(hash) ?? [];
  if (first === undefined) return undefined;
  return { first: Number(first), last: Number(last ?? first), ...(text && { hash: text }) };
}
