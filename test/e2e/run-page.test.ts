import { expect, it } from "vitest";
import { picture, visit } from "./browser.ts";
import { suite, useDemoWorld } from "./demo-world.ts";

const world = useDemoWorld();
const open = (path: string, options = {}) => visit(world().browser, world().gateway.url, path, options);
const RUNS = "/p/guestbook/runs";
const RATE_RUN = "prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9";

suite("a metric without a job", () => {
  it("shows what was measured against what it is held to", async () => {
    const { page, faults, close } = await open(`${RUNS}/${RATE_RUN}`);
    await page.getByText("error-rate has no log, by design").waitFor();
    const demands = await page.locator("main dl > div").allInnerTexts();
    expect(demands.map((text) => text.split(/\s*\n\s*/))).toEqual([
      ["Succeeds if", "result < 1"],
      ["Measured", "3 of 5 times, every 1 min"],
      ["Failed", "2, at most 1 allowed"],
    ]);
    expect(await page.locator("tbody tr td:nth-child(3)").allInnerTexts()).toEqual(["0.2", "4.8", "6.1"]);
    await page.getByText("Measured by web: the last value was 6.1. It succeeds if result < 1.").waitFor();
    await picture(page, "measurements");
    expect(faults).toEqual([]);
    await close();
  });
});
