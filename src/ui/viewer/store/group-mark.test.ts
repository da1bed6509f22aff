import { describe, expect, it } from "vitest";
import { linesOf, storeOf } from "../../../../test/fakes/blocks.ts";
import { foldsOf, hiddenRanges } from "./folds.ts";
import { groupMarkOf } from "./group-mark.ts";

function foldsIn(text: string) {
  const store = storeOf(text);
  return foldsOf(store.marks, store.lines).map(({ head, end, title, depth }) => [head, end, title, depth]);
}

describe("marks", () => {
  it.each([
    ["##[group]Install", "begin", "Install"],
    ["::group::Install", "begin", "Install"],
    ["##[endgroup]", "end", ""],
    ["::endgroup::", "end", ""],
    ["section_start:1560896352:deps[collapsed=true]Install", "begin", "Install"],
    ["section_end:1560896353:deps", "end", "deps"],
    ["--- Install", "next", "Install"],
    ["+++ :test: Test", "next", ":test: Test"],
    ["^^^ +++", "open", ""],
  ])("include %j", (line, kind, title) => {
    expect(groupMarkOf(line)).toMatchObject({ kind, title });
  });

  it.each([
    "--- FAIL: TestVouchers (0.00s)",
    "---",
    "----- x",
    "--- a/src/x.ts",
    "+++ b/src/x.ts",
    "echo ##[group]x",
    "section",
  ])("do not include %j", (line) => {
    expect(groupMarkOf(line)).toBeUndefined();
  });
});

describe("groups", () => {
  it("of GitHub can be nested, also with times before the marks", () => {
    expect(foldsIn("a\n##[group]one\nb\n::group::two\nc\n::endgroup::\n##[endgroup]\nd")).toEqual([
      [1, 7, "one", 0],
      [3, 6, "two", 1],
    ]);
    expect(foldsIn("2026-01-01T00:00:00.0000000Z ##[group]one\nb\n2026-01-01T00:00:00.0000000Z ##[endgroup]")).toEqual([
      [0, 3, "one", 0],
    ]);
  });

  it("of GitLab have their titles after a carriage return, and are not progress bars", () => {
    const esc = "\x1b[0K";
    const text = `${esc}section_start:1:a\r${esc}Install\nx\n${esc}section_end:2:a\r${esc}section_start:2:b\r${esc}Test\ny\n${esc}section_end:3:b\r${esc}\nz`;
    expect(foldsIn(text)).toEqual([
      [0, 3, "Install", 0],
      [2, 5, "Test", 0],
    ]);
    const store = storeOf(text);
    expect(linesOf(store)[0]).toBe("Install");
    expect(store.overwrittenAt(0)).toBeUndefined();
  });

  it("of Buildkite end where the next one starts", () => {
    expect(foldsIn("--- one\na\nb\n+++ :docker: two\nc\n~~~ three\nd")).toEqual([
      [0, 3, "one", 0],
      [3, 5, ":docker: two", 0],
      [5, 7, "three", 0],
    ]);
    expect(foldsIn("~~~ Preparing working directory\na\n--- one\nb")).toHaveLength(2);
    expect(foldsIn("--- one\na\n^^^ +++\nb")).toHaveLength(1);
  });

  it.each([
    [
      "bash -x",
      "+ main\n++ current_version\n+++ cat VERSION\n++ echo 1.4.2\n+ VERSION=1.4.2\n+ curl -fsS https://shop",
    ],
    ["a test runner", "--- STDERR: shop::refund ---\nthread panicked\n--- STDOUT: shop::pay ---\nok\nok"],
    ["Markdown", "~~~ sh\nmake\nmake install\n~~~ \n--- a rule\ntext\ntext"],
  ])("hide no line of what %s prints", (_, log) => {
    expect(foldsIn(log)).toEqual([]);
  });

  it.each([
    ["a shell's trace", "+ main\n++ version\n+++ cat VERSION\n++ echo 1.4.2\n+++ cat OTHER\na\nb"],
    ["a diff of files", "--- expected.json\t2026-11-30\n+++ actual.json\t2026-11-30\n@@ -1 +1 @@\n-200\n+503\na\nb"],
    ["cargo-nextest", "--- STDERR:   shop::refund ---\na\nb\n--- STDERR:   shop::order ---\nc\nd"],
  ])("of Buildkite are not in %s", (_, text) => {
    expect(foldsIn(text)).toEqual([]);
  });

  it.each(["~~~ Preparing plugins", "--- :docker: Build", "^^^ +++"])(
    "of Buildkite count once %j has proved it",
    (proof) => {
      expect(foldsIn(`--- one\na\nb\n${proof}\nc\nd`)[0]).toEqual([0, proof === "^^^ +++" ? 6 : 3, "one", 0]);
    },
  );

  it("are not started by the headers of a diff", () => {
    expect(foldsIn("--- Expected\n+++ Actual\n@@ -1 +1 @@\n-a\n+b")).toEqual([]);
  });

  it("hide their lines once if a nested one is folded too", () => {
    const store = storeOf("##[group]one\na\n##[group]two\nb\n##[endgroup]\n##[endgroup]\nc");
    const folds = foldsOf(store.marks, store.lines);
    expect(hiddenRanges(folds, () => true)).toEqual([[1, 6]]);
    expect(hiddenRanges(folds, ({ title }) => title === "two")).toEqual([[3, 5]]);
  });
});
