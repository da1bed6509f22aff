import { describe, expect, it } from "vitest";
import { storeOf } from "../../test/fakes/blocks.ts";
import { LEVEL_MASK, LINE_ERROR, LINE_WARNING } from "../ui/viewer/store/block.ts";
import { explainSeverity, type Severity, severityOf } from "./severity.ts";

type Row = readonly [line: string, severity: Severity | null];

/** Lines that state their level. */
const STATED: readonly Row[] = [
  // JSON
  ['{"level":"error","msg":"no"}', "error"],
  ['{"level":50,"time":1764496800123,"msg":"db down"}', "error"],
  ['{"level":60,"time":1764496800123,"msg":"db down"}', "error"],
  ['{"level":40,"msg":"ERROR is only a word here"}', "warning"],
  ['{"level":30,"msg":"upstream said ERROR"}', "info"],
  ['{"level":20,"msg":"FAILED once"}', "debug"],
  ['{"Level":"Error","MessageTemplate":"no"}', "error"],
  ['{"@t":"2026-11-30T10:00:00Z","@l":"Fatal","@m":"no"}', "error"],
  ['{"@t":"2026-11-30T10:00:00Z","@l":"Warning","@m":"FATAL"}', "warning"],
  ['{"level":"info","msg":"GET /errors?level=error 200"}', "info"],
  ['{"msg":"{\\"level\\":\\"error\\"}","level":"info"}', "info"],
  ['{"request":{"level":"error"},"level":"info"}', "info"],
  ['{"severity": "WARNING"}', "warning"],
  ['{"severity":"NOTICE","message":"ERROR"}', "info"],
  ['{"log.level":"error","message":"no"}', "error"],
  ['{"t":{"$date":"2026-11-30T10:00:00Z"},"s":"E","c":"STORAGE","msg":"no"}', "error"],
  ['{"t":{"$date":"2026-11-30T10:00:00Z"},"s":"I","c":"STORAGE","msg":"ERROR"}', "info"],
  ['2026-11-30T10:00:00Z {"level":"error","msg":"no"}', "error"],
  ['{"msg":"Error: no"}', "error"],
  ['api-1  | {"level":50,"msg":"db down"}', "error"],
  // logfmt
  ['time=2026-11-30T10:00:00Z level=info msg="upstream said ERROR, trying again"', "info"],
  ['msg="set level=error" level=warn', "warning"],
  ["level=fatal msg=no", "error"],
  ['level="error" msg=no', "error"],
  ["time=10:00 lvl=eror level=error", "error"],
  ["failures=0 level=info", "info"],
  // A word before the message
  ["2026-01-02T03:04:05Z ERROR no connection", "error"],
  ["INFO  c.e.Job - 3 FAILED rows skipped as configured", "info"],
  ["10:00:01.123 [main] INFO  c.e.Job - ERROR was seen", "info"],
  ["2026-11-30 10:00:01,123 - shop.orders - WARNING - FAILED once", "warning"],
  ["26/11/30 10:00:02 ERROR executor.Executor: Exception in task 3.0", "error"],
  ["26/11/30 10:00:02 INFO executor.Executor: ERROR handler registered", "info"],
  ["2026-11-30 10:00:00 UTC [123] ERROR:  relation does not exist", "error"],
  ["2026-11-30 10:00:00.123 UTC [123] LOG:  no ERROR yet", "info"],
  ["Nov 30 10:00:01 node-1 app[12]: WARN FAILED probes", "warning"],
  ["- 1117838570 2005.06.03 R02-M1-N0-C:J12-U11 RAS KERNEL INFO parity ERROR corrected", "info"],
  ["api-1  | 10:00:01 DEBUG ERROR", "debug"],
  ["[2026-11-30T10:00:00Z ERROR shop] no", "error"],
  ["[10:00:01 ERR] no", "error"],
  ["[10:00:01 INF] FATAL", "info"],
  ["ERROR:root:no", "error"],
  ["INFO:root:ERROR", "info"],
  ["DEBUG sql", "debug"],
  ["2026-11-30T10:00:00.000Z\terror\tmain.go:3\tno", "error"],
  ["2026-09-28 04:30:30, Info                  CBS    ERROR", "info"],
  ["info: ERROR", "info"],
  // In brackets
  ["[INFO] BUILD: FAIL-fast off", "info"],
  ["[ERROR] no", "error"],
  ["[ WARN ] retry 1 of 3 FAILED", "warning"],
  ["[Sun Dec 04 04:47:44 2005] [error] mod_jk child in error state", "error"],
  ["2026/11/30 10:00:01 [warn] 7#7: FAILED", "warning"],
  ["2026-11-30T10:00:00Z 0 [Warning] [MY-010068] FATAL", "warning"],
  // Letters and other names
  ["E0312 10:00:00.000 1 main.go:1] no", "error"],
  ["I0312 10:00:00.000 1 main.go:1] ERROR", "info"],
  ["12-17 19:31:36.263  1795  1825 E PowerManager: no", "error"],
  ["12-17 19:31:36.263  1795  1825 W PowerManager: ERROR", "warning"],
  ["E/PowerManager( 1795): no", "error"],
  ["fail: App.Worker[0]", "error"],
  ["info: App.Worker[0] FAILED", "info"],
  ["ERRO[0012] no", "error"],
  ["INFO[0012] ERROR", "info"],
  ["::error file=a.ts::no", "error"],
  ["##[error]no", "error"],
  ["##[debug]ERROR", "debug"],
  ["npm ERR! missing script", "error"],
  ["npm error code ELIFECYCLE", "error"],
  ["npm warn deprecated FAIL", "warning"],
  // What passed
  ["ok 12 - returns an error: 404", null],
  ["    ok 3 - ERROR is thrown", null],
  ["✓ shows ERROR: on 500", null],
  ["  ✔ FAILED orders are listed (1.2ms)", null],
  ["--- PASS: TestERROR (0.01s)", null],
  ["=== RUN   TestFAILED/ERROR", null],
  ["tests/test_shop.py::test_FAILED[ERROR] PASSED       [ 12%]", null],
  ["Shows ERROR page                      | PASS |", null],
];

