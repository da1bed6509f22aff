import type { Page } from "playwright-core";
import { describe, expect, inject, it } from "vitest";
import { axeFindings, picture, visit } from "./browser.ts";
import { ROBOT_RUN, suite, useDemoWorld } from "./demo-world.ts";
import { type LogPage, useGallery } from "./open-log.ts";

const gallery = inject("gallery");

/** The differing rows in view: sign and number of each side, such as `≠35 ≠35` or `+36`. */
function differing(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("[data-differs]")].map((row) =>
      [...row.querySelectorAll("[data-number]")]
        .map((number) => {
          const sign = [...(number.parentElement?.querySelectorAll('[role="img"]') ?? [])].at(-1)?.textContent ?? "";
          return sign + (number as HTMLElement).dataset.number;
        })
        .join(" "),
    ),
  );
}

describe.skipIf(gallery === "")("two logs side by side, in a browser", () => {
  const openInGallery = useGallery();
  const open = (log: string, other: string, query = ""): Promise<LogPage> =>
    openInGallery(log, `&cmp=${other}${query}`);
  const currentNumbers = (page: Page): Promise<string[]> =>
    page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('[data-current="true"] [data-number]')].map(
        ({ dataset }) => dataset.number ?? "",
      ),
    );

  it("opens on the first difference, ignores times, IDs and durations, and steps through differences", async () => {
    const { page, press } = await open("attempt-2", "attempt-1");
    await page.getByText("1 of 3").first().waitFor();
    expect(await differing(page)).toEqual(["≠35 ≠35", "+36", "+37", "+38", "+39", "−38", "≠40 ≠43"]);
    expect(await currentNumbers(page)).toEqual(["35", "35"]);
    expect(await page.locator("mark").allInnerTexts()).toContain("35 passed, 0");
    await press("n");
    expect(await currentNumbers(page)).toEqual(["38"]);
    await page.getByRole("button", { name: "Next difference" }).click();
    await page.getByText("3 of 3").first().waitFor();
    await press("n");
    await page.getByText("wrapped around").first().waitFor();
    await page.getByText("1 of 3").first().waitFor();
    await press("N", "e");
    expect(await currentNumbers(page)).toEqual(["37"]);
    await page.close();
  });

  it("can be searched on both sides, wrapped or not, and have the times of their lines", async () => {
    const { page, press } = await open("attempt-2", "attempt-1");
    await page.getByText("1 of 3").first().waitFor();
    await press("/");
    await page.keyboard.type("retry 1 of 3");
    await expect.poll(() => currentNumbers(page)).toEqual(["34", "34"]);
    await page.keyboard.press("Control+a");
    await page.keyboard.type("prices");
    await expect.poll(() => currentNumbers(page)).toEqual(["36", "40"]);
    expect(await page.locator("mark").allInnerTexts()).toContain("Prices");
    await page.getByText("1 of 4").first().waitFor();
    await press("Enter", "Escape", "n");
    // Only on the left.
    expect(await currentNumbers(page)).toEqual(["38"]);
    await press("Escape");
    const tops = () =>
      page.evaluate(() =>
        [...document.querySelectorAll("[data-line]")].map((row) => row.getBoundingClientRect().height),
      );
    expect(Math.max(...(await tops()))).toBe(20);
    const shift = () =>
      page.evaluate(() => {
        const box = document.querySelector<HTMLElement>('[role="region"]');
        box?.scrollTo({ left: 200 });
        return box?.scrollLeft;
      });
    expect(await shift()).toBe(200);
    // The words of both sides, from where their halves begin.
    const offsets = () =>
      page.evaluate(() =>
        [...(document.querySelector("[data-line]")?.querySelectorAll("[data-body]") ?? [])].map((body) => {
          const words = body.querySelector("span")?.getBoundingClientRect().left ?? 0;
          return Math.round(words - body.getBoundingClientRect().left);
        }),
      );
    await expect.poll(offsets).toEqual([-200, -200]);
    await press("z");
    expect(Math.max(...(await tops()))).toBeGreaterThan(20);
    await page.getByLabel("Time").selectOption("since start");
    expect((await page.locator("[data-line] [data-body]").allInnerTexts()).join("\n")).not.toMatch(/^2026-/m);
    expect((await page.locator("[data-line]").allInnerTexts()).join("\n")).toMatch(/\+\d+\.\d{3}/);
    await page.close();
  });

  it("hides equal lines, and shows them on request", async () => {
    const { page, press } = await open("attempt-2", "attempt-1");
    await page.getByText("1 of 3").first().waitFor();
    await press("&");
    const far = page.getByRole("button", { name: "31 equal lines" });
    await far.waitFor();
    expect(await page.getByText("/api/entries/1 200").count()).toBe(0);
    await press("g");
    await far.click();
    expect(await page.getByText("/api/entries/1 200").count()).toBe(2);
    await page.close();
  });

  it("are stacked on a phone, and name lines of the log in the address", async () => {
    const { page } = await open("attempt-2", "attempt-1", "#L43");
    await page.setViewportSize({ width: 390, height: 800 });
    await page.locator('[data-current="true"]').waitFor();
    await expect.poll(() => currentNumbers(page)).toEqual(["40", "43"]);
    expect((await differing(page)).at(-1)).toBe("−40 +43");
    const tops = await page.evaluate(() =>
      [...document.querySelectorAll('[data-current="true"] [data-number]')].map(
        (each) => each.getBoundingClientRect().top,
      ),
    );
    expect(tops[1]).toBeGreaterThan(tops[0] ?? 0);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.close();
  });

  it("report that nothing differs, or that a log cannot be read", async () => {
    const same = await open("robot", "robot");
    await same.page.getByText("No differences").first().waitFor();
    await same.press("n");
    expect(await same.page.getByText("No differences").first().isVisible()).toBe(true);
    await same.page.close();
    const failed = await open("robot", "failed");
    await failed.page.getByText("no log on this side").waitFor();
    await failed.page.getByText("1 of 1").first().waitFor();
    await failed.page.close();
  });

  it("compare a million lines in a worker while the page stays responsive", async () => {
    const { page, press } = await open("million", "hundred-thousand");
    await page.getByText("Reading:").first().waitFor();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    await page
      .getByText(/^1 of 1$|1 difference/)
      .first()
      .waitFor({ timeout: 110_000 });
    await press("G");
    expect(await page.locator('[data-number="1000000"]').count()).toBe(1);
    await page.close();
  });
});

