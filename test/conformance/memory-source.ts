import * as z from "zod";
import { Duration } from "../../src/config-values/units.ts";
import { hostsOf } from "../../src/sources/hosts-of.ts";
import { lookupsOf } from "../../src/sources/lookups.ts";
import { SOURCE_KINDS } from "../../src/sources/registry.ts";
import type { EntriesPiece, OpenedLog, OpenOptions } from "../../src/sources/source.ts";
import { rendered, SourceError } from "../../src/sources/source-error.ts";
import type { SourceKind } from "../../src/sources/source-kind.ts";
import { type AddressTemplate, compileAddress } from "../../src/template/address.ts";
import { createAnswering } from "./answer.ts";
import { longLineAt, timeAt } from "./lines.ts";
import type { SourceWorld, StartOptions, StoredLog, Trouble } from "./stored-log.ts";

// ---- The source: docs/adding-a-source.md walks through this part.

/** The settings in `taffrail.yaml`. */
const Memory = z
  .strictObject({
    url: z.string().describe("Template of a URL whose path is the key of the log."),
    idle: Duration.default(60_000).describe("How long the store may send nothing. Default 60s."),
  })
  .describe("Logs in the memory of a test.");

type MemoryConfig = z.output<typeof Memory>;

/** The settings, compiled when the configuration is loaded. */
interface CompiledMemory {
  readonly url: AddressTemplate;
  readonly idleMs: number;
}

/** A source that reads entries with times from memory. */
function createMemoryKind(shelf: Shelf) {
  return {
    kind: "memory",
    schema: Memory,
    capabilities: { live: false, ranges: false, tellsTimes: true, since: true, tail: true },
    hosts: ({ url }) => hostsOf(url),
    compile({ url, idle }, { vars, attempt }) {
      const compiled = attempt(["url"], () => compileAddress(url, { vars }));
      return compiled && { url: compiled, idleMs: idle };
    },
    lookups: ({ url }) => lookupsOf([url]),
    create: ({ url, idleMs }, { name }) => ({
      async open({ values }, signal, options = {}): Promise<OpenedLog> {
        const key = rendered(name, () => url.render(values).pathname);
        const answer = await abortable(shelf.ask(key, options, signal), signal);
        if (answer === "denied") throw new SourceError(name, "refused", "refused to give the log");
        if (answer === undefined) throw new SourceError(name, "not-found", "has no such log");
        const pieces = readEntries(answer, name, idleMs, signal);
        return { kind: "entries", pieces, mediaType: "text/plain", delimited: true };
      },
    }),
  } satisfies SourceKind<MemoryConfig, CompiledMemory>;
}

/** Yields the lines as they arrive. Every failure of the store becomes a SourceError. */
async function* readEntries(
  answer: AsyncIterator<readonly Entry[]>,
  name: string,
  idleMs: number,
  signal: AbortSignal,
): AsyncGenerator<EntriesPiece, void, undefined> {
  for (;;) {
    const idle = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      idle.reject(new SourceError(name, "silent", `sent nothing more for ${idleMs} ms`));
    }, idleMs);
    const next = await abortable(Promise.race([answer.next(), idle.promise]), signal)
      .catch((cause: unknown) => {
        if (signal.aborted || cause instanceof SourceError) throw cause;
        throw new SourceError(name, "unavailable", "broke off before the end of the log", { cause });
      })
      .finally(() => clearTimeout(timer));
    if (next.done) return;
    const starts: number[] = [];
    let length = 0;
    for (const { bytes } of next.value) {
      starts.push(length);
      length += bytes.length;
    }
    const times = next.value.map(({ time }) => time);
    yield { bytes: Buffer.concat(next.value.map(({ bytes }) => bytes)), times: { starts, times } };
  }
}

/** Waits for `work` or an abort. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", leave));
  });
}

/** Starts a store, and the source that reads it. */
export async function startMemoryWorld({ idleMs = 60_000 }: Pick<StartOptions, "idleMs">): Promise<SourceWorld> {
  const shelf = new Shelf();
  return {
    yaml: `memory: { url: "http://shelf/\${{ jobName }}", idle: ${idleMs}ms }`,
    kinds: [...SOURCE_KINDS, createMemoryKind(shelf)],
    log: ({ job }) => shelf.log(`/${job}`),
    close: async () => {},
  };
}

// ---- The store that it reads, with the faults that the suite causes.

/** One line, with its line feed. */
interface Entry {
  readonly time: string;
  readonly bytes: Uint8Array;
}

type Answer = AsyncGenerator<readonly Entry[], void, undefined> | "denied" | undefined;

/** Logs in memory, by key. */
class Shelf {
  readonly #logs = new Map<string, ShelfLog>();

  /** The log of a key. It exists once something has been appended. */
  log(key: string): StoredLog {
    const log = new ShelfLog();
    this.#logs.set(key, log);
    return log;
  }

  /** Answers with the lines of a log in batches. The answer ends when `signal` is aborted. */
  async ask(key: string, options: OpenOptions, signal: AbortSignal): Promise<Answer> {
    return this.#logs.get(key)?.ask(options, signal);
  }
}

/** The maximum number of lines in a batch. */
const BATCH = 512;

class ShelfLog implements StoredLog {
  readonly #answering = createAnswering();
  readonly #troubles: Trouble[] = [];
  readonly #never = Promise.withResolvers<never>();
  #entries: Entry[] | undefined;
  #made = 0;
  sent = 0;

  get answering(): number {
    return this.#answering.count;
  }

  untilAnswering(count: number): Promise<void> {
    return this.#answering.until(count);
  }

  append(time: string, text: string): void {
    const lines = text === "" ? [] : text.split(/(?<=\n)/);
    this.#entries ??= [];
    this.#entries.push(...lines.map((line) => ({ time, bytes: Buffer.from(line) })));
  }

  generate(lines: number): void {
    this.#made = lines;
    this.#entries = [];
  }

  remove(): void {
    this.#entries = undefined;
    this.#made = 0;
  }

  trouble(...next: readonly Trouble[]): void {
    this.#troubles.push(...next);
  }

  async ask({ since = "", tailLines }: OpenOptions, signal: AbortSignal): Promise<Answer> {
    const trouble = this.#troubles.shift();
    const end = this.#answering.begin();
    signal.addEventListener("abort", end, { once: true });
    if (trouble?.kind === "no-headers") return this.#never.promise;
    if (trouble?.kind === "denied") return "denied";
    if (this.#entries === undefined) return undefined;
    const first = tailLines === undefined ? 0 : Math.max(0, this.#entries.length - tailLines);
    const all = this.#made > 0 ? madeEntries(this.#made) : this.#entries.slice(first);
    return this.#send(all, since.slice(0, 19), trouble);
  }

  async *#send(entries: Iterable<Entry>, since: string, trouble: Trouble | undefined): AsyncGenerator<Entry[], void> {
    let left = trouble !== undefined && "after" in trouble ? trouble.after : Number.POSITIVE_INFINITY;
    let batch: Entry[] = [];
    for (const entry of entries) {
      if (entry.time < since) continue;
      left -= entry.bytes.length;
      if (left < 0) break;
      this.sent += entry.bytes.length;
      batch.push(entry);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
    if (left >= 0) return;
    if (trouble?.kind === "cut") throw new Error("The shelf broke.");
    await this.#never.promise;
  }
}

function* madeEntries(count: number): Generator<Entry> {
  for (let index = 0; index < count; index += 1) yield { time: timeAt(index), bytes: Buffer.from(longLineAt(index)) };
}