/** Lines that state no level, but report an error in the way of some tool. */
const FORMS: readonly Row[] = [
  ["| FAIL |", "error"],
  ["Visitor redeems a voucher              | FAIL |", "error"],
  ["not ok 301 - refunds a cancelled order", "error"],
  ["    not ok 1 - inner", "error"],
  ["not ok 4 - later # TODO not written", null],
  ["not ok 5 - elsewhere # SKIP no network", null],
  ["curl: (22) The requested URL returned error: 503", "error"],
  ["okcurl: (22) The requested URL returned error: 503", "error"],
  ["</html>curl: (28) Operation timed out", "error"],
  ["error: timed out waiting for the condition on jobs/seed", "error"],
  ["Error: connect ECONNREFUSED", "error"],
  ["fatal: not a git repository", "error"],
  ["FATAL: no", "error"],
  ["10:00:01 error: no", "error"],
  ["src/main.c:3:5: error: expected ';'", "error"],
  ["src/a.ts(3,5): error TS2322: no", "error"],
  ["error[E0308]: mismatched types", "error"],
  ["git: fatal: no", "error"],
  ["AssertionError [ERR_ASSERTION]: 503 == 200", "error"],
  ["AssertionError: expected 200, got 503", "error"],
  ["java.lang.IllegalStateException: no", "error"],
  ["AssertionError", "error"],
  ["java.lang.NullPointerException", "error"],
  ["thread 'main' panicked at src/main.rs:7:5:", "error"],
  ["thread 'main' (1234) panicked at src/main.rs:7:5:", "error"],
  ["     ✗ status is 200", "error"],
  ["✖ refunds (1.2ms)", "error"],
  ["  ✕ refunds (4 ms)", "error"],
  [" × src/shop.test.ts > refunds", "error"],
  ["  ● Cart › refunds", "error"],
  ["E       assert 503 == 200", "error"],
  ["FAILED tests/test_shop.py::test_refunds - assert 503 == 200", "error"],
  ["tests/test_shop.py::test_refunds FAILED      [ 50%]", "error"],
  ["--- FAIL: TestVouchers (0.01s)", "error"],
  ["FAIL\texample.com/shop\t0.012s", "error"],
  ["> Task :test FAILED", "error"],
  ["FAILURE: Build failed with an exception.", "error"],
  ["  Failed Shop.Refunds [12 ms]", "error"],
  ["Traceback (most recent call last):", "error"],
  ["panic: runtime error", "error"],
  ["warning: unused variable: `x`", "warning"],
  ["src/main.c:3:5: warning: unused", "warning"],
];

