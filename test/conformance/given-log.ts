import type { ReadRequest } from "./client-read.ts";
import type { TestRun } from "./ground.ts";
import { lineAt, timeAt } from "./lines.ts";
import type { SourceWorld, StoredLog } from "./stored-log.ts";

/** A log and its run. */
export interface Given {
  readonly run: TestRun;
  readonly log: StoredLog;
  /** The request that reads it. */
  readonly request: ReadRequest;
}

/** Appends lines of the suite's log to a store. */
export function append(log: StoredLog, from: number, to: number): void {
  if (from === to) log.append(timeAt(from), "");
  for (let line = from; line < to; line += 1) log.append(timeAt(line), lineAt(line));
}

/** Replaces it by a log that began later and has other lines, and at least as many bytes. */
export function replace(log: StoredLog): void {
  log.remove();
  for (let line = 0; line < 100; line += 1) log.append(timeAt(1_000 + line), `other ${lineAt(line)}`);
}

/** Moves a log of 40 lines to another source, which has 20 more lines. */
export function move({ run, log }: Given, to: SourceWorld): void {
  append(to.log(run), 0, 60);
  log.remove();
}
