import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { picture, visit } from "./browser.ts";
import { LIVE_RUN, suite, useDemoWorld } from "./demo-world.ts";

const world = useDemoWorld();
const RUN = `/p/guestbook/runs/${LIVE_RUN}`;
const open = (options = {}) => visit(world().browser, world().gateway.url, RUN, options);

const foot = (page: Page) => page.locator("main footer");
const isFollowing = (page: Page) => page.getByRole("button", { name: "Follow" }).getAttribute("aria-pressed");
const linesOf = async (page: Page): Promise<number> =>
  Number(/([\d,]+) lines/.exec((await foot(page).textContent()) ?? "")?.[1]?.replace(",", "") ?? 0);
async function grows(page: Page): Promise<void> {
  const before = await linesOf(page);
  await expect.poll(() => linesOf(page), { timeout: 40_000 }).toBeGreaterThan(before);
}

/** Lets a page believe that its tab is hidden or shown. */
async function show(page: Page, state: "hidden" | "visible"): Promise<void> {
  await page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));`);
}

suite("a live log", () => {
  it("has one clock", async () => {
    const { page, close } = await open();
    await page.getByText("Container soak is running.").waitFor();
    const clocks = async () =>
      (await page.locator("body").allInnerTexts()).join().match(/\b\d+ (?:hr|min|sec|hour|minute|second)s?\b/g) ?? [];
    expect((await clocks()).length).toBeLessThanOrEqual(2);
    await picture(page, "one-clock");
    await close();
  });

  it("is called live whether or not the view follows it, and has the source that is read now", async () => {
    const { page, close } = await open();
    await grows(page);
    await foot(page).getByText("live", { exact: true }).waitFor();
    await foot(page).getByText("from pods", { exact: true }).waitFor();
    expect(await isFollowing(page)).toBe("true");
    await page.keyboard.press("f");
    expect(await isFollowing(page)).toBe("false");
    await foot(page).getByText("live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Delete the pod" }).click();
    await foot(page).getByText("from store", { exact: true }).waitFor({ timeout: 40_000 });
    await close();
  });

  it("resumes by itself once access is restored", async () => {
    const { page, close } = await open();
    await grows(page);
    for (const name of ["Restart the server", "Cut the network"]) {
      await page.getByRole("button", { name }).click();
      await grows(page);
    }
    await page.getByRole("button", { name: "Revoke access" }).click();
    await page.getByText("NOT complete: you may no longer read this").first().waitFor({ timeout: 40_000 });
    await page.getByText("the log resumes by itself once you have access again").waitFor();
    const before = await linesOf(page);
    await page.getByRole("button", { name: "Restore access" }).click();
    await expect.poll(() => linesOf(page), { timeout: 60_000 }).toBeGreaterThan(before);
    expect(await page.getByText("could not be resumed").count()).toBe(0);
    await foot(page).getByText("live", { exact: true }).waitFor();
    expect(await isFollowing(page)).toBe("true");
    await close();
  });

  it("that is resumed at once after access was restored says nothing false", async () => {
    const { page, close } = await open();
    await grows(page);
    await page.getByRole("button", { name: "Revoke access" }).click();
    await page.getByText("NOT complete: you may no longer read this").first().waitFor({ timeout: 40_000 });
    await page.getByRole("button", { name: "Resume" }).last().click();
    // Still denied.
    await page.getByText("NOT complete: you may no longer read this").first().waitFor();
    expect(await page.getByText("could not be resumed").count()).toBe(0);
    await page.getByRole("button", { name: "Restore access" }).click();
    await grows(page);
    await close();
  });

  it("in hidden tabs leaves a connection to the seventh tab, and is resumed without a line lost", async () => {
    const first = await open();
    const pages = [first.page];
    while (pages.length < 7) {
      const before = pages.at(-1) as Page;
      await before.locator("[data-line]").first().waitFor({ timeout: 30_000 });
      await show(before, "hidden");
      const page = await first.context.newPage();
      pages.push(page);
      await page.goto(world().gateway.url + RUN, { timeout: 30_000 });
    }
    await grows(pages[6] as Page);
    await pages[6]?.close();
    const seen = await linesOf(first.page);
    await show(first.page, "visible");
    await expect.poll(() => linesOf(first.page), { timeout: 40_000 }).toBeGreaterThan(seen);
    await first.page.getByText("0 lost, 0 duplicated").waitFor();
    expect(await first.page.getByText("The connection broke").count()).toBe(0);
    await first.close();
  });
});
