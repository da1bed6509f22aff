import type { CompiledLink } from "../config/compile.ts";
import type { Metric, Run } from "../runs/run.ts";
import type { RunContext } from "../runs/run-context.ts";
import { type AddressOf, templateValues } from "../runs/template-values.ts";
import { createMatch } from "../sources/match.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";
import { ATTEMPT_NAMES } from "../template/names.ts";

/** A page elsewhere. */
export interface Link {
  readonly title: string;
  readonly url: string;
  /** Empty where it is not about one container. */
  readonly containerName: string;
}

/** How long the addresses of links may still be in all, in characters. */
export interface LinkBudget {
  left: number;
}

/** What one answer may hold: an author may name thousands of containers and attempts, and each would have its links. */
export function createLinkBudget(): LinkBudget {
  return { left: 256 * 1024 };
}

/**
 * The links about a run or, where `of` holds an attempt, about that attempt. A link belongs to what its template's variables tell: one that names the Job belongs to
 * an attempt, and one that names the container is made for each. A link whose address cannot be made for this run is left out,
 * and so are all once the budget is used up.
 */
export function linksOf(
  links: readonly CompiledLink[],
  run: Run,
  context: RunContext,
  of: Omit<AddressOf, "container"> & { readonly metric?: Metric },
  budget: LinkBudget,
): Link[] {
  const facts = { project: run.namespace, stage: run.stage, shard: context.shard, metric: of.metric?.name ?? "" };
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
        if (error instanceof MissingValue || error instanceof RefusedValue) return [];
        throw error;
      }
    });
  });
}
