import { readFileSync } from "node:fs";

const RULE = /rule \{\s*source_labels\s*=\s*\["__meta_kubernetes_(\w+)"\]\s*target_label\s*=\s*"(\w+)"\s*\}/g;

/** The labels that Grafana Alloy sets with the configuration in README.md. */
export function alloyLabels(container: {
  readonly namespace: string;
  readonly pod_name: string;
  readonly pod_container_name: string;
}): Readonly<Record<string, string>> {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, alloy = ""] = /```alloy\n([\s\S]*?)```/.exec(readme) ?? [];
  const rules = [...alloy.matchAll(RULE)];
  return Object.fromEntries(
    rules.map(([, meta = "", label = ""]) => {
      const value = (container as Readonly<Record<string, string>>)[meta];
      if (value === undefined) throw new Error(`There is no ${meta}.`);
      return [label, value];
    }),
  );
}
