import { useText } from "../text/text.tsx";
import { HEALTH_TEXT, type HealthText } from "./health-text.ts";

/** The operators' page's texts in the user's language. */
export function useHealthText(): HealthText {
  return useText().health ?? HEALTH_TEXT;
}
