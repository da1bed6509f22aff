import { BUCKET, type FakeBucket, startFakeBucket } from "../fakes/bucket.ts";
import { createAnswering, sendBody } from "./answer.ts";
import { createFileLog, type FileLog, manyLines } from "./http-world.ts";
import type { SourceWorld, StartOptions, StoredLog, Trouble } from "./stored-log.ts";

/** What a bucket needs besides the keys of its objects. */
function settings({ url }: FakeBucket, idleMs: number | undefined): string {
  const timeouts = idleMs === undefined ? "" : `, timeouts: { idle: ${idleMs}ms }`;
  const keys = "accessKeyId: { env: S3_KEY }, secretAccessKey: { env: S3_KEY }";
  return `bucket: ${BUCKET}, endpoint: "${url}", pathStyle: true, ${keys}${timeouts}`;
}

/** A bucket in which each log is one object. */
export async function startS3World({ idleMs }: Pick<StartOptions, "idleMs"> = {}): Promise<SourceWorld> {
  const bucket = await startFakeBucket();
  const logs = new Map<string, FileLog>();
  bucket.onObject = (key, request, response) => {
    const log = logs.get(key);
    if (log === undefined) return false;
    void log.answer(request.headers.range, response);
    return true;
  };
  return {
    yaml: `s3: { ${settings(bucket, idleMs)}, key: "\${{ jobName }}/\${{ container }}.log" }`,
    log({ job }) {
      const log = createFileLog();
      logs.set(`${job}/main.log`, log);
      return log;
    },
    close: bucket.close,
  };
}

/** Lines of a part: few enough for a log of several parts, whose numbers do not sort as text. */
const PART_LINES = 500;
const MADE_PART_LINES = 5_000;

/** A bucket in which each log has several parts. */
export async function startS3PartsWorld({ idleMs }: Pick<StartOptions, "idleMs"> = {}): Promise<SourceWorld> {
  const bucket = await startFakeBucket({ pageSize: 5 });
  const logs = new Map<string, PartsLog>();
  bucket.onObject = (key, _request, response) => {
    const [job = "", name = ""] = key.split("/");
    const log = logs.get(job);
    if (log === undefined) return false;
    void log.answer(name, response);
    return true;
  };
  return {
    yaml: `s3: { ${settings(bucket, idleMs)}, prefix: "\${{ jobName }}/" }`,
    log({ job }) {
      const log = createPartsLog({
        add: (name) => bucket.objects.set(`${job}/${name}`, { body: new Uint8Array(1) }),
        remove: (name) => bucket.objects.delete(`${job}/${name}`),
      });
      logs.set(job, log);
      return log;
    },
    close: bucket.close,
  };
}

type Response = Parameters<typeof sendBody>[0];
type PartsLog = StoredLog & { answer(name: string, response: Response): Promise<void> };

function createPartsLog(bucket: { add(name: string): void; remove(name: string): void }): PartsLog {
  const answering = createAnswering();
  const troubles: Trouble[] = [];
  /** Text by name, or where the lines begin that are generated. */
  const parts = new Map<string, { text: string; lines: number } | { readonly first: number }>();
  let newest: { text: string; lines: number } | undefined;
  let sent = 0;
  const put = (part: { text: string; lines: number } | { readonly first: number }): void => {
    const name = `2026010100_${parts.size}.log`;
    parts.set(name, part);
    bucket.add(name);
  };
  const clear = (): void => {
    for (const name of parts.keys()) bucket.remove(name);
    parts.clear();
    newest = undefined;
  };
  return {
    append(_time, more) {
      if (newest === undefined || newest.lines >= PART_LINES) {
        newest = { text: "", lines: 0 };
        put(newest);
      }
      newest.text += more;
      newest.lines += 1;
    },
    generate(lines) {
      clear();
      for (let first = 0; first < lines; first += MADE_PART_LINES) put({ first });
    },
    remove: clear,
    trouble: (...next) => void troubles.push(...next),
    get sent() {
      return sent;
    },
    get answering() {
      return answering.count;
    },
    untilAnswering: answering.until,
    async answer(name, response) {
      const trouble = troubles.shift();
      response.once("close", answering.begin());
      response.on("error", () => {});
      if (trouble?.kind === "no-headers") return;
      if (trouble?.kind === "denied") return void response.writeHead(403).end("denied");
      const part = parts.get(name);
      if (part === undefined) return void response.writeHead(404).end();
      const body = "first" in part ? manyLines(MADE_PART_LINES, part.first) : [Buffer.from(part.text)];
      response.writeHead(200, { "content-type": "text/plain" });
      return sendBody(response, body, trouble, (bytes) => {
        sent += bytes;
      });
    },
  };
}
