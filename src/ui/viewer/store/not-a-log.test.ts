import { expect, it } from "vitest";
import { notALog } from "./not-a-log.ts";

const notices = (kind: string) => ({ notices: [{ line: 0, kind, message: "" }] });

it.each([
  ["LOOKS_LIKE_PAGE", "page"],
  ["LOOKS_LIKE_ANSWER", "answer"],
  ["SEAM", undefined],
])("an archive that the server says %s of sent %s", (kind, what) => {
  expect(notALog(notices(kind), { live: false })).toBe(what);
  expect(notALog(notices(kind), undefined)).toBe(what);
});

it("a container's log is a log, also if it begins as a web page", () => {
  expect(notALog(notices("LOOKS_LIKE_PAGE"), { live: true })).toBeUndefined();
});
