import type { PaneView } from "./log-pane.tsx";

/** What is in view. It changes with each frame of scrolling; only its subscribers are rendered again then. */
export interface ScrollPosition {
  readonly view: PaneView;
  readonly set: (view: PaneView) => void;
  readonly subscribe: (listen: () => void) => () => void;
}

export function createScrollPosition(): ScrollPosition {
  const listeners = new Set<() => void>();
  let view: PaneView = { top: 0, height: 1, total: 1 };
  return {
    get view() {
      return view;
    },
    set(next) {
      if (next.top === view.top && next.height === view.height && next.total === view.total) return;
      view = next;
      for (const listen of listeners) listen();
    },
    subscribe(listen) {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
  };
}
