import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { type LogPage, useGallery } from "./open-log.ts";

const gallery = inject("gallery");

describe.skipIf(gallery === "")("a key of the viewer", () => {
  const openInGallery = useGallery();
  const open = async (log: string, query = ""): Promise<LogPage> => {
    const log_ = await openInGallery(log, query);
    await log_.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await log_.ended();
    return log_;
  };
  const clipboard = (page: Page): Promise<string> => page.evaluate(() => navigator.clipboard.readText());
  const scrollTop = (page: Page): Promise<number> =>
    page.evaluate(() => document.querySelector('[role="region"]')?.scrollTop ?? -1);
  const selected = (page: Page): Promise<number> => page.locator('[aria-selected="true"]').count();

  it("j and k: a line down, a line up", async () => {
    const { page, current, press } = await open("robot");
    await expect.poll(current).toBe(173);
    await press("j", "j", "k");
    expect(await current()).toBe(174);
    await page.close();
  });

  it("Ctrl-d, Ctrl-u, PgDn, PgUp: half a page and a page, wherever the focus is", async () => {
    const { page, press } = await open("hundred-thousand");
    await press("g");
    expect(await scrollTop(page)).toBe(0);
    const height = await page.evaluate(() => document.querySelector('[role="region"]')?.clientHeight ?? 0);
    await press("Control+d");
    await expect.poll(() => scrollTop(page)).toBe(Math.round(height / 2));
    await press("PageDown");
    await expect.poll(() => scrollTop(page)).toBe(Math.round(height * 1.5));
    await press("PageUp", "Control+u");
    await expect.poll(() => scrollTop(page)).toBe(0);
    await page.close();
  });

  it("z: toggles wrapping", async () => {
    const { page, press } = await open("hundred-thousand");
    const wrap = page.getByRole("button", { name: "Wrap" });
    await press("z");
    expect(await wrap.getAttribute("aria-pressed")).toBe("true");
    await press("z");
    expect(await wrap.getAttribute("aria-pressed")).toBe("false");
    await page.close();
  });

  it("t: cycles through the formats of times", async () => {
    const { page, press } = await open("hundred-thousand");
    const seen: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      await press("t");
      seen.push(await page.getByLabel("Time").inputValue());
    }
    expect(seen).toEqual(["local", "utc", "rel", "delta", "raw"]);
    await page.close();
  });

  it("o: folds the group that a line is in; O: all", async () => {
    const { page, current, press } = await open("groups");
    const folds = (isOpen: boolean): Promise<number> =>
      page.locator(`button[aria-expanded="${isOpen}"][data-act]`).count();
    await press("w");
    const line = await current();
    const before = await folds(true);
    expect(before).toBeGreaterThan(0);
    await press("o");
    expect(await folds(true)).toBe(before - 1);
    expect(await current()).toBeLessThan(line ?? 0);
    await press("o", "O");
    expect([(await folds(true)) === 0, (await folds(false)) > 1]).toEqual([true, true]);
    await press("O");
    expect(await folds(false)).toBe(0);
    await page.close();
  });

  it("x, X: select a line, and up to a line; Esc clears the selection", async () => {
    const { page, press } = await open("robot", "#L10");
    await expect.poll(() => selected(page)).toBe(1);
    await press("j", "x", "j", "j", "X");
    expect(await selected(page)).toBe(3);
    await page.getByRole("group", { name: "3 lines selected" }).waitFor();
    await press("Escape");
    expect(await selected(page)).toBe(0);
    await page.close();
  });

  it("y, Y: copy the lines, and a link to them; buttons copy them with times, and as Markdown", async () => {
    const { page, press } = await open("attempt-2", "#L38-L39");
    await expect.poll(() => selected(page)).toBe(2);
    await press("y");
    await page.getByText("Copied 2 lines").first().waitFor();
    expect(await clipboard(page)).toMatch(/^ {4}at test\/voucher\.spec\.ts:41:7\n {4}at process/);
    await press("Y");
    await page.getByText("Copied the link").first().waitFor();
    const link = await clipboard(page);
    expect(link).toMatch(/\?log=attempt-2#L38-L39&h=[0-9a-f]{8}$/);
    await page.getByRole("button", { name: "Copy as Markdown" }).click();
    await page.getByText("Copied 2 lines").first().waitFor();
    expect(await clipboard(page)).toBe(
      `[Log, L38-L39](<${link}>)\n\n\`\`\`text\n    at test/voucher.spec.ts:41:7\n    at processTicksAndRejections (node:internal/process/task_queues:105:5)\n\`\`\`\n`,
    );
    await press("Escape", "k", "x");
    await page.getByRole("button", { name: "Copy with times" }).click();
    await expect
      .poll(() => clipboard(page))
      .toMatch(/^2026-03-12T15:\S+Z {2}ERROR AssertionError: expected 200, got 503$/);
    await page.close();
  });

  it("m: marks or unmarks a line; u and U go from mark to mark", async () => {
    const { page, current, press } = await open("robot");
    await press("u");
    await page.getByText("No line is marked").first().waitFor();
    await press("g", "m", "j", "j", "m", "j");
    expect(await page.getByText("◆").count()).toBe(2);
    await press("U");
    expect(await current()).toBe(3);
    await press("U");
    expect(await current()).toBe(1);
    await press("u");
    expect(await current()).toBe(3);
    await press("m");
    expect(await page.getByText("◆").count()).toBe(1);
    await page.close();
  });

  it("p: shows a whole line, and closes it again", async () => {
    const { page, press } = await open("robot");
    await press("p");
    await page.getByRole("region", { name: "The whole line" }).waitFor();
    await press("p");
    expect(await page.getByRole("region", { name: "The whole line" }).count()).toBe(0);
    await page.close();
  });

  it("colon: goes to a line, to lines, and to a time", async () => {
    const { page, current, numbersInView, press } = await open("hundred-thousand");
    for (const [where, line] of [
      ["70000-70002", 70_000],
      ["L12", 12],
    ] as const) {
      await press(":");
      await page.keyboard.type(where);
      await press("Enter");
      expect(await current()).toBe(line);
      expect(await numbersInView()).toContain(line);
    }
    await press(":");
    await page.keyboard.type("14:00:30");
    await press("Enter");
    await expect.poll(current).toBeGreaterThan(12);
    const row = page.locator('[data-current="true"]');
    expect(await row.textContent()).toContain("T14:00:30");
    await press(":", "Escape");
    expect(await page.getByLabel("Go to line or time").count()).toBe(0);
    await page.close();
  });

  it("Ctrl-f: opens the viewer's find, and at the second press the browser's own, with the whole log", async () => {
    const { page, numbersInView, press } = await open("five-thousand");
    const drawn = (): Promise<number> => page.locator("[data-line]").count();
    await press("G", "j");
    const seen = await numbersInView();
    await page.locator('[role="region"]').first().focus();
    await press("Control+f");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("type"))).toBe("search");
    expect(await drawn()).toBeLessThan(100);
    await press("Control+f");
    await expect.poll(drawn, { timeout: 20_000 }).toBe(5_000);
    expect(await numbersInView()).toEqual(seen);
    await page.locator('[role="region"]').first().click();
    await expect.poll(drawn, { timeout: 20_000 }).toBeLessThan(100);
    expect(await numbersInView()).toEqual(seen);
    await page.close();
  });

  it("is ignored while the user types", async () => {
    const { page, current, press } = await open("robot");
    await expect.poll(current).toBe(173);
    await press("/");
    await page.keyboard.type("ejzm&");
    expect(await current()).toBe(173);
    expect(await page.getByLabel("Find in the log").inputValue()).toBe("ejzm&");
    await page.close();
  });

  it("is not needed for the note about much memory, which has a button", async () => {
    const { page } = await open("hundred-thousand", "&warns=1000000");
    await page.getByText("This log uses more than 1.0 MB of this device's memory.").waitFor();
    await page.getByRole("button", { name: "Close" }).click();
    expect(await page.getByText("of this device's memory").count()).toBe(0);
    await page.close();
    const small = await open("robot", "&warns=1000000");
    expect(await small.page.getByText("of this device's memory").count()).toBe(0);
    await small.page.close();
  });
});
