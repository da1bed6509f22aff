import { z } from "zod";
import type { Access } from "../access/access.ts";
import type { Caller } from "../identity/caller.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { NAMESPACES } from "../kube/resources.ts";

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

/**
 * Lists the projects in which a caller may read runs, by name.
 *
 * @param labelSelector selects the namespaces that are projects; empty: all.
 */
export async function listProjects(
  { access, kube }: { readonly access: Access; readonly kube: KubeApi },
  caller: Caller,
  labelSelector: string,
  signal: AbortSignal,
): Promise<ProjectList> {
  const candidates: string[] = [];
  for await (const chunk of kube.list(NAMESPACES, undefined, {
    signal,
    ...(labelSelector !== "" && { labelSelector }),
  })) {
    for (const object of chunk) {
      const name = Namespace.safeParse(object).data?.metadata.name;
      if (name !== undefined) candidates.push(name);
    }
    if (candidates.length > MAX_PROJECTS) break;
  }
  const asked = candidates.slice(0, MAX_PROJECTS);
  const incomplete = candidates.length > MAX_PROJECTS;
  if (await access.mayReadRunsEverywhere(caller)) return { names: asked.sort(), incomplete };

  const names: string[] = [];
  const queue = asked.values();
  const worker = async (): Promise<void> => {
    for (const name of queue) {
      signal.throwIfAborted();
      if (await access.mayReadRuns(caller, name)) names.push(name);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { names: names.sort(), incomplete };
}
