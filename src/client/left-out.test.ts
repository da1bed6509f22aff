import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AnalysisRunSummarySchema, LeftOutSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { LEFT_OUT_WORDS } from "../cli/run-words.ts";
import { failedDryRunNames, leftOutParts } from "./left-out.ts";

describe("what of a run is not shown", () => {
  it("is named with its counts", () => {
    const all = {
      metrics: 800,
      attempts: 1,
      containers: 2,
      arguments: 3,
      dryRunRules: 4,
      freight: 5,
      pods: 6,
      links: true,
    };
    expect(leftOutParts(create(LeftOutSchema, all), LEFT_OUT_WORDS)).toEqual([
      "800 metrics",
      "1 attempt",
      "2 containers",
      "3 arguments",
      "4 dry-run rules",
      "5 Freight",
      "6 pods",
      "links",
    ]);
  });

  it("is nothing of most runs", () => {
    expect(leftOutParts(undefined, LEFT_OUT_WORDS)).toEqual([]);
    expect(leftOutParts(create(LeftOutSchema), LEFT_OUT_WORDS)).toEqual([]);
  });
});

it("the names of failed dry runs say how many more there are", () => {
  const names = (fields: object) => failedDryRunNames(create(AnalysisRunSummarySchema, fields));
  expect(names({})).toBe("");
  expect(names({ failedDryRuns: ["a", "b"] })).toBe("a, b");
  expect(names({ failedDryRuns: ["a", "b"], moreFailedDryRuns: 180 })).toBe("a, b (+180)");
});
