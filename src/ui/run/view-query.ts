import { TIME_FORMATS } from "../viewer/store/line-time.ts";
import { DEFAULT_VIEW, type ViewState } from "../viewer/view-state.ts";

const MAX_CONTEXT = 100;
const MAX_QUERY_LENGTH = 1_000;
const SEVERITIES = ["all", "warn", "error"] as const;

/**
 * Parses a view state from a query: `?q=&re=1&ci=0&only=1&ctx=3&sev=warn&ts=local&wrap=1`. Invalid values are ignored.
 *
 * @param wraps whether lines wrap by default.
 */
export function viewOf(search: string, wraps: boolean): ViewState {
  const query = new URLSearchParams(search);
  const flag = (name: string, otherwise: boolean): boolean => (query.has(name) ? query.get(name) === "1" : otherwise);
  const ctx = Number(query.get("ctx"));
  return {
    q: (query.get("q") ?? "").slice(0, MAX_QUERY_LENGTH),
    re: flag("re", DEFAULT_VIEW.re),
    ci: flag("ci", DEFAULT_VIEW.ci),
    only: flag("only", DEFAULT_VIEW.only),
    ctx: Number.isInteger(ctx) && ctx > 0 && ctx <= MAX_CONTEXT ? ctx : DEFAULT_VIEW.ctx,
    sev: SEVERITIES.find((each) => each === query.get("sev")) ?? DEFAULT_VIEW.sev,
    ts: TIME_FORMATS.find((each) => each === query.get("ts")) ?? DEFAULT_VIEW.ts,
    wrap: flag("wrap", wraps),
  };
}

/** The query for a view state. Defaults are left out. */
export function viewQuery(view: ViewState, wraps: boolean): string {
  const usual = { ...DEFAULT_VIEW, wrap: wraps };
  const query = new URLSearchParams();
  for (const name of ["q", "re", "ci", "only", "ctx", "sev", "ts", "wrap"] as const) {
    const value = view[name];
    if (value !== usual[name]) query.set(name, typeof value === "boolean" ? (value ? "1" : "0") : String(value));
  }
  return query.toString();
}
