import { expect, it } from "vitest";
import { createLogOutput } from "./log-output.ts";

const outputWith = (command: string | undefined) => {
  const said: string[] = [];
  const io = { env: process.env, stdout: process.stdout, say: (line: string) => void said.push(line) };
  return { said, output: createLogOutput({ ...io, signal: new AbortController().signal }, command) };
};

it("a line is said at once, but not while a pager has the terminal: then it is said when that is left", async () => {
  const { said, output } = outputWith("cat > /dev/null");
  output.say("before");
  await output.print("log\n");
  output.say("in the middle");
  expect(said).toEqual(["before"]);
  await output.close();
  expect(said).toEqual(["before", "in the middle"]);
});

it("a pager that is left ends what still comes", async () => {
  const { output } = outputWith("exit 0");
  // It may be gone before, or after, there was room for this.
  await output.print("log\n").catch(() => {});
  await output.close();
  expect([output.left, output.signal.aborted]).toEqual([true, true]);
});
