import { describe, expect, it } from "vitest";
import { pageOfDeepLink } from "./deep-link.ts";

const LINK = "/ext/project/guestbook/stage/uat/analysis-run/uat.01.abc/logs";

describe("a link of Kargo's log page", () => {
  it.each([
    ["", "/p/guestbook/runs/uat.01.abc"],
    ["?job=robot", "/p/guestbook/runs/uat.01.abc/m/robot"],
    ["?job=robot&container=main", "/p/guestbook/runs/uat.01.abc/m/robot/a/last/c/main"],
    ["?job=a b%2Fc&container=&search=x%26y z", "/p/guestbook/runs/uat.01.abc/m/a%20b%2Fc?q=x%26y+z"],
    ["?container=main&search=?", "/p/guestbook/runs/uat.01.abc?q=%3F"],
  ])("with %j leads to %s", (query, page) => {
    expect(pageOfDeepLink(LINK + query)).toBe(page);
  });

  it("leads to no other host, and its names to no other page", () => {
    expect(pageOfDeepLink("/ext/project/%2F%2Fevil.example/stage/x/analysis-run/..%2F../logs")).toBe(
      "/p/%2F%2Fevil.example/runs/..%2F..",
    );
    expect(pageOfDeepLink("/ext/project/a%0d%0ab/stage/x/analysis-run/%E0%A4%A/logs")).toBe(
      "/p/a%0D%0Ab/runs/%25E0%25A4%25A",
    );
  });

  it.each([
    "/ext",
    "/ext/project/a/stage/b/analysis-run/c",
    `${LINK}/more`,
    "/ext/project//stage/b/analysis-run/c/logs",
  ])("is not %s", (target) => {
    expect(pageOfDeepLink(target)).toBeUndefined();
  });
});
