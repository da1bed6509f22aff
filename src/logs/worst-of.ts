import type { EndReasonName } from "./frame.ts";

/** What is true of several logs together, each of which came to an end. */
export function worstOf(reasons: readonly EndReasonName[]): EndReasonName {
  const order: readonly EndReasonName[] = ["caught-up", "source-ended", "until-reached", "complete"];
  return order.find((each) => reasons.includes(each)) ?? "source-ended";
}
