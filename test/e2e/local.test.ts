import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type LocalWorld, startLocalUi, startLocalWorld, type Ui } from "../integration/local-world.ts";
import { watchFaults } from "./browser.ts";
import { launchChromium } from "./chromium.ts";
import { suite } from "./demo-world.ts";

suite("the page of taffrail ui", () => {
  let world: LocalWorld;
  let browser: Browser;
  let ui: Ui;
  beforeAll(async () => {
    world = await startLocalWorld();
    browser = await launchChromium();
    ui = await startLocalUi(world, "anna", ["ui", "@failed"]);
  });
  afterAll(async () => {
    await ui?.stop();
    await browser?.close();
    await world?.close();
  });

  it("opens by its link, follows pages, and is closed to another browser and to other sites", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const faults = watchFaults(page);
    await page.goto(ui.link);
    await page.getByText("expected HTTP 200, got HTTP 503").first().waitFor();
    await page.goto(`${ui.origin}${ui.base}/p/guestbook/runs`);
    await page.getByText("Runs of guestbook").first().waitFor();
    await page.reload();
    await page.getByText("Runs of guestbook").first().waitFor();
    await page.goto(`${ui.origin}${ui.base}/`);
    await page.getByText("guestbook").first().waitFor();
    expect(faults).toEqual([]);

    // The cookie is not sent to another path or port of the same host, where another user may listen.
    const cookies = await context.cookies();
    expect(cookies).toMatchObject([{ path: `${ui.base}/`, httpOnly: true, sameSite: "Strict" }]);
    expect(await context.cookies([ui.origin, "http://127.0.0.1:1/"])).toEqual([]);

    const second = await context.newPage();
    await second.goto(`${ui.origin}${ui.base}/`);
    await page.getByRole("button", { name: /anna/ }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    for (const each of [page, second]) {
      await each.getByText("Each start of `taffrail ui` prints a new link.").waitFor();
    }

    const other = await (await browser.newContext()).newPage();
    await other.goto(ui.link);
    await other.getByText("This link was used before").waitFor();
    await other.goto(`${ui.origin}${ui.base}/p/guestbook/runs`);
    await other.getByText("This server is only for whoever started it").waitFor();
  });
});
