import { describe, expect, it } from "vitest";
import { emphasisParts, verbatim, withoutEmphasis } from "./emphasis.ts";

describe("a sentence with emphasis", () => {
  it.each(["**/*.robot", "*", "**", "***", "a**b", "", "*a*", "x\0y"])(
    "shows a text of others as it is: %j",
    (text) => {
      const shown = text.replaceAll("\0", "");
      expect(emphasisParts(`No file matches **${verbatim(text)}**: ${verbatim(text)}.`)).toEqual([
        "No file matches ",
        shown,
        `: ${shown}.`,
      ]);
      expect(withoutEmphasis(`**it**: ${verbatim(text)}`)).toBe(`it: ${shown}`);
    },
  );
});
