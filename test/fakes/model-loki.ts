import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One stream: its labels, and its lines with their times in nanoseconds. */
export interface ModelStream {
  readonly stream: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [time: string, line: string, ...metadata: unknown[]])[];
}

/** A request that was made. */
export interface ModelRequest {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
}

/** A Loki that keeps streams in memory, and answers as the real one does (test/real/loki.test.ts compares them). */
export interface ModelLoki {
  readonly origin: string;
  readonly streams: ModelStream[];
  /** The most lines of one answer. */
  maxEntries: number;
  readonly requests: readonly ModelRequest[];
  /** Answers of the next requests, one each, in place of its own. */
  readonly next: ((response: ServerResponse) => void)[];
  close(): Promise<void>;
}

/** Starts it on a free port of the loopback interface. */
export async function startModelLoki(streams: readonly ModelStream[] = []): Promise<ModelLoki> {
  const requests: ModelRequest[] = [];
  const model = { streams: [...streams], maxEntries: 5_000, next: [] as ModelLoki["next"] };
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://loki");
    const parameters = Object.fromEntries(url.searchParams);
    requests.push({ path: url.pathname, parameters, headers: request.headers });
    const answer = model.next.shift();
    if (answer !== undefined) answer(response);
    else if (url.pathname.endsWith("/loki/api/v1/query_range")) answerQuery(model, parameters, response);
    else if (url.pathname.endsWith("/loki/api/v1/series")) answerSeries(model, parameters, response);
    else response.writeHead(404).end("404 page not found\n");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(model, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  });
}

type Model = Pick<ModelLoki, "streams" | "maxEntries">;

function answerQuery({ streams, maxEntries }: Model, parameters: ModelRequest["parameters"], to: ServerResponse): void {
  const { query = "", start = "0", end = "0", direction } = parameters;
  const limit = Number(parameters.limit ?? 100);
  if (BigInt(end) <= BigInt(start)) return void to.writeHead(400).end("end timestamp must not be before start time");
  if (limit > maxEntries) {
    const words = `max entries limit per query exceeded, limit > max_entries_limit (${limit} > ${maxEntries})`;
    return void to.writeHead(400).end(words);
  }
  const { matchers, filters } = parseLogql(query);
  const isBackward = direction === "backward";
  const found = streams
    .filter(({ stream }) => matchers.every((matcher) => matcher.matches(stream)))
    .flatMap(({ stream, values }) =>
      values
        .filter(
          ([time, line]) =>
            BigInt(time) >= BigInt(start) && BigInt(time) < BigInt(end) && filters.every((text) => line.includes(text)),
        )
        .map((value) => ({ stream, key: JSON.stringify(stream), value })),
    );
  // Of lines of the same time, one stream's come before another's in either direction.
  const ordered = isBackward ? found.toReversed() : found;
  ordered.sort((a, b) => {
    const [x, y] = [BigInt(a.value[0]), BigInt(b.value[0])];
    if (x !== y) return (x < y ? -1 : 1) * (isBackward ? -1 : 1);
    return a.key === b.key ? 0 : a.key < b.key ? -1 : 1;
  });
  const byStream = new Map<string, ModelStream & { values: ModelStream["values"][number][] }>();
  for (const { stream, key, value } of ordered.slice(0, limit)) {
    const known = byStream.get(key) ?? { stream, values: [] };
    known.values.push(value);
    byStream.set(key, known);
  }
  sendJson(to, { status: "success", data: { resultType: "streams", result: [...byStream.values()], stats: {} } });
}

function answerSeries({ streams }: Model, parameters: ModelRequest["parameters"], to: ServerResponse): void {
  const { start = "0", end = "0" } = parameters;
  const { matchers } = parseLogql(parameters["match[]"] ?? "");
  const data = streams
    .filter(({ stream }) => matchers.every((matcher) => matcher.matches(stream)))
    .filter(({ values }) => values.some(([time]) => BigInt(time) >= BigInt(start) && BigInt(time) < BigInt(end)))
    .map(({ stream }) => stream);
  sendJson(to, { status: "success", data });
}

/** Sends an answer as Loki does. */
export function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json; charset=UTF-8" }).end(JSON.stringify(value));
}

export interface ParsedLogql {
  readonly matchers: readonly {
    readonly label: string;
    readonly operator: string;
    readonly value: string;
    matches(labels: Readonly<Record<string, string>>): boolean;
  }[];
  /** The texts of `|=`. */
  readonly filters: readonly string[];
}

const STRING = '"((?:[^"\\\\\\n]|\\\\.)*)"';
const MATCHER = new RegExp(`^\\s*([a-zA-Z_]\\w*)(=~|=)${STRING}\\s*`);
const FILTER = new RegExp(`^\\s*\\|=\\s*${STRING}\\s*`);

/** Parses a stream selector with `=` and `=~`, and filters with `|=`. Throws if there is anything else. */
export function parseLogql(text: string): ParsedLogql {
  const matchers: ParsedLogql["matchers"][number][] = [];
  const filters: string[] = [];
  let rest = text.replace(/^\s*\{/, "");
  if (rest === text) throw new Error(`No selector: ${text}`);
  for (let found = MATCHER.exec(rest); found !== null; found = MATCHER.exec(rest)) {
    const [whole, label = "", operator = "", string = ""] = found;
    const value = unquote(string);
    const pattern = operator === "=~" ? new RegExp(`^(?:${value})$`, "su") : undefined;
    matchers.push({
      label,
      operator,
      value,
      matches: (labels) => pattern?.test(labels[label] ?? "") ?? (labels[label] ?? "") === value,
    });
    rest = rest.slice(whole.length).replace(/^,/, "");
  }
  if (!rest.startsWith("}")) throw new Error(`The selector does not end: ${text}`);
  rest = rest.slice(1);
  for (let found = FILTER.exec(rest); found !== null; found = FILTER.exec(rest)) {
    filters.push(unquote(found[1] ?? ""));
    rest = rest.slice(found[0].length);
  }
  if (rest.trim() !== "") throw new Error(`Not understood: ${rest}`);
  return { matchers, filters };
}

/** Reads a string of Go, as far as it is also one of JSON. */
function unquote(text: string): string {
  return JSON.parse(`"${text}"`) as string;
}
