import { PodEntries } from "../../src/sources/pod-entries.ts";
import { readPodTail } from "../../src/sources/pod-tail.ts";
import type {
  Capabilities,
  LogSource,
  OpenedEntries,
  OpenedFile,
  OpenedLog,
  OpenOptions,
} from "../../src/sources/source.ts";
import { byteSource, cut } from "./byte-source.ts";

/** A source in memory whose answer to each request is set by the test. */
export interface ScriptSource extends LogSource {
  /** The requests, in order. */
  readonly opened: readonly OpenOptions[];
  /** The signals of the requests. A log is open until its signal is aborted. */
  readonly signals: readonly AbortSignal[];
}

export type Answer = (
  options: OpenOptions,
  signal: AbortSignal,
  turn: number,
) => OpenedLog | Error | Promise<OpenedLog | Error>;

export const FILES: Capabilities = { live: false, ranges: false, tellsTimes: false, since: false, tail: false };
export const PODS: Capabilities = { live: true, ranges: false, tellsTimes: true, since: true, tail: true };

/** @param parts overrides of the defaults: it matches everything, and settles at once. */
export function scriptSource(
  name: string,
  capabilities: Capabilities,
  answer: Answer,
  parts: Partial<LogSource> = {},
): ScriptSource {
  const opened: OpenOptions[] = [];
  const signals: AbortSignal[] = [];
  return {
    name,
    kind: "script",
    capabilities,
    settleMs: 0,
    openLimit: 100,
    matches: () => true,
    async open(_target, signal, options = {}) {
      opened.push(options);
      signals.push(signal);
      const given = await answer(options, signal, opened.length);
      if (given instanceof Error) throw given;
      return given;
    },
    opened,
    signals,
    ...parts,
  };
}

/** A log that is kept as one file, in these pieces. An error is thrown, a promise is awaited. */
export function fileLog(pieces: Parameters<typeof byteSource>[0], parts: Partial<OpenedFile> = {}): OpenedFile {
  return {
    kind: "file",
    body: byteSource(pieces),
    mediaType: "text/plain",
    charset: undefined,
    delimited: true,
    ...parts,
  };
}

/** A line, or a record of one, as stored on a node. */
export interface NodeLine {
  /** Nanoseconds since 2026-01-01T00:10:00Z. */
  readonly nanos: number;
  /** Includes the line feed, unless more of the line follows. */
  readonly text: string;
}

const MIDNIGHT = Date.UTC(2026, 0, 1, 0, 10);

/** A time in the kubelet's format. */
export function timeOf(nanos: number): string {
  const seconds = Math.floor(nanos / 1e9);
  const fraction = String(nanos - seconds * 1e9).padStart(9, "0");
  return `${new Date(MIDNIGHT + seconds * 1_000).toISOString().slice(0, 19)}.${fraction}Z`;
}

/** Whether a kubelet sends a record for `sinceTime`, which has whole seconds. */
export function isSince({ nanos }: NodeLine, since: string): boolean {
  return timeOf(nanos).slice(0, 19) >= since.slice(0, 19);
}

/**
 * What a kubelet sends of these records. It filters each record by `since`, and writes a time before the first record
 * and before each one that begins a line.
 */
export function kubeletAnswer(records: readonly NodeLine[], { since, tailLines }: OpenOptions = {}): string {
  let isInside = false;
  return (tailLines === undefined ? records : records.slice(Math.max(0, records.length - tailLines)))
    .filter((record) => since === undefined || isSince(record, since))
    .map(({ nanos, text }) => {
      const record = isInside ? text : `${timeOf(nanos)} ${text}`;
      isInside = !text.endsWith("\n");
      return record;
    })
    .join("");
}

/** What the pods' source returns for a kubelet's response. */
export function entriesLog(
  pieces: Parameters<typeof byteSource>[0],
  { mayBeginInside = false }: { readonly mayBeginInside?: boolean } = {},
): OpenedEntries {
  const entries = new PodEntries("pods", byteSource(pieces), mayBeginInside);
  return { kind: "entries", pieces: entries, mediaType: "text/plain", delimited: false };
}

/** What the pods' source returns for a log that is not followed. */
export async function nodeLog(
  records: readonly NodeLine[],
  options: OpenOptions,
  cuts: readonly number[] = [],
): Promise<OpenedEntries> {
  const answer = (parts: OpenOptions) => {
    const bytes = Buffer.from(kubeletAnswer(records, parts));
    return cuts.length === 0 ? [bytes] : cut(bytes, cuts);
  };
  if (options.tailLines !== undefined) {
    const open = async (tailLines: number) => new PodEntries("pods", byteSource(answer({ tailLines })), false);
    const tail = await readPodTail(open, options.tailLines);
    return { kind: "entries", mediaType: "text/plain", delimited: false, ...tail };
  }
  return entriesLog(answer(options), { mayBeginInside: options.since !== undefined });
}
