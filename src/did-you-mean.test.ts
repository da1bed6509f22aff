import { describe, expect, it } from "vitest";
import { didYouMean } from "./did-you-mean.ts";

describe("didYouMean", () => {
  const names = ["project", "promotion", "stage", "freight"];

  it.each([
    ["projct", "project"],
    ["porject", "project"],
    ["Stage", "stage"],
    ["stages", "stage"],
    ["frieght", "freight"],
  ])("takes %s for %s", (word, meant) => {
    expect(didYouMean(word, names)).toBe(meant);
  });

  it("suggests nothing for a word that resembles none", () => {
    expect(didYouMean("constructor", names)).toBeUndefined();
    expect(didYouMean("", names)).toBeUndefined();
    expect(didYouMean("x".repeat(65), ["x".repeat(64)])).toBeUndefined();
  });

  it("prefers the nearest", () => {
    expect(didYouMean("frieghts", ["freights", "weights"])).toBe("freights");
  });
});
