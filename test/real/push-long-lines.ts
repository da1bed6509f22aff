/**
 * Pushes a log of long lines to Loki: `node push-long-lines.ts URL LABELS LINES`. A process of its own, so that its
 * memory is not measured with that of the gateway.
 */
import { parseNanos } from "../../src/template/times.ts";
import { longLineAt, timeAt } from "../conformance/lines.ts";
import { pushToLoki } from "./servers/loki.ts";

const [url = "", labels = "{}", lines = "0"] = process.argv.slice(2);
/** How many lines are pushed at once. */
const BATCH = 2_000;

for (let from = 0; from < Number(lines); from += BATCH) {
  const values = Array.from(
    { length: Math.min(BATCH, Number(lines) - from) },
    (_, index) => [`${parseNanos(timeAt(from + index))}`, longLineAt(from + index).slice(0, -1)] as const,
  );
  await pushToLoki(url, [{ stream: JSON.parse(labels), values }]);
}
