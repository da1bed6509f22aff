import { useSettings } from "../settings/settings.ts";
import { type KeyActions, useKeys } from "../viewer/use-keys.ts";

/** Runs actions on single keys, except while the user types, a dialog is open, or the keys are off (WCAG 2.1.4). */
export function usePageKeys(keys: KeyActions): void {
  useKeys(keys, useSettings().keys);
}
