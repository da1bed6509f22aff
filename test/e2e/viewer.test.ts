import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { type LogPage, useGallery } from "./open-log.ts";

const gallery = inject("gallery");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The content of the clipboard after a copy. */
function copied(page: Page): Promise<string> {
  return page.evaluate(() => {
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent("copy", { clipboardData, bubbles: true, cancelable: true });
    document.querySelector('[role="region"]')?.dispatchEvent(event);
    return clipboardData.getData("text/plain");
  });
}

describe.skipIf(gallery === "")("the viewer in a browser", () => {
  const open = useGallery();
  const openEnded = async (log: string, query = ""): Promise<LogPage> => {
    const log_ = await open(log, query);
    await log_.ended();
    return log_;
  };

  it("opens a finished log on its first error, centered, and steps through errors", async () => {
    const { page, current, numbersInView, press } = await openEnded("robot");
    await expect.poll(current).toBe(173);
    const seen = await numbersInView();
    expect(Math.abs(seen.indexOf(173) - seen.length / 2)).toBeLessThan(3);
    // The lines in between belong to the first one.
    await press("e");
    expect(await current()).toBe(260);
    await press("E", "w");
    expect(await current()).toBe(172);
    await press("W", "e", "e");
    expect(await current()).toBe(260);
    await press("e");
    expect(await current()).toBe(173);
    await page.getByText("wrapped around").first().waitFor();
    await page.close();
  });

  it("opens on the lines of its address, and says if they have changed", async () => {
    const { page, current } = await openEnded("hundred-thousand", "#L50000-L50002");
    await expect.poll(current).toBe(50_000);
    await page.waitForSelector('[aria-selected="true"]');
    expect(await page.locator('[aria-selected="true"]').count()).toBe(3);
    await page.close();
    const changed = await openEnded("hundred-thousand", "#L50000&h=00000000");
    await changed.page.getByText("the log has changed").first().waitFor();
    await changed.page.close();
  });

  it("finds a text: counts and steps through matches, shows only matching lines, with context", async () => {
    const { page, current, numbersInView, press } = await openEnded("robot");
    await press("/");
    await page.keyboard.type("voucher");
    await page.getByText("2 of 3").waitFor();
    await press("Enter");
    expect(await current()).toBe(175);
    await press("Shift+Enter");
    expect(await current()).toBe(173);
    expect(await page.locator("mark").count()).toBe(3);
    await press("Escape", "n", "&");
    await expect.poll(numbersInView).toEqual([172, 173, 175]);
    await page.getByLabel("Lines around").fill("1");
    await expect.poll(numbersInView).toEqual([171, 172, 173, 174, 175, 176]);
    await press("Escape", "Escape");
    await page.close();
  });

  it("kills a pattern that never ends, and stays usable", async () => {
    const { page, current, press } = await openEnded("robot");
    await page.getByRole("button", { name: "Regular expression" }).click();
    await press("/");
    await page.keyboard.type("(=+)+x");
    await page.getByText("gave up after 1 s").waitFor();
    await press("Escape", "g", "j");
    expect(await current()).toBe(2);
    await press("/");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("^Checkout.*paid");
    await page.getByText("of 2").waitFor();
    await page.keyboard.press("Control+a");
    await page.keyboard.type("(");
    await page.getByText("not a regex").waitFor();
    await page.close();
  });

  it("follows a live log until the user acts, counts new lines, and follows again at the end", async () => {
    const { page, press } = await open("live");
    const atEnd = (): Promise<boolean> =>
      page.evaluate(() => {
        const box = document.querySelector('[role="region"]');
        return box !== null && box.scrollTop + box.clientHeight > box.scrollHeight - 25;
      });
    const lines = (): Promise<number> => page.evaluate(() => Number(document.documentElement.dataset.lines));
    await expect.poll(lines, { timeout: 60_000 }).toBeGreaterThan(60);
    expect(await atEnd()).toBe(true);
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -200);
    await page.getByRole("button", { name: /new lines?/ }).waitFor();
    const held = await page.evaluate(() => document.querySelector('[role="region"]')?.scrollTop);
    const before = await lines();
    await expect.poll(lines, { timeout: 60_000 }).toBeGreaterThan(before + 10);
    expect(await page.evaluate(() => document.querySelector('[role="region"]')?.scrollTop)).toBe(held);
    await press("G");
    await expect.poll(() => page.getByRole("button", { name: /new lines?/ }).count()).toBe(0);
    await expect.poll(atEnd).toBe(true);
    await press("f");
    await page.getByRole("button", { name: /new lines?/ }).waitFor();
    await page.close();
  });

  it("follows while its box grows and shrinks: only the user's scroll ends that", async () => {
    const { page } = await open("live");
    const lines = (): Promise<number> => page.evaluate(() => Number(document.documentElement.dataset.lines));
    await expect.poll(lines, { timeout: 60_000 }).toBeGreaterThan(60);
    const follow = page.getByRole("button", { name: "Follow" });
    for (const height of [500, 600, 700, 640, 900, 901]) {
      await page.setViewportSize({ width: 1280, height });
      const before = await lines();
      await expect.poll(lines, { timeout: 60_000 }).toBeGreaterThan(before);
      expect([height, await follow.getAttribute("aria-pressed")]).toEqual([height, "true"]);
    }
    // The same, if something around it goes away.
    await page.evaluate(() =>
      document.querySelector<HTMLElement>('[role="toolbar"]')?.style.setProperty("height", "90px"),
    );
    const before = await lines();
    await expect.poll(lines, { timeout: 60_000 }).toBeGreaterThan(before);
    await page.evaluate(() => document.querySelector<HTMLElement>('[role="toolbar"]')?.style.removeProperty("height"));
    await expect.poll(lines, { timeout: 60_000 }).toBeGreaterThan(before + 20);
    expect(await follow.getAttribute("aria-pressed")).toBe("true");
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, -40);
    await expect.poll(() => follow.getAttribute("aria-pressed")).toBe("false");
    await page.close();
  });

  it("goes to the nearest match as the user types, and stays there for a half-typed pattern", async () => {
    const { page, current, press } = await openEnded("robot");
    await expect.poll(current).toBe(173);
    await press("g", "/");
    await page.keyboard.type("retry");
    await expect.poll(current).toBe(172);
    await page.getByText("1 of 1").first().waitFor();
    await press("Escape", "g", "/");
    await page.keyboard.press("Control+a");
    await page.getByRole("button", { name: "Regular expression" }).click();
    await page.getByLabel("Find in the log").fill("");
    await page.keyboard.type("vou");
    await expect.poll(current).toBe(172);
    await page.getByRole("button", { name: "Only matches" }).click();
    const rows = () => page.locator("[data-line]").count();
    await expect.poll(rows).toBe(3);
    await press("/");
    await page.keyboard.press("End");
    await page.keyboard.type("(");
    await page.getByText("not a regex").waitFor();
    expect(await rows()).toBe(3);
    expect(await current()).toBe(172);
    await page.keyboard.type("cher)");
    await page.getByText("1 of 3").first().waitFor();
    await page.close();
  });

  it("says how far it has searched, instead of that there is no line", async () => {
    const { page } = await openEnded("million");
    await page.getByRole("button", { name: "Only matches" }).click();
    await page.getByRole("button", { name: "Regular expression" }).click();
    const said = page.evaluate(
      () =>
        new Promise<string[]>((resolve) => {
          const seen = new Set<string>();
          const look = (): void => {
            const words = document.querySelector('[role="region"]')?.textContent ?? "";
            if (/searching … \d+ %/.test(words)) seen.add("searching");
            if (words.includes("No lines match")) seen.add("none");
            if (seen.has("none")) resolve([...seen]);
            else requestAnimationFrame(look);
          };
          look();
        }),
    );
    await page.getByLabel("Find in the log").fill("no such line as this");
    expect(await said).toEqual(["searching", "none"]);
    await page.close();
  });

  it.each([1280, 900, 600])("cuts no text of a wrapped line, whatever its characters, %i px wide", async (width) => {
    const { page, press } = await openEnded("emoji", "&wrap");
    await page.setViewportSize({ width, height: 700 });
    await press("G", "g");
    const cut = () =>
      page.evaluate(() =>
        [...document.querySelectorAll<HTMLElement>("[data-line]")].flatMap((row, at, rows) => {
          const body = row.querySelector("[data-body]");
          const text = document.createRange();
          text.selectNodeContents(body ?? row);
          const own = text.getBoundingClientRect();
          const next = rows[at + 1]?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY;
          const isIn = own.bottom <= row.getBoundingClientRect().bottom + 0.5 && own.bottom <= next + 0.5;
          return isIn ? [] : [`${row.dataset.line}: ${own.bottom} of ${next}`];
        }),
      );
    await expect.poll(cut).toEqual([]);
    expect(await page.getByText("END").count()).toBeGreaterThan(0);
    await page.close();
  });

  it("runs nothing from a log, and links only to web pages", async () => {
    const { page } = await openEnded("escapes");
    await page.getByText("<script>alert(1)</script>").waitFor();
    const found = await page.evaluate(() => ({
      scripts: document.querySelectorAll("main script, main img").length,
      links: [...document.querySelectorAll<HTMLAnchorElement>('main a[target="_blank"]')].map(({ href, rel }) => [
        href,
        rel,
      ]),
    }));
    expect(found).toEqual({ scripts: 0, links: [["https://example.com/a?b=c#d", "noopener noreferrer"]] });
    await page.close();
  });

  it("copies selected lines, also beyond the view, without numbers", async () => {
    const { page, press } = await openEnded("hundred-thousand");
    await press("g", "x", "G", "X");
    const text = await copied(page);
    expect(text.split("\n").length).toBe(100_000);
    expect(text).toMatch(/^2026-03-12T14:00:00\.000Z INFO {2}vu=0000 GET/);
    await page.close();
  });

  it("reaches the first and last of a million lines, and scrolls pixel by pixel", async () => {
    const { page, numbersInView, press } = await openEnded("million");
    await press("G");
    expect((await numbersInView()).at(-1)).toBe(1_000_000);
    await press(":");
    await page.keyboard.type("500000");
    await press("Enter");
    expect(await numbersInView()).toContain(500_000);
    const place = (): Promise<number> =>
      page.evaluate(() => {
        const row = [...document.querySelectorAll<HTMLElement>("[data-line]")].find(
          (each) => each.querySelector<HTMLElement>("[data-number]")?.dataset.number === "500000",
        );
        return row?.getBoundingClientRect().top ?? Number.NaN;
      });
    const before = await place();
    await page.mouse.move(600, 400);
    await page.mouse.wheel(0, 120);
    await expect.poll(place).toBe(before - 120);
    await page.mouse.wheel(0, -60);
    await expect.poll(place).toBe(before - 60);
    await press("g");
    expect((await numbersInView())[0]).toBe(1);
    await page.close();
  });

  it("keeps the beginning and the end at the memory limit, and says what is missing", async () => {
    const { page, numbersInView, press } = await openEnded("hundred-thousand", "&memory=4000000");
    await page.evaluate(() => document.documentElement.dataset.lines).then((lines) => expect(lines).toBe("100000"));
    await press("g");
    expect((await numbersInView())[0]).toBe(1);
    await press("G");
    expect((await numbersInView()).at(-1)).toBe(100_000);
    await page.getByRole("button", { name: "Wrap" }).click();
    await press(":");
    await page.keyboard.type("50000");
    await press("Enter");
    await page.getByText("No such line").first().waitFor();
    await page.close();
  });

  it("folds groups without errors, and unfolds those with errors", async () => {
    const { page, numbersInView, press } = await openEnded("groups");
    expect(await page.getByText("12 lines, 1 warning").count()).toBe(1);
    expect(await numbersInView()).not.toContain(3);
    expect(await numbersInView()).toContain(58);
    await press("w");
    expect(await numbersInView()).toContain(45);
    await press("O", "O");
    await page.close();
  });

  it.each([
    ["empty", "The container wrote no output"],
    ["one-byte", "End of the log: complete"],
    ["notices", "NOT complete: the log broke off here"],
    ["notices", "Lines are missing here"],
    ["caught-up", "All output so far"],
  ])("shows for the log %s: %s", async (log, words) => {
    const { page } = await openEnded(log);
    const shown = page.getByText(words).first();
    await shown.waitFor();
    expect(await shown.isVisible()).toBe(true);
    await page.close();
  });

  it("shows a whole line, with JSON formatted and earlier states", async () => {
    const { page, press } = await openEnded("groups", "#L77");
    await press("p");
    const formatted = page.getByText('"passed": 47');
    await formatted.waitFor();
    expect(await formatted.count()).toBe(1);
    await page.close();
    const k6 = await openEnded("k6");
    await k6.page.getByRole("button", { name: "↻ 89" }).click();
    await k6.page.getByText("Earlier states of this line (89)").waitFor();
    await k6.page.close();
  });

  it("lists its keys, and works with them turned off", async () => {
    const on = await openEnded("robot");
    await on.press("?");
    await on.page.getByRole("dialog", { name: "Keys" }).waitFor();
    await on.page.close();
    const { page, current, press } = await openEnded("robot", "&keys=0");
    await expect.poll(current).toBe(173);
    await press("e", "?");
    expect(await current()).toBe(173);
    expect(await page.getByRole("dialog").count()).toBe(0);
    await page.close();
  });

  it("fits a phone, wrapped", async () => {
    const { page } = await openEnded("robot", "&wrap");
    await page.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    const box = await page.evaluate(() => {
      const region = document.querySelector('[role="region"]');
      return region === null ? undefined : region.scrollWidth - region.clientWidth;
    });
    expect(box).toBe(0);
    await page.close();
  });

  it.each(["light", "dark"])("has no axe violations in the %s theme", async (theme) => {
    for (const log of ["robot", "escapes", "containers", "notices", "k6"]) {
      const { page, press } = await openEnded(log, `&theme=${theme}&q=e&warns=1#L1-L2`);
      await press("p");
      // The test injects axe, which the page's policy does not allow.
      const session = await page.context().newCDPSession(page);
      await session.send("Page.setBypassCSP", { enabled: true });
      await session.send("Runtime.evaluate", { expression: AXE });
      const found = await session.send("Runtime.evaluate", {
        expression:
          "axe.run('main').then(({ violations }) => JSON.stringify(violations.map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html)])))",
        awaitPromise: true,
      });
      expect([log, JSON.parse(String(found.result.value))]).toEqual([log, []]);
      await page.close();
    }
  });
});
