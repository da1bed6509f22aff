import type { Pod } from "./pod.ts";
import type { Container, Metric } from "./run.ts";

/**
 * The containers of a Job's pods: those of its template, and those that webhooks have added to the pods. Init containers
 * first.
 */
export function containersIn({ containers }: Pick<Metric, "containers">, pods: readonly Pod[]): readonly Container[] {
  const known = new Set(containers.map(({ name }) => name));
  const added: Container[] = [];
  for (const { name, init } of pods.flatMap((pod) => pod.containers)) {
    if (known.has(name)) continue;
    known.add(name);
    added.push({ name, init, added: true });
  }
  if (added.length === 0) return containers;
  const all = [...containers, ...added];
  return [...all.filter(({ init }) => init), ...all.filter(({ init }) => !init)];
}
