import type { TimeFormat } from "./store/line-time.ts";

/** The state of a view. It is in the page's address, so that a link shows the same view. */
export interface ViewState {
  /** What to find, or empty. */
  readonly q: string;
  /** Whether `q` is a regular expression. */
  readonly re: boolean;
  /** Whether to ignore case. */
  readonly ci: boolean;
  /** Whether to show only lines that match. */
  readonly only: boolean;
  /** How many lines of context to show around each. */
  readonly ctx: number;
  /** `warn`: only errors and warnings; `error`: only errors. Lines that belong to an error stay with it. */
  readonly sev: "all" | "warn" | "error";
  /** The format of times. */
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
