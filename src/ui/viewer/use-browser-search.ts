import { useEffect, useState } from "react";

/** Keys of the browser's own find and print. */
const SEARCH_KEYS = /^(?:[fgp]|F3)$/i;
const MODIFIERS = new Set(["Control", "Meta", "Shift", "Alt"]);

/**
 * Whether the browser itself may be searching or printing the page: from the key of its find or print on, unless the
 * viewer handled it, until another key is pressed or something is clicked. While the browser's find has the focus, no
 * key reaches the page.
 */
export function useBrowserSearch(): boolean {
  const [isSearching, setSearching] = useState(false);
  useEffect(() => {
    const press = ({ key, ctrlKey, metaKey, defaultPrevented }: KeyboardEvent): void => {
      if (MODIFIERS.has(key)) return;
      setSearching((ctrlKey || metaKey || key === "F3") && SEARCH_KEYS.test(key) && !defaultPrevented);
    };
    const point = (): void => setSearching(false);
    window.addEventListener("keydown", press);
    window.addEventListener("pointerdown", point);
    return () => {
      window.removeEventListener("keydown", press);
      window.removeEventListener("pointerdown", point);
    };
  }, []);
  return isSearching;
}
