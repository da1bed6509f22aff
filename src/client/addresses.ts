/** Selects a log of a run. The server selects what is omitted. */
export interface LogChoice {
  readonly metric: string;
  /** A number, or `last`. */
  readonly attempt?: string;
  /** A name, or `all`. */
  readonly container?: string;
  /** Whether the logs of all pods are read. Default: of one. */
  readonly allPods?: boolean;
}

/** The page that a path names. */
export type Address =
  | { readonly page: "projects" }
  | { readonly page: "sign-in" }
  | { readonly page: "runs"; readonly project: string }
  | { readonly page: "run"; readonly project: string; readonly run: string; readonly log?: LogChoice }
  | { readonly page: "health" }
  | { readonly page: "nothing" };

/**
 * Parses a path without the base path. Names may contain any character: each is percent-encoded in its segment.
 */
export function parseAddress(path: string): Address {
  const segments = path.replace(/\/$/, "").split("/").slice(1).map(decode);
  const [first, second, third, run, ...log] = segments;
  if (first === undefined) return { page: "projects" };
  if (first === "sign-in" && segments.length === 1) return { page: "sign-in" };
  if (first === "admin" && second === "health" && segments.length === 2) return { page: "health" };
  if (first !== "p" || !second || (third !== undefined && third !== "runs")) return { page: "nothing" };
  if (run === undefined) return { page: "runs", project: second };
  const choice = parseChoice(log);
  if (run === "" || choice === null) return { page: "nothing" };
  return { page: "run", project: second, run, ...(choice && { log: choice }) };
}

/** `m/METRIC/a/ATTEMPT/c/CONTAINER/p/all`, where the container may be left out, or a prefix of it. `null`: another. */
function parseChoice(segments: readonly string[]): LogChoice | undefined | null {
  if (segments.length === 0) return undefined;
  const allPods = segments.length > 4 && segments.at(-2) === "p" && segments.at(-1) === "all";
  const [m, metric, a, attempt, c, container, ...more] = allPods ? segments.slice(0, -2) : segments;
  if (m !== "m" || !metric || more.length > 0) return null;
  if (a !== undefined && (a !== "a" || !/^([1-9]\d{0,8}|last)$/.test(attempt ?? ""))) return null;
  if (c !== undefined && (c !== "c" || !container)) return null;
  return { metric, ...(attempt && { attempt }), ...(container && { container }), ...(allPods && { allPods }) };
}

/** The path of an address, encoded; the inverse of {@link parseAddress}. */
export function pathOf(address: Exclude<Address, { page: "nothing" }>): string {
  switch (address.page) {
    case "projects":
      return "/";
    case "sign-in":
      return "/sign-in";
    case "health":
      return "/admin/health";
    case "runs":
      return `/p/${encode(address.project)}/runs`;
    case "run": {
      const { project, run, log } = address;
      const attempt = log?.attempt ?? ((log?.container || log?.allPods) && "last");
      const choice = [
        log && `/m/${encode(log.metric)}`,
        attempt && `/a/${attempt}`,
        log?.container && `/c/${encode(log.container)}`,
        log?.allPods && "/p/all",
      ];
      return `/p/${encode(project)}/runs/${encode(run)}${choice.filter(Boolean).join("")}`;
    }
  }
}

/** A name as one segment. */
function encode(name: string): string {
  return encodeURIComponent(name);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Badly encoded, probably by hand: nothing has this name, and the page says so.
    return segment;
  }
}
