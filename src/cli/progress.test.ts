import { expect, it } from "vitest";
import { createProgress } from "./progress.ts";

it("is shown after half a second, then five times a second, and removed at the end", () => {
  let now = 0;
  const shown: string[] = [];
  const progress = createProgress(
    (text) => shown.push(text),
    () => now,
  );
  const megabyte = Buffer.from("x\n".repeat(500_000));
  progress.add(megabyte);
  now = 499;
  progress.add(megabyte);
  expect(shown).toEqual([]);
  now = 500;
  progress.add(megabyte);
  now = 600;
  progress.resumed(1_500_000, 2);
  progress.add(megabyte);
  now = 700;
  progress.add(megabyte);
  progress.clear();
  expect(shown).toEqual(["3.0 MB  1,500,000 lines", "5.0 MB  2,500,000 lines  resumed at 1.5 MB (2x)", ""]);
});

it("is not shown without a terminal", () => {
  const progress = createProgress(undefined, () => 1_000_000);
  progress.add(Buffer.from("x"));
  progress.clear();
});
