import type { CompiledLink } from "../config/compile.ts";
import type { Metric, Run } from "../runs/run.ts";
import type { RunContext } from "../runs/run-context.ts";
import { runFacts } from "../runs/run-facts.ts";
import { type AddressOf, templateValues } from "../runs/template-values.ts";
import { createMatch } from "../sources/match.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";
import { ATTEMPT_NAMES } from "../template/names.ts";
import type { TemplateValues } from "../template/values.ts";
import type { Services } from "./services.ts";

/** A link to another page. */
export interface Link {
  readonly title: string;
  readonly url: string;
  /** Empty if the link is not about one container. */
  readonly containerName: string;
}

/** What remains for the URLs of links, in characters and tries. */
export interface LinkBudget {
  left: number;
}

/** What each try to render a URL costs of the budget, besides the URL's length. */
const TRY_COST = 64;
/** What one costs that cannot be rendered: finding out takes longer. */
const FAILED_COST = 256;

/** The budget of one response: an author may name thousands of containers and attempts, each with links. */
export function createLinkBudget(): LinkBudget {
  return { left: 256 * 1024 };
}

/** A link for one run, attempt and container. */
export interface ResolvedLink {
  readonly link: CompiledLink;
  /** The container that it is about, if it is about one. */
  readonly containerName: string | undefined;
  readonly values: TemplateValues;
}

/**
 * The links about a run or, if `of` contains an attempt, about that attempt. The variables of its template decide where
 * a link belongs: one that uses the Job belongs to an attempt, one that uses the container is repeated for each.
 */
export function* resolveLinks(
  links: readonly CompiledLink[],
  run: Run,
  context: RunContext,
  of: Omit<AddressOf, "container"> & { readonly metric?: Metric },
): Generator<ResolvedLink> {
  const facts = runFacts(run, context, of.metric?.name ?? "");
  for (const link of links) {
    const names = [...(link.kind === "page" ? link.url : link.key).names];
    const { match } = link.config;
    const aboutAttempt = names.some((name) => ATTEMPT_NAMES.has(name)) || match.metric !== undefined;
    if (aboutAttempt !== (of.attempt !== undefined) || !createMatch(match)(facts)) continue;
    const containers = names.includes("container") ? (of.metric?.containers ?? []) : [undefined];
    for (const container of containers) {
      const values = templateValues(run, context, { ...of, ...(container && { container }) });
      yield { link, containerName: container?.name, values };
    }
  }
}

/**
 * The same, with their URLs. Links whose URL cannot be rendered for this run are omitted, and all links once the budget
 * is spent. An object in a private bucket has a path of this server, which redirects to it.
 */
export function linksOf(
  { links, config: { basePath } }: Pick<Services, "links" | "config">,
  run: Run,
  context: RunContext,
  of: Parameters<typeof resolveLinks>[3],
  budget: LinkBudget,
): Link[] {
  const made: Link[] = [];
  if (budget.left <= 0) return made;
  for (const { link, containerName, values } of resolveLinks(links, run, context, of)) {
    const { title } = link.config;
    try {
      let url: string;
      if (link.kind === "page") url = link.url.render(values).href;
      else {
        link.key.render(values);
        url = basePath + pathOfLink(run, title, of, containerName);
      }
      budget.left -= TRY_COST + url.length;
      made.push({ title, url, containerName: containerName ?? "" });
    } catch (error) {
      if (!(error instanceof MissingValue || error instanceof RefusedValue)) throw error;
      budget.left -= FAILED_COST;
    }
    if (budget.left <= 0) break;
  }
  return made;
}

function pathOfLink(
  { namespace, name }: Run,
  title: string,
  { metric, attempt }: Parameters<typeof resolveLinks>[3],
  container: string | undefined,
): string {
  const query = new URLSearchParams({ title });
  if (metric !== undefined && attempt !== undefined) {
    query.set("metric", metric.name);
    query.set("attempt", String(attempt.number));
  }
  if (container !== undefined) query.set("container", container);
  return `/links/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}?${query}`;
}
