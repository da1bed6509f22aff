import { expect, it } from "vitest";
import { LineSeverities } from "./line-severities.ts";

/** The lines that belong to errors, by number, and the lines that are errors. */
function judged(lines: readonly string[]): { errors: number[]; belonging: number[] } {
  const severities = new LineSeverities();
  const errors: number[] = [];
  const belonging: number[] = [];
  for (const [index, line] of lines.entries()) {
    const { severity, belongs } = severities.take(line);
    if (severity === "error") errors.push(index + 1);
    if (belongs !== "none") belonging.push(index + 1);
  }
  return { errors, belonging };
}

const RULE = "-".repeat(78);

it.each<[string, readonly string[], { errors: number[]; belonging: number[] }]>([
  [
    "the message of Robot Framework, up to the rule",
    ["Redeems | FAIL |", "expected HTTP 200,", "", "got HTTP 503", RULE, "Opens | PASS |"],
    { errors: [1], belonging: [2, 3, 4] },
  ],
  [
    "the YAML block of TAP",
    ["not ok 3 - refunds", "  ---", "  error: |-", "    503 !== 200", "  code: 'ERR_ASSERTION'", "  ...", "ok 4 - x"],
    { errors: [1], belonging: [2, 3, 4, 5, 6] },
  ],
  [
    "the comments of TAP",
    ["not ok 1", "#   Failed test", "#   at t/a.t line 3.", "ok 2"],
    { errors: [1], belonging: [2, 3] },
  ],
  [
    "the stack of Java, and its causes",
    [
      "10:00:01 ERROR no",
      "a.b.StateException: no",
      "\tat a.B.c(B.java:1)",
      "Caused by: a.b.IoException: x",
      "\t... 2 more",
      "10:00:02 INFO x",
    ],
    { errors: [1], belonging: [2, 3, 4, 5] },
  ],
  [
    "the trace of Python, with the exception at its end",
    [
      "ERROR:root:no",
      "Traceback (most recent call last):",
      '  File "a.py", line 1, in <module>',
      "    a()",
      "ValueError: no",
      "done",
    ],
    { errors: [1], belonging: [2, 3, 4, 5] },
  ],
  [
    "the message of a panic in Rust",
    [
      "thread 'main' panicked at a.rs:7:5:",
      "assertion failed: 503 == 200",
      "note: run with `RUST_BACKTRACE=1`",
      "done",
    ],
    { errors: [1], belonging: [2, 3] },
  ],
  [
    "the goroutines of a panic in Go",
    ["panic: no", "", "goroutine 7 [running]:", "main.a(...)", "\t/app/a.go:41", "exit status 2"],
    { errors: [1], belonging: [2, 3, 4, 5] },
  ],
  [
    "what pytest marks",
    ["E       assert 503 == 200", "E        +  where 503", "", "t.py:12: AssertionError", "done"],
    { errors: [1], belonging: [2, 3, 4] },
  ],
  [
    "an indented message",
    ["fail: App.Worker[0]", "      redeem: 503", "info: App.Worker[0]"],
    { errors: [1], belonging: [2] },
  ],
  [
    "what a compiler shows of the source",
    ["error[E0308]: no", " --> a.rs:3:18", "  |", "3 | let x", "", "error: no"],
    { errors: [1, 6], belonging: [2, 3, 4] },
  ],
  ["no line that states a level of its own", ["ERROR a", "  ERROR b", "  INFO c"], { errors: [1, 2], belonging: [] }],
  ["no line after a warning", ["WARN a", "  b"], { errors: [], belonging: [] }],
  [
    "at most 500 lines",
    ["| FAIL |", ...Array.from({ length: 600 }, () => "x")],
    { errors: [1], belonging: Array.from({ length: 500 }, (_, at) => at + 2) },
  ],
])("to an error belongs %s", (_, lines, expected) => {
  expect(judged(lines)).toEqual(expected);
});
