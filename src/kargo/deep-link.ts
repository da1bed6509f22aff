import { pathOf } from "../client/addresses.ts";

const PATH = /^\/ext\/project\/([^/]+)\/stage\/[^/]+\/analysis-run\/([^/]+)\/logs\/?$/;

/**
 * Maps a link to Kargo's own log page to our page:
 * `/ext/project/P/stage/S/analysis-run/R/logs?job=METRIC&container=C&search=TEXT`. Kargo does not always encode the
 * parts of such a link.
 *
 * @param target path and query of the request.
 * @returns a path of our page, with its query; `undefined` if it is not such a link.
 */
export function pageOfDeepLink(target: string): string | undefined {
  const [path = "", ...query] = target.split("?");
  const [, project, run] = PATH.exec(path) ?? [];
  if (project === undefined || run === undefined) return undefined;
  const parameters = new URLSearchParams(query.join("?"));
  const [metric, container, search] = ["job", "container", "search"].map((key) => parameters.get(key) || undefined);
  const log = metric === undefined ? {} : { log: { metric, ...(container !== undefined && { container }) } };
  const page = pathOf({ page: "run", project: decode(project), run: decode(run), ...log });
  return search === undefined ? page : `${page}?${new URLSearchParams({ q: search })}`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
