import { alloyLabels } from "./alloy-labels.ts";
import type { ModelStream } from "./model-loki.ts";

/** A container whose lines are shipped. */
export interface ShippedContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A line as a container runtime keeps it: its time in nanoseconds. */
export type ShippedLine = readonly [time: string, line: string, output?: "stdout" | "stderr"];

/** What shippers push to Loki by default, as their documentation says. */
export const SHIPPERS: Readonly<
  Record<string, (from: ShippedContainer, lines: readonly ShippedLine[]) => readonly ModelStream[]>
> = {
  /** The configuration in README.md. */
  "alloy as in README.md": ({ namespace, pod, container }, lines) => [
    { stream: alloyLabels({ namespace, pod_name: pod, pod_container_name: container }), values: plain(lines) },
  ],
  /** https://grafana.com/docs/alloy/latest/collect/logs-in-kubernetes/#pods-logs */
  alloy: ({ namespace, pod, container }, lines) => [
    {
      stream: {
        cluster: "production",
        container,
        container_runtime: "containerd",
        job: `${namespace}/${container}`,
        namespace,
        pod,
        service_name: container,
      },
      values: plain(lines),
    },
  ],
  /** https://github.com/grafana/helm-charts/blob/main/charts/promtail/values.yaml; its stage `cri` adds `stream`. */
  promtail: ({ namespace, pod, container }, lines) =>
    (["stderr", "stdout"] as const)
      .map((stream) => ({
        stream: {
          app: pod,
          container,
          filename: `/var/log/pods/${namespace}_${pod}_8a1f/${container}/0.log`,
          job: `${namespace}/${pod}`,
          namespace,
          node_name: "node-1",
          pod,
          stream,
        },
        values: plain(lines.filter(([, , output = "stdout"]) => output === stream)),
      }))
      .filter(({ values }) => values.length > 0),
  /**
   * https://docs.fluentbit.io/manual/data-pipeline/outputs/loki with its defaults, behind the filter `kubernetes`
   * (https://docs.fluentbit.io/manual/data-pipeline/filters/kubernetes) and the parser `cri`.
   */
  "fluent-bit": ({ namespace, pod, container }, lines) => [
    {
      stream: { job: "fluentbit" },
      values: lines.map(([time, log, stream = "stdout"]) => [
        time,
        JSON.stringify({
          time: new Date(Number(BigInt(time) / 1_000_000n)).toISOString(),
          stream,
          _p: "F",
          log,
          kubernetes: {
            pod_name: pod,
            namespace_name: namespace,
            pod_id: "8a1f8a1f-58c4-4bb4-a2de-6f1d7f0e58c4",
            labels: { "batch.kubernetes.io/job-name": pod.slice(0, -6) },
            host: "node-1",
            container_name: container,
            docker_id: "c0ffee",
            container_hash: "registry.example.com/tests@sha256:c0ffee",
            container_image: "registry.example.com/tests:1",
          },
        }),
      ]),
    },
  ],
};

function plain(lines: readonly ShippedLine[]): ModelStream["values"] {
  return lines.map(([time, line]) => [time, line]);
}
