/** Tells its listeners of changes once a frame, however many there are. */
export interface FrameSignal {
  readonly version: number;
  readonly subscribe: (listen: () => void) => () => void;
  readonly raise: () => void;
  close(): void;
}

/** Where no frames are drawn, since the page is in the background, changes are told so often, in milliseconds. */
const HIDDEN_MS = 500;

export function createFrameSignal(): FrameSignal {
  const listeners = new Set<() => void>();
  let version = 0;
  let cancel: (() => void) | undefined;
  const tell = (): void => {
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
        const id = setTimeout(tell, HIDDEN_MS);
        cancel = () => clearTimeout(id);
      } else {
        const id = requestAnimationFrame(tell);
        cancel = () => cancelAnimationFrame(id);
      }
    },
    close() {
      cancel?.();
      listeners.clear();
    },
  };
}
