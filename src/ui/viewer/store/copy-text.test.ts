import fc from "fast-check";
import { expect, it } from "vitest";
import { storeOf } from "../../../../test/fakes/blocks.ts";
import { asMarkdown, copyText, copyWithTimes } from "./copy-text.ts";

const LOG = [
  "2026-03-12T14:03:55.102Z begin",
  "no time here",
  "[14:03:56] a clock's",
  "2026-03-12T15:03:57+01:00 end",
].join("\n");
const ALL = { from: 0, to: 3 };

it("copies lines after their times, in UTC if the view shows them as written", () => {
  for (const format of ["raw", "utc"] as const) {
    expect(copyWithTimes(storeOf(LOG), ALL, format)?.split("\n")).toEqual([
      "2026-03-12T14:03:55.102Z  begin",
      "                          no time here",
      "14:03:56.000              a clock's",
      "2026-03-12T14:03:57.000Z  end",
    ]);
  }
});

it("copies relative times as the view shows them", () => {
  expect(copyWithTimes(storeOf(LOG), ALL, "rel")?.split("\n")).toEqual([
    "+0.000  begin",
    "        no time here",
    "        a clock's",
    "+1.898  end",
  ]);
});

it("copies lines without times unchanged, and only lines that are shown", () => {
  expect(copyWithTimes(storeOf("one\n  two"), { from: 0, to: 1 }, "utc")).toBe("one\n  two");
  const shown = (line: number): boolean => line === 3;
  expect(copyWithTimes(storeOf(LOG), { ...ALL, shown }, "raw")).toBe("2026-03-12T14:03:57.000Z  end");
  expect(copyText(storeOf(LOG), { ...ALL, shown }, (text, line) => `${line} ${text.length}`)).toBe("3 29");
});

it("writes Markdown with a link, in which the log's text cannot end the code or the link", () => {
  expect(asMarkdown("a\nb", "Log of shop, L1-L2", "https://taffrail.example/p/x#L1-L2")).toBe(
    "[Log of shop, L1-L2](<https://taffrail.example/p/x#L1-L2>)\n\n```text\na\nb\n```\n",
  );
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."`a\n ~") }), fc.string(), fc.webUrl(), (text, title, url) => {
      const [first = "", , ...code] = asMarkdown(text, title, url).split("\n");
      const fence = /^(`{3,})text$/.exec(code[0] ?? "")?.[1] ?? "none";
      expect(code.slice(1, -2).join("\n")).toBe(text);
      expect(code.at(-2)).toBe(fence);
      expect(text).not.toContain(fence);
      expect(first.endsWith(`](<${url}>)`)).toBe(true);
      // No title can end the link's text.
      expect(first.slice(1, first.lastIndexOf("](<")).replaceAll(/\\./gs, "")).not.toMatch(/[[\]`<>]/);
    }),
  );
});
