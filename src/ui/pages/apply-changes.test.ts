import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunChangeSchema,
  AnalysisRunSummarySchema,
  AnalysisRunChangeKind as Kind,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { applyChanges } from "./apply-changes.ts";

const run = (name: string, second: number, phase: AnalysisPhase = AnalysisPhase.RUNNING) =>
  create(AnalysisRunSummarySchema, { name, uid: `uid-${name}`, phase, createTime: timestampFromMs(second * 1_000) });
const change = (kind: Kind, analysisRun: ReturnType<typeof run>) =>
  create(AnalysisRunChangeSchema, { kind, analysisRun });

it("adds, changes and removes runs, the newest first", () => {
  const before = [run("c", 3), run("b", 2), run("a", 1)];
  const after = applyChanges(before, [
    change(Kind.DELETED, run("a", 1)),
    change(Kind.MODIFIED, run("b", 2, AnalysisPhase.FAILED)),
    change(Kind.ADDED, run("d", 4)),
    change(Kind.LEFT, run("c", 3)),
  ]);
  expect(after.map(({ name, phase }) => [name, phase])).toEqual([
    ["d", AnalysisPhase.RUNNING],
    ["b", AnalysisPhase.FAILED],
  ]);
});

it("tells runs apart by uid, and sorts those of one second by name", () => {
  const again = create(AnalysisRunSummarySchema, { ...run("a", 1), uid: "another" });
  const after = applyChanges(
    [run("a", 1)],
    [
      change(Kind.ADDED, run("z", 5)),
      change(Kind.ADDED, run("b", 5)),
      change(Kind.DELETED, run("a", 1)),
      change(Kind.ADDED, again),
    ],
  );
  expect(after.map(({ name, uid }) => [name, uid])).toEqual([
    ["b", "uid-b"],
    ["z", "uid-z"],
    ["a", "another"],
  ]);
});
