import { expect, it } from "vitest";
import { tryCommand } from "./run-command.ts";

it("a command that exits before it has read its input does not fail", async () => {
  const input = "x".repeat(4 * 1024 * 1024);
  expect(await tryCommand("sh", ["-c", "exec 0<&-; echo done; exit 3"], { input })).toMatchObject({
    status: 3,
    stdout: "done\n",
  });
});
