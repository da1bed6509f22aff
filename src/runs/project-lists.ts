import { LRUCache } from "lru-cache";
import * as z from "zod";
import { abortable } from "../abort.ts";
import type { Access } from "../access/access.ts";
import { type Clock, steadyClock } from "../clock.ts";
import { type Caller, identityOf } from "../identity/caller.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { NAMESPACES } from "../kube/resources.ts";
import { memoizeFor } from "../memoize-for.ts";
import { SharedWork } from "../shared-work.ts";

/** The projects of a caller. */
export interface ProjectList {
  readonly names: readonly string[];
  /** Whether there are more projects than were reviewed. */
  readonly incomplete: boolean;
}

const MAX_PROJECTS = 1_000;
/** Reviews under way at once for one list. */
const AT_ONCE = 16;

const Namespace = z.object({ metadata: z.object({ name: z.string() }) });

/** How long the list of a caller is kept, and that of all namespaces. */
const KEPT_MS = 30_000;
const NAMESPACES_MS = 10_000;
const KEPT_LISTS = 1_000;

export interface ProjectListsOptions {
  readonly access: Access;
  readonly kube: Pick<KubeApi, "list">;
  readonly clock: Clock;
  /** Selects the namespaces that are projects; empty: all. */
  readonly labelSelector: string;
}

/**
 * Lists the projects in which callers may read runs. That may take a review for each of 1,000 projects, so the list of a
 * caller is kept for 30 s, and made once for all who wait for it.
 */
export class ProjectLists {
  readonly #access: Access;
  readonly #namespaces: () => Promise<readonly string[]>;
  readonly #kept: LRUCache<string, ProjectList>;
  readonly #works = new Map<string, SharedWork<ProjectList>>();

  constructor({ access, kube, clock, labelSelector }: ProjectListsOptions) {
    this.#access = access;
    this.#namespaces = memoizeFor(NAMESPACES_MS, clock, () => namespacesOf(kube, labelSelector));
    this.#kept = new LRUCache({ max: KEPT_LISTS, ttl: KEPT_MS, ttlResolution: 0, perf: steadyClock(clock) });
  }

  /**
   * The projects of a caller, by name.
   *
   * @throws Failure if the cluster cannot be asked; the reason of `signal`.
   */
  async read(caller: Caller, signal: AbortSignal): Promise<ProjectList> {
    signal.throwIfAborted();
    const key = identityOf(caller);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return kept;
    const work = this.#works.get(key) ?? this.#begin(key, caller);
    try {
      return await work.wait(signal);
    } finally {
      if (work.isAbandoned && this.#works.get(key) === work) this.#works.delete(key);
    }
  }

  #begin(key: string, caller: Caller): SharedWork<ProjectList> {
    const work = new SharedWork(async (signal) => {
      const list = await this.#review(caller, signal);
      this.#kept.set(key, list);
      return list;
    });
    this.#works.set(key, work);
    return work;
  }

  async #review(caller: Caller, signal: AbortSignal): Promise<ProjectList> {
    const candidates = await abortable(this.#namespaces(), signal);
    const asked = candidates.slice(0, MAX_PROJECTS);
    const incomplete = candidates.length > MAX_PROJECTS;
    if (await this.#access.mayReadRunsEverywhere(caller)) return { names: asked.sort(), incomplete };

    const names: string[] = [];
    const queue = asked.values();
    const worker = async (): Promise<void> => {
      for (const name of queue) {
        signal.throwIfAborted();
        if (await this.#access.mayReadRuns(caller, name)) names.push(name);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return { names: names.sort(), incomplete };
  }
}

/** The names of the namespaces, of a few more than are reviewed. */
async function namespacesOf(kube: Pick<KubeApi, "list">, labelSelector: string): Promise<readonly string[]> {
  const names: string[] = [];
  // Several callers may wait for it.
  const { signal } = new AbortController();
  const selector = labelSelector === "" ? {} : { labelSelector };
  for await (const chunk of kube.list(NAMESPACES, undefined, { signal, ...selector })) {
    for (const object of chunk) {
      const name = Namespace.safeParse(object).data?.metadata.name;
      if (name !== undefined) names.push(name);
    }
    if (names.length > MAX_PROJECTS) break;
  }
  return names;
}
