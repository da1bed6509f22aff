import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunChangeKind,
  AnalysisRunChangeSchema,
  AnalysisRunSummarySchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { applyChanges, changesOf, diffRuns, type RunChange } from "./apply-changes.ts";

const run = (name: string, second: number, phase: AnalysisPhase = AnalysisPhase.RUNNING) =>
  create(AnalysisRunSummarySchema, { name, uid: `uid-${name}`, phase, createTime: timestampFromMs(second * 1_000) });
const change = (kind: RunChange["kind"], made: ReturnType<typeof run>): RunChange => ({ kind, run: made });

it("adds, replaces and removes runs, newest first", () => {
  const before = [run("c", 3), run("b", 2), run("a", 1)];
  const after = applyChanges(before, [
    change("deleted", run("a", 1)),
    change("modified", run("b", 2, AnalysisPhase.FAILED)),
    change("added", run("d", 4)),
    change("left", run("c", 3)),
  ]);
  expect(after.map(({ name, phase }) => [name, phase])).toEqual([
    ["d", AnalysisPhase.RUNNING],
    ["b", AnalysisPhase.FAILED],
  ]);
});

it("tells runs apart by uid, and sorts runs of the same second by name", () => {
  const again = create(AnalysisRunSummarySchema, { ...run("a", 1), uid: "another" });
  const after = applyChanges(
    [run("a", 1)],
    [
      change("added", run("z", 5)),
      change("added", run("b", 5)),
      change("deleted", run("a", 1)),
      change("added", again),
    ],
  );
  expect(after.map(({ name, uid }) => [name, uid])).toEqual([
    ["b", "uid-b"],
    ["z", "uid-z"],
    ["a", "another"],
  ]);
});

it("compares two lists: runs that are gone first, then the others, oldest first", () => {
  const before = [run("c", 3), run("b", 2), run("a", 1)];
  const now = [run("e", 5), run("d", 4), run("c", 3), run("b", 2, AnalysisPhase.FAILED)];
  const told = diffRuns(before, now).map(({ kind, run: { name } }) => `${kind} ${name}`);
  expect(told).toEqual(["left a", "modified b", "added d", "added e"]);
  expect(diffRuns(now, [...now])).toEqual([]);
});

it("ignores changes of an unknown kind, and those without a run", () => {
  const odd = [{ kind: 99 as AnalysisRunChangeKind, analysisRun: run("a", 1) }, { kind: AnalysisRunChangeKind.ADDED }];
  const known = { kind: AnalysisRunChangeKind.LEFT, analysisRun: run("b", 1) };
  const changes = [...odd, known].map((each) => create(AnalysisRunChangeSchema, each));
  expect(changesOf(changes).map(({ kind, run: { name } }) => `${kind} ${name}`)).toEqual(["left b"]);
});
