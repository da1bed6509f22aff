import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseNanos } from "../../src/template/times.ts";
import { createAnswering, sendBody } from "./answer.ts";
import { longLineAt, timeAt } from "./lines.ts";
import type { SourceWorld, StartOptions, StoredLog, Trouble } from "./stored-log.ts";

/** Loki's own default of `max_entries_limit_per_query`. */
const MAX_ENTRIES = 5_000;

/**
 * A store that answers `query_range` as Loki does, for the queries of the preset `alloy`: each log is one stream. What
 * a store that breaks off or stalls has sent before is a page of its own, since a page that is cut off is of no use.
 */
export async function startLokiWorld({ idleMs }: Pick<StartOptions, "idleMs"> = {}): Promise<SourceWorld> {
  const logs = new Map<string, LokiLog>();
  const server = createServer((request, response) => {
    response.on("error", () => {});
    const url = new URL(request.url ?? "/", "http://loki");
    const query = url.searchParams.get("query") ?? url.searchParams.get("match[]") ?? "";
    const [, pod = ""] = /pod=~?"([^"]*)"/.exec(query) ?? [];
    const name = pod.replaceAll("\\", "");
    const [job, log] = [...logs].find(([each]) => name.startsWith(`${each}-`)) ?? [];
    if (url.pathname === "/loki/api/v1/series") {
      const data = job === undefined ? [] : [{ namespace: "shop", pod: `${job}-aaaaa`, container: "main" }];
      response.writeHead(200).end(JSON.stringify({ status: "success", data }));
    } else if (url.pathname !== "/loki/api/v1/query_range") response.writeHead(404).end("404 page not found\n");
    else if (log === undefined) void sendEntries(response, [], undefined, () => {});
    else log.answer(url.searchParams, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const timeouts = idleMs === undefined ? "" : `, timeouts: { idle: ${idleMs}ms }`;
  return {
    // The lines of the suite are from other times than its runs.
    yaml: `loki: { url: "${origin}", preset: alloy, slack: 10d${timeouts} }`,
    log({ job }) {
      const log = createLokiLog();
      logs.set(job, log);
      return log;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

type Entry = readonly [nanos: string, line: string];
type LokiLog = StoredLog & { answer(parameters: URLSearchParams, response: ServerResponse): void };

function createLokiLog(): LokiLog {
  const answering = createAnswering();
  const troubles: Trouble[] = [];
  let entries: Entry[] = [];
  let made = 0;
  let sent = 0;
  const entryAt = (index: number): Entry =>
    made > 0 ? [`${parseNanos(timeAt(index))}`, longLineAt(index).slice(0, -1)] : (entries[index] ?? ["", ""]);
  /** The first entry of this time or later. */
  const indexOf = (nanos: bigint): number => {
    let [low, high] = [0, made || entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (BigInt(entryAt(middle)[0]) < nanos) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    append(time, text) {
      const lines = text.split("\n").slice(0, -1);
      entries.push(...lines.map((line): Entry => [`${parseNanos(time)}`, line]));
    },
    generate(lines) {
      made = lines;
    },
    remove() {
      entries = [];
      made = 0;
    },
    trouble: (...next) => void troubles.push(...next),
    get sent() {
      return sent;
    },
    get answering() {
      return answering.count;
    },
    untilAnswering: answering.until,
    answer(parameters, response) {
      const number = (name: string) => BigInt(parameters.get(name) ?? 0);
      const limit = Number(number("limit"));
      const trouble = troubles.shift();
      response.once("close", answering.begin());
      if (trouble?.kind === "no-headers") return;
      if (trouble?.kind === "denied") return void response.writeHead(403).end("denied");
      if (limit > MAX_ENTRIES) {
        const sentence = `max entries limit per query exceeded, limit > max_entries_limit (${limit} > ${MAX_ENTRIES})`;
        return void response.writeHead(400).end(sentence);
      }
      const [from, to] = [indexOf(number("start")), indexOf(number("end"))];
      const isBackward = parameters.get("direction") === "backward";
      const first = isBackward ? Math.max(from, to - limit) : from;
      let count = Math.min(limit, to - first);
      if (trouble !== undefined) {
        count = linesIn(entryAt, first, count, trouble.after);
        if (count > 0) troubles.unshift({ ...trouble, after: 0 });
      }
      const broken = trouble !== undefined && count === 0 ? { ...trouble, after: 20 } : undefined;
      const page = function* (): Generator<Entry> {
        for (let index = 0; index < count; index += 1) yield entryAt(first + (isBackward ? count - 1 - index : index));
      };
      void sendEntries(response, page(), broken, (bytes) => {
        sent += bytes;
      });
    },
  };
}

/** How many lines fit into so many bytes. */
function linesIn(entryAt: (index: number) => Entry, first: number, count: number, bytes: number): number {
  let left = bytes;
  for (let index = 0; index < count; index += 1) {
    left -= Buffer.byteLength(entryAt(first + index)[1]) + 1;
    if (left < 0) return index;
  }
  return count;
}

/** How many lines are sent at once. */
const BATCH = 64;

/** Sends an answer of Loki, or only its beginning, in parts: it may be large. */
function sendEntries(
  response: ServerResponse,
  entries: Iterable<Entry>,
  trouble: Trouble | undefined,
  onSent: (bytes: number) => void,
): Promise<void> {
  const body = function* (): Generator<Uint8Array> {
    yield Buffer.from('{"status":"success","data":{"resultType":"streams","result":[');
    let lines: string[] = [];
    let separator = '{"stream":{"namespace":"shop","container":"main"},"values":[';
    for (const entry of entries) {
      lines.push(JSON.stringify(entry));
      if (lines.length < BATCH) continue;
      yield Buffer.from(separator + lines.join(","));
      separator = ",";
      lines = [];
    }
    if (lines.length > 0) yield Buffer.from(separator + lines.join(","));
    yield Buffer.from(`${lines.length > 0 || separator === "," ? "]}" : ""}],"stats":{}}}`);
  };
  response.writeHead(200, { "content-type": "application/json; charset=UTF-8" });
  return sendBody(response, body(), trouble, onSent);
}
