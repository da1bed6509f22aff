import { describe, expect, it } from "vitest";
import { NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { running } from "../fakes/pods.ts";
import type { CollectedLog } from "./collect-log.ts";
import { type LiveRun, useLiveWorld } from "./live-world.ts";

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const world = useLiveWorld();

/** Reads up to a limit, which cuts the first piece of the log. */
async function readTo(limit: object, run: LiveRun, more: object = {}): Promise<CollectedLog> {
  const read = run.read({ ...limit, ...more });
  await read.done;
  return read;
}

/** Resumes behind the limit. */
async function readOn(before: CollectedLog, limit: object, run: LiveRun, more: object = {}): Promise<CollectedLog> {
  const read = run.read({ ...limit, ...more, cursor: before.messages.at(-1)?.cursor ?? "" });
  await read.done;
  return read;
}

function written(lines = 6): LiveRun {
  const run = world().addRun();
  const log = run.log(run.pod());
  for (let line = 1; line <= lines; line += 1) log.append(at(line), `line ${line}\n`);
  return run;
}

describe("a cursor inside the first piece of a pod's log", () => {
  it.each<[string, object, string]>([
    ["by lines", { limitLines: 2n }, "line 1\nline 2\n"],
    ["by bytes, inside a line", { limitBytes: 10n }, "line 1\nlin"],
  ])("resumes while the node has the lines before it: cut %s", async (_, limit, begin) => {
    const run = written();
    const first = await readTo(limit, run);
    expect(first.text()).toBe(begin);
    const rest = await readOn(first, limit, run);
    expect(rest.error).toBeUndefined();
    expect("line 1\nline 2\nline 3\nline 4\n".startsWith(begin + rest.text())).toBe(true);
    expect(rest.notices()).toEqual([]);
  });

  it.each<[string, object]>([
    ["by lines", { limitLines: 2n }],
    ["by bytes, inside a line", { limitBytes: 10n }],
    ["by lines that match", { limitLines: 2n, grep: { pattern: "line" } }],
  ])("reports lines that the node has rotated away since: cut %s", async (_, limit) => {
    const run = written();
    const first = await readTo(limit, run);
    run.log(run.pod()).rotate(3);
    const rest = await readOn(first, limit, run);
    expect(rest.error).toBeUndefined();
    expect(rest.notices()).toEqual([NoticeKind.LINES_LOST]);
    expect(rest.text().startsWith("line 4\n".slice(0, rest.text().length))).toBe(true);
    expect(rest.text()).not.toBe("");
    expect(rest.end()?.headMissing).toBe(true);
  });

  it("resumes a tail", async () => {
    const run = written();
    const more = { tailLines: 4n };
    const first = await readTo({ limitLines: 2n }, run, more);
    expect(first.text()).toBe("line 3\nline 4\n");
    const rest = await readOn(first, { limitLines: 2n }, run, more);
    expect([rest.error, rest.text(), rest.notices()]).toEqual([undefined, "line 5\nline 6\n", []]);
  });

  it("skips no line in silence, where several containers are read", async () => {
    const run = world().addRun({ containers: ["main", "side"] });
    const name = run.pod({ containers: { main: running(), side: running() } });
    for (let line = 1; line <= 6; line += 1) {
      run.log(name, "main").append(at(2 * line), `main ${line}\n`);
      run.log(name, "side").append(at(2 * line + 1), `side ${line}\n`);
    }
    const more = { allContainers: true };
    const first = await readTo({ limitLines: 4n }, run, more);
    expect(first.text()).toBe("main 1\nside 1\nmain 2\nside 2\n");
    run.log(name, "main").rotate(2);
    run.log(name, "side").rotate(2);
    const rest = await readOn(first, { limitLines: 4n }, run, more);
    expect(rest.error).toBeUndefined();
    expect(rest.text()).toBe("main 5\nside 5\nmain 6\nside 6\n");
    expect(rest.notices()).toEqual([NoticeKind.LINES_LOST, NoticeKind.LINES_LOST]);
  });
});
