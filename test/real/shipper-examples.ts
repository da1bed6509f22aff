import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** A container whose lines are shipped. */
export interface ShippedContainer {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A configuration in docs/examples/shippers: where its objects lie, and what is in them. */
interface ShipperExample {
  readonly file: string;
  /** Returns the key of the object of one minute, as the configuration says. */
  keyOf(config: string, from: ShippedContainer, minute: number): string;
  /** Returns the record of a line, as the shipper writes it. */
  recordOf(from: ShippedContainer, line: string, time: string): object;
}

const ID = "0a".repeat(32);
const UUIDS = ["f81d4fae-7dec-41d0-8765-00a0c91e6bf6", "0e984725-c51c-4bf4-9960-e1c80e27aba0"];

const EXAMPLES: Readonly<Record<string, ShipperExample>> = {
  "fluent-bit": {
    file: "fluent-bit.yaml",
    keyOf(config, { namespace, pod, container }, minute) {
      const { pipeline } = parse(config);
      const [input, output] = [pipeline.inputs[0], pipeline.outputs[0]];
      const file = `${input.path.replace(/[^/]+$/, "")}${pod}_${namespace}_${container}-${ID}.log`;
      const tag = input.tag.replace("*", file.slice(1).replaceAll("/", "."));
      return strftime(output.s3_key_format.slice(1), minute)
        .replace("$TAG", tag)
        .replace("$UUID", UUIDS[minute]?.slice(0, 8) ?? "");
    },
    recordOf: ({ namespace, pod, container }, line, time) => ({
      date: `${time.slice(0, 23)}000Z`,
      time,
      stream: "stdout",
      _p: "F",
      log: line,
      kubernetes: { pod_name: pod, namespace_name: namespace, container_name: container },
    }),
  },
  fluentd: {
    file: "fluentd.conf",
    keyOf(config, { namespace, pod, container }, minute) {
      const setting = (name: string): string =>
        new RegExp(`^  ${name} (.*)$`, "m").exec(config.split("<match")[1] ?? "")?.[1] ?? "";
      const path = setting("path")
        .replace("${$.kubernetes.namespace_name}", namespace)
        .replace("${$.kubernetes.pod_name}", pod)
        .replace("${$.kubernetes.container_name}", container);
      return (
        setting("s3_object_key_format")
          .replace("%{path}", path)
          // Of a timekey of minutes: https://github.com/fluent/fluent-plugin-s3/blob/master/lib/fluent/plugin/out_s3.rb
          .replace("%{time_slice}", strftime("%Y%m%d%H%M", minute))
          .replace("%{index}", "0")
          .replace("%{file_extension}", "gz")
      );
    },
    recordOf: ({ namespace, pod, container }, line, time) => ({
      time,
      stream: "stdout",
      logtag: "F",
      log: line,
      docker: { container_id: ID },
      kubernetes: { pod_name: pod, namespace_name: namespace, container_name: container },
    }),
  },
  vector: {
    file: "vector.yaml",
    keyOf(config, { namespace, pod, container }, minute) {
      const prefix = parse(config)
        .sinks.bucket.key_prefix.replace("{{ kubernetes.pod_namespace }}", namespace)
        .replace("{{ kubernetes.pod_name }}", pod)
        .replace("{{ kubernetes.container_name }}", container);
      return `${prefix}${secondsOf(minute)}-${UUIDS[minute]}.log.gz`;
    },
    recordOf: ({ namespace, pod, container }, line, time) => ({
      file: `/var/log/pods/${namespace}_${pod}_8a1f/${container}/0.log`,
      kubernetes: { container_name: container, pod_name: pod, pod_namespace: namespace },
      message: line,
      source_type: "kubernetes_logs",
      stream: "stdout",
      timestamp: time,
    }),
  },
};

/** The names of the shippers. */
export const SHIPPER_EXAMPLES = Object.keys(EXAMPLES);

/** Returns the source that the head of an example tells operators to configure, without the bucket itself. */
export function sourceOf(shipper: string): { readonly keys: string } {
  const head = read(shipper)
    .split("\n")
    .filter((line) => line.startsWith("#   "))
    .map((line) => line.slice(4));
  return { keys: parse(head.join("\n")).sources[0].s3.keys };
}

/** Returns the objects that a shipper stores for the lines of a container: the first one, and those after it. */
export function objectsOf(
  shipper: string,
  from: ShippedContainer,
  lines: readonly string[],
): { readonly key: string; readonly text: string }[] {
  const { keyOf, recordOf } = exampleOf(shipper);
  return [lines.slice(0, 1), lines.slice(1)].map((part, minute) => ({
    key: keyOf(read(shipper), from, minute),
    text: part
      .map(
        (line, index) => `${JSON.stringify(recordOf(from, line, `2026-01-01T00:0${minute}:0${index}.000000001Z`))}\n`,
      )
      .join(""),
  }));
}

function exampleOf(shipper: string): ShipperExample {
  const example = EXAMPLES[shipper];
  if (example === undefined) throw new Error(`There is no example of ${shipper}.`);
  return example;
}

function read(shipper: string): string {
  return readFileSync(new URL(`../../docs/examples/shippers/${exampleOf(shipper).file}`, import.meta.url), "utf8");
}

function secondsOf(minute: number): number {
  return Date.UTC(2026, 0, 1, 0, minute, 30) / 1_000;
}

function strftime(format: string, minute: number): string {
  const [year, month, day, hour, min, second] = new Date(secondsOf(minute) * 1_000).toISOString().split(/\D/);
  const parts: Readonly<Record<string, string | undefined>> = { Y: year, m: month, d: day, H: hour, M: min, S: second };
  return format.replace(/%([YmdHMS])/g, (_, letter) => parts[letter] ?? "");
}
