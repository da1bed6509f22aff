import type { CompiledLink } from "../config/compile.ts";
import type { Metric, Run } from "../runs/run.ts";
import type { RunContext } from "../runs/run-context.ts";
import { runFacts } from "../runs/run-facts.ts";
import { type AddressOf, templateValues } from "../runs/template-values.ts";
import { createMatch } from "../sources/match.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";
import { ATTEMPT_NAMES } from "../template/names.ts";

/** A link to another page. */
export interface Link {
  readonly title: string;
  readonly url: string;
  /** Empty if the link is not about one container. */
  readonly containerName: string;
}

/** The characters that remain for the URLs of links. */
export interface LinkBudget {
  left: number;
}

/** What a link whose URL cannot be rendered costs of the budget: finding out takes longer than rendering it. */
const FAILED_COST = 256;

/** The budget of one response: an author may name thousands of containers and attempts, each with links. */
export function createLinkBudget(): LinkBudget {
  return { left: 256 * 1024 };
}

/**
 * The links about a run or, if `of` contains an attempt, about that attempt. The variables of its template decide where
 * a link belongs: one that uses the Job belongs to an attempt, one that uses the container is repeated for each. Links
 * whose URL cannot be rendered for this run are omitted, and all links once the budget is spent.
 */
export function linksOf(
  links: readonly CompiledLink[],
  run: Run,
  context: RunContext,
  of: Omit<AddressOf, "container"> & { readonly metric?: Metric },
  budget: LinkBudget,
): Link[] {
  const facts = runFacts(run, context, of.metric?.name ?? "");
  return links.flatMap(({ config, url }): Link[] => {
    const names = [...url.names];
    const aboutAttempt = names.some((name) => ATTEMPT_NAMES.has(name)) || config.match.metric !== undefined;
    if (aboutAttempt !== (of.attempt !== undefined) || !createMatch(config.match)(facts)) return [];
    const containers = names.includes("container") ? (of.metric?.containers ?? []) : [undefined];
    return containers.flatMap((container): Link[] => {
      if (budget.left <= 0) return [];
      try {
        const { href } = url.render(templateValues(run, context, { ...of, ...(container && { container }) }));
        budget.left -= href.length;
        return [{ title: config.title, url: href, containerName: container?.name ?? "" }];
      } catch (error) {
        if (!(error instanceof MissingValue || error instanceof RefusedValue)) throw error;
        budget.left -= FAILED_COST;
        return [];
      }
    });
  });
}