const world = useDemoWorld();
const RUN = `/p/guestbook/runs/${ROBOT_RUN}`;
const view = (path: string, options = {}) => visit(world().browser, world().gateway.url, path, options);

/** An older run of the same Stage, whose log was lost. */
const LOST_RUN = "uat.01kkh8zjc0a9da63t302xyxdhp.447ed5f";
/** The headings of both sides. */
const heads = (page: Page): Promise<string[]> => page.locator("[data-side] b").allInnerTexts();

suite("a comparison on the page", () => {
  it("opens by a key: the previous attempt, then the last run that passed, each with its own address", async () => {
    const { page, faults, close } = await view(`${RUN}/m/robot/a/2/c/robot`);
    await page.getByText("expected HTTP 200").first().waitFor();
    await page.keyboard.press("c");
    await page.waitForURL(/\?cmp=a1/);
    await page
      .getByText(/^1 of 3$/)
      .first()
      .waitFor();
    expect(await differing(page)).toContain("−13");
    await page.getByLabel("Compare with").selectOption({ label: "the last run that passed: brisk-heron" });
    await page.waitForURL(/\?cmp=uat\.01kkh98m30y5w2v7t4r6q8p9n1\.447ed5f\.a1/);
    await page.getByText(/retry 1 of 3/).waitFor();
    const address = page.url();
    await page.keyboard.press("c");
    await page.waitForURL((url) => url.search === "");
    await page.goBack();
    await page.waitForURL(/\?cmp=/);
    expect(faults).toEqual([]);
    await close();

    const other = await view(address.slice(world().gateway.url.length));
    await other.page.getByText(/retry 1 of 3/).waitFor();
    await other.page.getByText("attempt 1 of uat.01kkh98m30y5w2v7t4r6q8p9n1.447ed5f", { exact: true }).waitFor();
    await other.close();
  });

  it("works with the page's other keys and buttons too", async () => {
    const { page, close } = await view(`${RUN}/m/robot/a/2/c/robot?cmp=1`);
    await page.waitForURL(/\?cmp=a1/);
    await page.getByRole("button", { name: /^Next error/ }).click();
    await expect
      .poll(() => page.locator('[data-current="true"] a[data-number]').getAttribute("data-number"))
      .toMatch(/\d/);
    await page.locator("a[data-number='12']").click();
    await page.waitForURL(/\?cmp=a1#L12/);
    await page.keyboard.press("Escape");
    await page.waitForURL((url) => url.hash === "");
    await page.keyboard.press("Escape");
    await page.waitForURL((url) => url.search === "");
    await close();
  });

  it("reports that there is nothing to compare with", async () => {
    const { page, close } = await view("/p/guestbook/runs/dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f?cmp=1");
    await page.getByRole("heading", { name: "There is nothing to compare with" }).waitFor();
    await page
      .getByText("integration has had one attempt, and none of the last runs of stage dev passed it.")
      .waitFor();
    await picture(page, "compare-nothing");
    await page.getByRole("button", { name: "Close the comparison" }).click();
    await page.waitForURL((url) => url.search === "");
    const firstLine = page.locator("[data-line]").first();
    await firstLine.waitFor();
    expect(await firstLine.isVisible()).toBe(true);
    await close();
  });

  it("shows the log of the other side beside a run that has no log", async () => {
    const { page, faults, close } = await view(`/p/guestbook/runs/${LOST_RUN}`);
    await page.getByRole("heading", { name: "No log for robot, attempt 1" }).waitFor();
    await page.keyboard.press("c");
    for (const reload of [true, false]) {
      await page.getByText("no log on this side").waitFor();
      await page.locator('[data-side="left"]').getByText("no log on this side").waitFor();
      await page
        .locator('[data-side="right"]')
        .getByText(/^\d\d+ lines$/)
        .waitFor();
      expect(await page.locator("[data-differs]").count()).toBeGreaterThan(10);
      await page.getByRole("link", { name: "Taffrail: All projects" }).waitFor();
      if (reload) await page.reload();
    }
    await picture(page, "compare-no-log");
    expect(faults).toEqual([]);
    await close();
  });

  it("has the older log on the left, whichever is open", async () => {
    const { page, faults, close } = await view(`${RUN}/m/robot/a/1/c/robot?cmp=a2`);
    await page
      .getByText(/^1 of 3$/)
      .first()
      .waitFor();
    expect(await heads(page)).toEqual(["attempt 1", "attempt 2"]);
    // Lines are those of the log that is open.
    await page.locator("a[data-number='12']").click();
    await page.waitForURL(/\/a\/1\/c\/robot\?cmp=a2#L12/);
    expect(await page.locator('[aria-selected="true"] a[data-number="12"]').count()).toBe(1);
    await page.keyboard.press("c");
    await page.goto(`${world().gateway.url}${RUN}/m/robot/a/2/c/robot?cmp=a1`);
    await page
      .getByText(/^1 of 3$/)
      .first()
      .waitFor();
    expect(await heads(page)).toEqual(["attempt 1", "attempt 2"]);
    // So is the older run.
    await page.goto(`${world().gateway.url}${RUN}/m/robot/a/2/c/robot?cmp=${LOST_RUN}.a1`);
    await page.getByText("no log on this side").waitFor();
    expect(await heads(page)).toEqual([`attempt 1 of ${LOST_RUN}`, "attempt 2"]);
    await page.goto(`${world().gateway.url}/p/guestbook/runs/${LOST_RUN}/m/robot/a/1?cmp=${ROBOT_RUN}.a2`);
    await page.getByText("no log on this side").waitFor();
    await expect.poll(() => heads(page)).toEqual(["attempt 1", `attempt 2 of ${ROBOT_RUN}`]);
    expect(faults).toEqual([]);
    await close();
  });

  it("can be had with every run of the Stage", async () => {
    const { page, faults, close } = await view(`${RUN}/m/robot/a/2/c/robot?cmp=a1`);
    const chooser = page.getByLabel("Compare with");
    await chooser.locator(`option[value^="${LOST_RUN}"]`).waitFor({ state: "attached" });
    const runs = await chooser.locator("optgroup option[value^='uat.']").count();
    expect(runs).toBeGreaterThan(2);
    await chooser.selectOption(`${LOST_RUN}.a0`);
    await page.waitForURL((url) => url.searchParams.get("cmp") === `${LOST_RUN}.a1`);
    await page.getByText("no log on this side").waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  it("has no axe violations, wide and on a phone, light and dark, in English and Chinese", async () => {
    for (const locale of ["en-US", "zh-CN"]) {
      const { page, faults, close } = await view(`${RUN}/m/robot/a/2/c/robot?cmp=a1`, { locale });
      // It opens on the first difference, centered in the view.
      await page.locator('[data-differs][data-current="true"]').first().waitFor();
      await expect
        .poll(() => page.evaluate(() => document.querySelector('main [role="region"]')?.scrollTop))
        .toBeGreaterThan(100);
      for (const [kind, viewport] of [
        ["wide", { width: 1280, height: 800 }],
        ["phone", { width: 390, height: 844 }],
      ] as const) {
        await page.setViewportSize(viewport);
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme });
          expect([locale, kind, colorScheme, await axeFindings(page)]).toEqual([locale, kind, colorScheme, []]);
          await picture(page, `compare-${locale}-${kind}-${colorScheme}`);
        }
        expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
      }
      expect(faults).toEqual([]);
      await close();
    }
  });
});
