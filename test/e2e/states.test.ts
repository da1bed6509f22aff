import { mkdirSync, writeFileSync } from "node:fs";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { expectWell, LOOKS, picture, SIZES, watchFaults } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { ownContext, type Scene, STATES } from "./states-table.ts";
import { useStatesWorld } from "./states-world.ts";

const world = useStatesWorld();

/** Internals that no user may see, and text that is not ours. */
const NEVER = /127\.0\.0\.1|169\.254|\.invalid|vault|token-of-gateway|\bundefined\b|\[object|NaN/;

suite("each state of the page, through the real gateway", () => {
  let shared: { readonly context: BrowserContext; readonly page: Page; readonly faults: string[] };
  const open = async (context: BrowserContext) => {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    return { context, page, faults: watchFaults(page) };
  };
  beforeAll(async () => {
    shared = await open(await ownContext(world(), {}));
  });
  afterAll(async () => {
    await shared?.context.close();
    keepTable();
  });

  it.each(STATES)("$name: $act", async ({ name, provoke, says, offers = [], never, own, faults: known }) => {
    const { context, page, faults } = own === undefined ? shared : await open(await ownContext(world(), own));
    const cleanups: (() => unknown)[] = own === undefined ? [] : [() => context.close()];
    const scene: Scene = {
      ...world(),
      page,
      context,
      async open(path, config) {
        await page.goto((await world().at(config)) + path);
      },
      afterwards: (act) => void cleanups.unshift(act),
    };
    faults.length = 0;
    try {
      if (own?.viewport === undefined) await page.setViewportSize(SIZES.wide);
      const sequel = await provoke(scene);
      for (const words of says) await page.getByText(words).first().waitFor();
      for (const words of offers) {
        await page
          .getByRole("button", { name: words })
          .or(page.getByRole("link", { name: words }))
          .first()
          .waitFor();
      }
      const shown = (await page.locator("main, dialog").allInnerTexts()).join("\n");
      expect(shown).not.toMatch(NEVER);
      if (never !== undefined) expect(shown).not.toMatch(never);
      await expectWell(page, name, own?.viewport === undefined ? LOOKS : LOOKS.filter(({ size }) => size === "phone"));
      if (own?.viewport === undefined) await page.setViewportSize(SIZES.wide);
      if (typeof sequel === "function") await sequel();
      expect(faults.filter((fault) => !known?.test(fault))).toEqual([]);
    } catch (error) {
      await picture(page, `${name}-failed`);
      throw error;
    } finally {
      for (const act of cleanups) await act();
    }
  });
});

/** An index of the screenshots: the state that each shows, and how it came about. */
function keepTable(): void {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  const rows = STATES.map(({ name, act }) => `| ${name} | ${act} | ${name}-{wide,phone}-{light,dark}.png |`);
  const table = ["| State | What brings it about | Pictures |", "| --- | --- | --- |", ...rows];
  writeFileSync(`${folder}/states.md`, `${table.join("\n")}\n`);
}
