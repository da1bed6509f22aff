import type { TemplateValues } from "../template/values.ts";
import { objectOf, parseObject } from "./decoders/json-object.ts";
import type { DecodeLine } from "./loki-page.ts";

/**
 * Creates what takes a container's text out of fluent-bit's records. A record is the container's if it says so itself.
 *
 * `log` is the text with fluent-bit's own parsers, `message` with the older one for CRI.
 */
export function createRecordDecoder({ variables }: TemplateValues): DecodeLine {
  const { jobNamespace, podName, podPrefix = "", container } = variables;
  return (line) => {
    const record = parseObject(line);
    const own = objectOf(record?.kubernetes);
    if (record === undefined || own === undefined) return undefined;
    const { namespace_name: namespace, pod_name: pod, container_name: name } = own;
    const isPod = typeof pod === "string" && (podName ? pod === podName : pod.startsWith(podPrefix));
    if (!isPod || namespace !== jobNamespace || name !== container) return undefined;
    const text = record.log ?? record.message;
    return typeof text === "string" ? text : undefined;
  };
}
