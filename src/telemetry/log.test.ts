import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createLog, describeError } from "./log.ts";

const inner = Object.assign(new Error("inner"), { code: "ECONNRESET", data: "planted" });
const outer = Object.assign(new TypeError("outer", { cause: inner }), { headers: { authorization: "planted" } });

describe("the log", () => {
  it("writes an error's name, message, code, causes and stack, and none of its properties", () => {
    const lines: string[] = [];
    createLog("info", { write: (line) => void lines.push(line) }).warn({ err: outer }, "failed");
    const { err } = JSON.parse(lines.join(""));
    expect(err).toEqual({
      type: "TypeError",
      message: "outer: inner",
      code: "ECONNRESET",
      stack: expect.stringMatching(/^TypeError: outer\n.*log\.test.*\ncaused by: Error: inner\n/s),
    });
    expect(lines.join("")).not.toContain("planted");
  });

  it("is complete on standard output however soon the process exits", async () => {
    const module = new URL("log.ts", import.meta.url).href;
    const program = `const { createLog } = await import(${JSON.stringify(module)});
      const log = createLog("info");
      for (let index = 0; index < 2_000; index += 1) log.info({ index }, "a line");
      process.exit(0);`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).index)).toEqual(Array.from({ length: 2_000 }, (_, index) => index));
  });

  it("writes each error of an AggregateError", () => {
    const several = new Error("all", { cause: new AggregateError([inner, outer], "two") });
    expect(describeError(several)).toMatchObject({
      message: "all: two",
      errors: [{ message: "inner" }, { message: "outer: inner" }],
    });
  });

  it("ends with circular causes", () => {
    const circle = new Error("round");
    circle.cause = circle;
    const knot = new AggregateError([], "knot");
    knot.errors.push(knot, knot);
    expect(describeError(circle).message).toBe("round");
    expect(describeError(knot).errors).toHaveLength(2);
  });

  it("shows nothing of a thrown value that is not an Error", () => {
    expect(describeError("planted")).toEqual({ type: "string", message: "A value that is not an Error was thrown." });
  });
});
