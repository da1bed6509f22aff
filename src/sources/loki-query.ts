import { TemplateError } from "../template/errors.ts";
import { compileText, type TextTemplate } from "../template/text.ts";
import type { TemplateValues } from "../template/values.ts";

/** The shippers whose labels are known. */
export const LOKI_PRESETS = ["alloy", "promtail", "fluent-bit"] as const;

export type LokiPreset = (typeof LOKI_PRESETS)[number];

/** The labels of a stream in Loki. */
export type LokiLabels = Readonly<Record<string, string>>;

/** The query for the log of one container. */
export interface LokiQuery {
  /** LogQL. It begins with the stream selector. */
  readonly text: string;
  /**
   * Whether pods of other attempts match too: a pod's name is cut, and has lost the end of its Job's name, which is the
   * attempt's number.
   */
  readonly ambiguous: boolean;
}

/** Makes queries from the values of a run. */
export interface LokiQueryTemplate {
  /** The variables and lookups that it uses. */
  readonly names: ReadonlySet<string>;
  /** @throws MissingValue or RefusedValue, as a template does. */
  render(values: TemplateValues): LokiQuery;
}

/**
 * By default, Promtail's Helm chart and the configuration in Alloy's documentation set the same labels: `namespace`,
 * `pod` and `container` (https://grafana.com/docs/alloy/latest/collect/logs-in-kubernetes/#pods-logs,
 * https://github.com/grafana/helm-charts/blob/main/charts/promtail/values.yaml, `snippets.common`).
 */
const BY_LABELS = {
  pod: '{namespace="${{ jobNamespace }}", pod="${{ podName }}", container="${{ container }}"}',
  job: '{namespace="${{ jobNamespace }}", pod=~"${{ podPrefix }}.*", container="${{ container }}"}',
};

/**
 * By default, fluent-bit sets no label of the container: all records are in one stream, `job="fluentbit"`
 * (https://docs.fluentbit.io/manual/data-pipeline/outputs/loki), or `job="fluent-bit"` with Grafana's plugin
 * (https://grafana.com/docs/loki/latest/send-data/fluentbit/). A line is the record as JSON, in which the filter
 * `kubernetes` has put the container (https://docs.fluentbit.io/manual/data-pipeline/filters/kubernetes). A quote in
 * the record's own text is escaped, so that these filters do not match it.
 */
const BY_RECORD = {
  pod: '{job=~"fluent-?bit"} |= "\\"pod_name\\":\\"${{ podName }}\\"" |= "\\"namespace_name\\":\\"${{ jobNamespace }}\\"" |= "\\"container_name\\":\\"${{ container }}\\""',
  job: '{job=~"fluent-?bit"} |= "\\"pod_name\\":\\"${{ podPrefix }}" |= "\\"namespace_name\\":\\"${{ jobNamespace }}\\"" |= "\\"container_name\\":\\"${{ container }}\\""',
};

/** Creates the queries for a shipper's default labels. */
export function presetQuery(preset: LokiPreset): LokiQueryTemplate {
  const { pod, job } = preset === "fluent-bit" ? BY_RECORD : BY_LABELS;
  const byPod = compileText(pod, "logql");
  const byJob = compileText(job, "logql");
  return {
    names: new Set([...byPod.names, ...byJob.names]),
    render: (values) =>
      values.variables.podName
        ? { text: byPod.render(values), ambiguous: false }
        : { text: byJob.render(values), ambiguous: isCut(values) },
  };
}

/**
 * Creates the queries of the operator's own template.
 *
 * @throws TemplateError
 */
export function ownQuery(text: string, vars: Readonly<Record<string, string>>): LokiQueryTemplate {
  const template: TextTemplate = compileText(text, "logql", { vars });
  if (!/^\s*\{/.test(text)) {
    throw new TemplateError('A query must begin with a stream selector: {namespace="…"}.', 0);
  }
  const usesPrefix = template.names.has("podPrefix");
  return {
    names: template.names,
    render: (values) => ({ text: template.render(values).trim(), ambiguous: usesPrefix && isCut(values) }),
  };
}

/** Splits a query behind its stream selector. */
export function splitQuery(text: string): { readonly selector: string; readonly pipeline: string } {
  const [selector = text] = /^\{(?:"(?:[^"\\]|\\.)*"|`[^`]*`|[^}"`])*\}/s.exec(text) ?? [];
  return { selector, pipeline: text.slice(selector.length) };
}

/** Narrows a query to streams in which a label has one of these values. */
export function withLabel(text: string, label: string, values: readonly string[]): string {
  const { selector, pipeline } = splitQuery(text);
  const one = values.map(quoteRegex).join("|");
  const inside = selector.slice(1, -1).trim().replace(/,$/, "");
  return `{${inside}${inside === "" ? "" : ", "}${label}=~${quote(one)}}${pipeline}`;
}

/** Narrows a query to one stream. */
export function ofStream(text: string, labels: LokiLabels): string {
  const matchers = Object.entries(labels).map(([name, value]) => `${name}=${quote(value)}`);
  return `{${matchers.join(", ")}}${splitQuery(text).pipeline}`;
}

/** Whether the names of a Job's pods do not begin with its whole name and a hyphen. */
function isCut({ variables: { jobName, podPrefix } }: TemplateValues): boolean {
  return podPrefix !== `${jobName}-`;
}

/** A Go string literal. */
function quote(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what has to be escaped.
  const escaped = value.replace(/["\\\u0000-\u001f\u007f]/g, (unit) =>
    unit === '"' || unit === "\\" ? `\\${unit}` : `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

function quoteRegex(value: string): string {
  return value.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&");
}
