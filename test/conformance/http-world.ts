import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAnswering, sendBody } from "./answer.ts";
import { longLineAt } from "./lines.ts";
import type { SourceWorld, StartOptions, StoredLog, Trouble } from "./stored-log.ts";

/** A store that keeps each log as one file and supports Range, like nginx and S3. */
export async function startHttpWorld({ idleMs }: Pick<StartOptions, "idleMs"> = {}): Promise<SourceWorld> {
  const logs = new Map<string, FileLog>();
  const server = createServer((request, response) => {
    const log = logs.get(request.url ?? "");
    if (log === undefined) response.writeHead(404).end();
    else void log.answer(request.headers.range, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const timeouts = idleMs === undefined ? "" : `, timeouts: { idle: ${idleMs}ms }`;
  return {
    yaml: `http: { url: "${origin}/\${{ jobName }}/\${{ container }}.log"${timeouts} }`,
    log({ job }) {
      const log = createFileLog();
      logs.set(`/${job}/main.log`, log);
      return log;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

type Response = Parameters<typeof sendBody>[0];
export type FileLog = StoredLog & { answer(range: string | undefined, response: Response): Promise<void> };

/** Creates a log that is stored as one file, and sends it. */
export function createFileLog(): FileLog {
  const answering = createAnswering();
  const troubles: Trouble[] = [];
  let texts: string[] | undefined;
  let made = 0;
  let sent = 0;
  return {
    append(_time, more) {
      texts ??= [];
      texts.push(more);
    },
    generate(lines) {
      made = lines;
    },
    remove() {
      texts = undefined;
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
    async answer(range, response) {
      const trouble = troubles.shift();
      const onSent = (bytes: number): void => {
        sent += bytes;
      };
      response.once("close", answering.begin());
      response.on("error", () => {});
      if (trouble?.kind === "no-headers") return;
      if (trouble?.kind === "denied") return void response.writeHead(403).end("denied");
      const type = { "content-type": "text/plain" };
      if (made > 0) {
        response.writeHead(200, type);
        return sendBody(response, manyLines(made), trouble, onSent);
      }
      if (texts === undefined) return void response.writeHead(404).end();
      const text = Buffer.from(texts.join(""));
      const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
      const from = Number(first ?? 0);
      if (first !== undefined && from >= text.length) {
        return void response.writeHead(416, { "content-range": `bytes */${text.length}` }).end();
      }
      const to = last ? Math.min(Number(last), text.length - 1) : text.length - 1;
      const part = text.subarray(from, to + 1);
      const headers = { ...type, "content-length": part.length };
      if (first === undefined) response.writeHead(200, headers);
      else response.writeHead(206, { ...headers, "content-range": `bytes ${from}-${to}/${text.length}` });
      return sendBody(response, [part], trouble, onSent);
    },
  };
}

/** A log in pieces, which are generated as needed. */
export function* manyLines(count: number, first = 0): Generator<Uint8Array> {
  const each = 64;
  for (let from = first; from < first + count; from += each) {
    const lines = Array.from({ length: Math.min(each, first + count - from) }, (_, index) => longLineAt(from + index));
    yield Buffer.from(lines.join(""));
  }
}
