import { useEffect, useRef } from "react";

/**
 * What keys do, by the event's `key`, with `Ctrl-` before it where that is held. `false`: it was not for the viewer
 * after all.
 */
export type ViewerKeys = Readonly<Record<string, () => unknown>>;

/** Has keys do something, but not while somebody types or a dialog is open. */
export function useKeys(keys: ViewerKeys, isOn: boolean): void {
  const newest = useRef(keys);
  useEffect(() => {
    newest.current = keys;
  });
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey || isTyping(event.target)) return;
      const name = event.ctrlKey || event.metaKey ? `Ctrl-${event.key.toLowerCase()}` : event.key;
      const action = newest.current[name];
      if (action === undefined || document.querySelector("dialog[open]") !== null) return;
      if (action() !== false) event.preventDefault();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [isOn]);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:input|select|textarea)$/i.test(target.tagName);
}
