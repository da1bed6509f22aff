import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parseNanos } from "../../src/template/times.ts";
import { createAnswering, sendBody } from "../conformance/answer.ts";
import type { SourceWorld, StartOptions, StoredLog, Trouble } from "../conformance/stored-log.ts";
import { alloyLabels } from "../fakes/alloy-labels.ts";
import { runCommand } from "./run-command.ts";
import type { Loki } from "./servers/loki.ts";

type Line = readonly [time: string, line: string];

let worlds = 0;

/**
 * The real Loki, behind a proxy that causes faults. Lines are pushed before the next request is passed on, with the
 * labels of Alloy's configuration in README.md, and one more that tells a log from another one in its place.
 */
export async function startRealLokiWorld(
  loki: Loki,
  { idleMs }: Pick<StartOptions, "idleMs"> = {},
): Promise<SourceWorld> {
  const logs = new Map<string, ProxiedLog>();
  worlds += 1;
  const world = `world-${worlds}`;
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", loki.url);
    const parameter = url.searchParams.has("query") ? "query" : "match[]";
    const query = url.searchParams.get(parameter) ?? "";
    const [, pod = ""] = /pod=~?"([^"]*)"/.exec(query) ?? [];
    const [, log] = [...logs].find(([job]) => pod.replaceAll("\\", "").startsWith(`${job}-`)) ?? [];
    response.on("error", () => {});
    if (log === undefined) return void response.writeHead(404).end();
    response.once("close", log.requests.begin());
    await log.flush();
    const trouble = log.troubles.shift();
    if (trouble?.kind === "no-headers") return;
    if (trouble?.kind === "denied") return void response.writeHead(403).end("denied");
    url.searchParams.set(parameter, query.replace("{", `{log="${log.label}", `));
    // A page that breaks off is of no use: what the store sends before is one of its own.
    const before = trouble === undefined ? 0 : log.linesIn(trouble.after, BigInt(url.searchParams.get("start") ?? 0));
    if (trouble !== undefined && before > 0) {
      log.troubles.unshift({ ...trouble, after: 0 });
      url.searchParams.set("limit", `${before}`);
    }
    const answer = await fetch(url, { headers: { "accept-encoding": "identity" } });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    const broken = trouble !== undefined && before === 0 ? { ...trouble, after: 20 } : undefined;
    await sendBody(response, answer.body as AsyncIterable<Uint8Array>, broken, log.count);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const timeouts = idleMs === undefined ? "" : `, timeouts: { idle: ${idleMs}ms }`;
  return {
    // The lines of the suite are from other times than its runs.
    yaml: `loki: { url: "${origin}", preset: alloy, slack: 10d${timeouts} }`,
    log({ job, namespace }) {
      const labels = alloyLabels({ namespace, pod_name: `${job}-aaaaa`, pod_container_name: "main" });
      const log = new ProxiedLog(loki, labels, world);
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

class ProxiedLog implements StoredLog {
  readonly requests = createAnswering();
  readonly troubles: Trouble[] = [];
  readonly #loki: Loki;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #world: string;
  #instance = 0;
  #lines: Line[] = [];
  #pushed = 0;
  #pushing: Promise<void> = Promise.resolve();
  sent = 0;

  constructor(loki: Loki, labels: Readonly<Record<string, string>>, world: string) {
    this.#loki = loki;
    this.#labels = labels;
    this.#world = world;
  }

  get label(): string {
    return `${this.#world}-${this.#instance}`;
  }

  readonly count = (bytes: number): void => {
    this.sent += bytes;
  };

  append(time: string, text: string): void {
    this.#lines.push(
      ...text
        .split("\n")
        .slice(0, -1)
        .map((line): Line => [`${parseNanos(time)}`, line]),
    );
  }

  generate(lines: number): void {
    this.remove();
    const labels = JSON.stringify({ ...this.#labels, log: this.label });
    const script = join(import.meta.dirname, "push-long-lines.ts");
    this.#pushing = runCommand(process.execPath, [script, this.#loki.url, labels, `${lines}`]).then(() => {});
  }

  remove(): void {
    this.#instance += 1;
    this.#lines = [];
    this.#pushed = 0;
  }

  trouble(...next: readonly Trouble[]): void {
    this.troubles.push(...next);
  }

  untilAnswering(count: number): Promise<void> {
    return this.requests.until(count);
  }

  /** Pushes what was appended. */
  flush(): Promise<void> {
    const lines = this.#lines.slice(this.#pushed);
    this.#pushed = this.#lines.length;
    const { label } = this;
    this.#pushing = this.#pushing.then(() => (lines.length === 0 ? undefined : this.#push(label, lines)));
    return this.#pushing;
  }

  /** How many lines from a time on fit into so many bytes. */
  linesIn(bytes: number, from: bigint): number {
    let left = bytes;
    const lines = this.#lines.filter(([time]) => BigInt(time) >= from);
    const first = lines.findIndex(([, line]) => {
      left -= Buffer.byteLength(line) + 1;
      return left < 0;
    });
    return first === -1 ? lines.length : first;
  }

  get answering(): number {
    return this.requests.count;
  }

  #push(label: string, values: readonly Line[]): Promise<void> {
    return this.#loki.push([{ stream: { ...this.#labels, log: label }, values }]);
  }
}
