import { describe, expect, it } from "vitest";
import { useWorld } from "./world.ts";

const LINK = "/ext/project/shop/stage/uat/analysis-run/uat.run-1/logs?job=checks&container=main&search=a%20b";
const PAGE = "/p/shop/runs/uat.run-1/m/checks/a/last/c/main?q=a+b";

describe("a link of Kargo's log page", () => {
  const world = useWorld();
  const based = useWorld({ config: { basePath: "/taffrail" } });
  const get = (url: string, method = "GET") => fetch(url, { method, redirect: "manual" });

  it("redirects to the web page on the same host, without sign-in", async () => {
    for (const method of ["GET", "HEAD"]) {
      const response = await get(world().url + LINK, method);
      expect([response.status, response.headers.get("location")]).toEqual([302, PAGE]);
    }
    expect((await get(world().url + LINK, "POST")).status).toBe(404);
  });

  it("stays below the base path", async () => {
    for (const base of ["/taffrail", ""]) {
      expect((await get(based().url + base + LINK)).headers.get("location")).toBe(`/taffrail${PAGE}`);
    }
  });
});
