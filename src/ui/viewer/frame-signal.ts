/** Notifies its listeners of changes at most once per frame. */
export interface FrameSignal {
  readonly version: number;
  readonly subscribe: (listen: () => void) => () => void;
  readonly raise: () => void;
  close(): void;
}

/** Milliseconds between notifications while the page is in the background, where no frames are drawn. */
const HIDDEN_MS = 500;

export function createFrameSignal(): FrameSignal {
  const listeners = new Set<() => void>();
  let version = 0;
  let cancel: (() => void) | undefined;
  const notify = (): void => {
    cancel = undefined;
    version += 1;
    for (const listen of listeners) listen();
  };
  return {
    get version() {
      return version;
    },
    subscribe(listen) {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
    raise() {
      if (cancel !== undefined) return;
      if (document.hidden) {
        const id = setTimeout(notify, HIDDEN_MS);
        cancel = () => clearTimeout(id);
      } else {
        const id = requestAnimationFrame(notify);
        cancel = () => cancelAnimationFrame(id);
      }
    },
    close() {
      cancel?.();
      listeners.clear();
    },
  };
}
