import { useEffect, useState } from "react";

/** Keys that lead to the browser's own find or print, or on within them. */
const LOOKS = /^(?:[fgp]|F3)$/i;
const MODIFIERS = new Set(["Control", "Meta", "Shift", "Alt"]);

/**
 * Whether the browser itself looks at the page: from the key of its find or print on, unless that was taken, until another key is pressed or something is clicked. While the
 * browser's find has the focus, no key comes here.
 */
export function useBrowserLook(): boolean {
  const [isLooking, setLooking] = useState(false);
  useEffect(() => {
    const press = ({ key, ctrlKey, metaKey, defaultPrevented }: KeyboardEvent): void => {
      if (MODIFIERS.has(key)) return;
      setLooking((ctrlKey || metaKey || key === "F3") && LOOKS.test(key) && !defaultPrevented);
    };
    const point = (): void => setLooking(false);
    window.addEventListener("keydown", press);
    window.addEventListener("pointerdown", point);
    return () => {
      window.removeEventListener("keydown", press);
      window.removeEventListener("pointerdown", point);
    };
  }, []);
  return isLooking;
}
