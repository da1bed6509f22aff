import { useEffect } from "react";
import { useSettings } from "../settings/settings.ts";

/** Actions by the `key` of a keyboard event. */
export type KeyMap = Readonly<Record<string, () => unknown>>;

/**
 * Has single keys do something, but while somebody types, has a dialog open, holds a modifier, or has switched them off
 * (WCAG 2.1.4).
 */
export function useKeys(keys: KeyMap): void {
  const { keys: isOn } = useSettings();
  useEffect(() => {
    if (!isOn) return;
    const press = (event: KeyboardEvent): void => {
      const action = keys[event.key];
      if (action === undefined || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [keys, isOn]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(input|select|textarea)$/i.test(target.tagName))
  );
}
