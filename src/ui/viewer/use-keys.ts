import { useEffect, useRef } from "react";

/**
 * Actions by the `key` of an event, prefixed with `Ctrl-` if that is held. An action that returns `false` leaves its
 * key to others.
 */
export type KeyActions = Readonly<Record<string, () => unknown>>;

/** Runs actions on keys, except while the user types or a dialog is open. */
export function useKeys(keys: KeyActions, isOn: boolean): void {
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
