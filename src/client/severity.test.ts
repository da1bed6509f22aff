import { expect, it } from "vitest";
import { explainSeverity, severityOf } from "./severity.ts";

it.each<[string, string | null]>([
  ["2026-01-02T03:04:05Z ERROR no connection", "error"],
  ["\x1b[31mERROR\x1b[0m no connection", "error"],
  ["| FAIL |", "error"],
  ["--- FAIL: TestVouchers (0.01s)", "error"],
  ["Traceback (most recent call last):", "error"],
  ["panic: runtime error", "error"],
  ["npm ERR! missing script", "error"],
  ["::error file=a.ts::no", "error"],
  ["E0312 10:00:00.000 1 main.go:1] no", "error"],
  ['{"level":"error","msg":"no"}', "error"],
  ["level=fatal msg=no", "error"],
  ["[ WARN ] retry 1 of 3", "warning"],
  ['{"severity": "WARNING"}', "warning"],
  ["level=info msg=ok", "info"],
  ["[INFO] ok", "info"],
  ["DEBUG sql", "debug"],
  ["0 errors", null],
  ["error=nil", null],
  ["go test --fail-fast", null],
  ["MAX_ERRORS=3", null],
  ["AssertionError: expected 200, got 503", "error"],
  ["Error: connect ECONNREFUSED", "error"],
  ["java.lang.IllegalStateException: no", "error"],
  ["12 passed, 0 failed, ERRORS: 0", null],
  ["failures=0 level=info", "info"],
  ["\x1b[31mno connection\x1b[0m", "error"],
  ["\x1b[1;91mno connection\x1b[0m", "error"],
  ["\x1b[38;5;196mno connection\x1b[0m", "error"],
  ["\x1b[31mWARN\x1b[0m slow", "warning"],
  ["\x1b[32mok\x1b[0m", null],
  ["", null],
])("%j has the level %s", (line, level) => {
  expect(severityOf(line)).toBe(level);
});

it("looks only at the beginning of a long line", () => {
  expect(severityOf(`${"x".repeat(5_000)} ERROR`)).toBeNull();
});

it.each<[string, string | undefined]>([
  ["go: --- FAIL: TestVouchers", "FAIL"],
  ["AssertionError: expected 200", "AssertionError:"],
  ["E0312 10:00:00.000 1 main.go:1] no", "E0312"],
  ["\x1b[31mno connection\x1b[0m", ""],
  ["all is well", undefined],
])("the level of %j is in %j", (line, because) => {
  expect(explainSeverity(line)?.because).toBe(because);
});
