import { expect, it } from "vitest";
import { createCliIo } from "./io.ts";
import { createLogOutput } from "./log-output.ts";

const outputWith = (command: string | undefined) => {
  const said: string[] = [];
  const io = { env: process.env, stdout: process.stdout, say: (line: string) => void said.push(line) };
  return { said, output: createLogOutput(createCliIo({ ...io, signal: new AbortController().signal }), command) };
};

it("prints a line at once, or after the user has quit the pager", async () => {
  const { said, output } = outputWith("cat > /dev/null");
  output.say("before");
  await output.print("log\n");
  output.say("in the middle");
  expect(said).toEqual(["before"]);
  await output.close();
  expect(said).toEqual(["before", "in the middle"]);
});

it("aborts the log when the user quits the pager", async () => {
  const { output } = outputWith("exit 0");
  // The pager may exit before or after there is room for this.
  await output.print("log\n").catch(() => {});
  await output.close();
  expect([output.quit, output.signal.aborted]).toEqual([true, true]);
});