/** Lines that only sound like an error. */
const HARMLESS: readonly Row[] = [
  ["0 errors", null],
  ["Found 0 errors. Watching for file changes.", null],
  ["no errors found", null],
  ["error=nil", null],
  ["go test --fail-fast", null],
  ["curl --fail -sS https://shop.example/", null],
  ["MAX_ERRORS=3", null],
  ["12 passed, 0 failed, ERRORS: 0", null],
  ["Total: 3 (HIGH: 2, CRITICAL: 0)", null],
  ["3 tests, 2 passed, 1 failed", null],
  ["the error page is shown", null],
  ["     checks.....: 66.66% ✓ 2 ✗ 1", null],
  ["GET /errors 200", null],
  ["Elastic search started", null],
  ["Everything is fine: errors are handled", null],
  ["EE   is no mark", null],
  ["", null],
];

describe("the level that a line states counts, and not the words in its text", () => {
  it.each(STATED)("%j: %s", (line, severity) => {
    expect(severityOf(line)).toBe(severity);
  });
});

describe("a line that states no level", () => {
  it.each(FORMS)("has one by its form: %j: %s", (line, severity) => {
    expect(severityOf(line)).toBe(severity);
  });

  it.each(HARMLESS)("has none because of a word: %j", (line, severity) => {
    expect(severityOf(line)).toBe(severity);
  });

  it("is an error if it is red, unless it is of a diff, or a heading", () => {
    expect(severityOf("no connection", true)).toBe("error");
    expect(severityOf("WARN slow", true)).toBe("warning");
    expect(severityOf("level=info msg=red", true)).toBe("info");
    for (const line of [
      "-200",
      "- old",
      "+new",
      "@@ -1 +1 @@",
      "_____ test_redeem _____",
      "=== 1 failed ===",
      "",
      "---",
    ])
      expect(severityOf(line, true)).toBeNull();
  });
});

it("the page finds the same errors and warnings, with and without other characters in the log", () => {
  const lines = [...STATED, ...FORMS, ...HARMLESS];
  const judged = (text: string, line: number): Severity | null => {
    const level = (storeOf(text).at(line)?.block.flags[line] ?? 0) & LEVEL_MASK;
    return level === LINE_ERROR ? "error" : level === LINE_WARNING ? "warning" : null;
  };
  for (const [line, severity] of lines) {
    const grave = severity === "error" || severity === "warning" ? severity : null;
    expect([line, judged(line, 0)]).toEqual([line, grave]);
    expect([line, judged(`Größe\n${line}\n`, 1)]).toEqual([line, grave]);
  }
});

it("looks only at the beginning of a long line, but NULs do not count", () => {
  expect(severityOf(`${"x".repeat(5_000)} ERROR`)).toBeNull();
  expect(severityOf("[NUL x 1,048,576]10:00:01 INFO ERROR")).toBe("info");
});

it.each<[string, string | undefined]>([
  ["go: --- FAIL: TestVouchers", "FAIL"],
  ["AssertionError: expected 200", "AssertionError:"],
  ["E0312 10:00:00.000 1 main.go:1] no", "E0312"],
  ['{"level":50,"msg":"no"}', '"level":50'],
  ["all is well", undefined],
])("what says the level of %j is %j", (line, because) => {
  expect(explainSeverity(line)?.because).toBe(because);
});
