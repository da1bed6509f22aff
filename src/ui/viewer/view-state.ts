import type { TimeFormat } from "./store/line-time.ts";

/** How a log is looked at. It stands in the page's address, so that a link shows the same. */
export interface ViewState {
  /** What to find; empty: nothing. */
  readonly q: string;
  /** Whether `q` is a regular expression. */
  readonly re: boolean;
  /** Whether upper and lower case are the same. */
  readonly ci: boolean;
  /** Whether only lines that match are shown. */
  readonly only: boolean;
  /** How many lines around each of those are shown too. */
  readonly ctx: number;
  /** `warn`: only errors and warnings. */
  readonly sev: "all" | "warn";
  /** How times are shown. */
  readonly ts: TimeFormat;
  readonly wrap: boolean;
}

export const DEFAULT_VIEW: ViewState = {
  q: "",
  re: false,
  ci: true,
  only: false,
  ctx: 0,
  sev: "all",
  ts: "raw",
  wrap: false,
};
