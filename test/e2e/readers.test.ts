import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, it } from "vitest";
import { refuses, sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "../integration/objects.ts";
import { axeFindings, picture, SIZES, signIn, watchFaults } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { useStatesWorld } from "./states-world.ts";

const world = useStatesWorld();
const LOG = `${"GET /api/entries 200\n".repeat(40)}WARN retry 3 of 3\nERROR checkout: got 503, want 200\n${"GET / 200\n".repeat(40)}`;
const ERROR = "ERROR checkout: got 503, want 200";

const PAGES = ["run", "no-log", "live", "runs", "sign-in"] as const;
type Name = (typeof PAGES)[number];

/** Opens pages, one after another, in one browser. */
async function look(names: readonly Name[], options: BrowserContextOptions, at: (page: Page, name: Name) => unknown) {
  const { addRun, browser } = world();
  const attempts = [{ number: 1 }, { number: 2 }];
  const links = [{ title: "Report", url: "https://reports.example.com/${{ jobName }}" }];
  const url = await world().at({ links });
  const live = addRun({ phase: "Running" }).stored(sends("so far\n"));
  const places: Readonly<Record<Name, readonly [path: string, says: string]>> = {
    run: [addRun({ attempts }).stored(sends(LOG), 2).path, ERROR],
    "no-log": [addRun({ attempts }).stored(refuses(404), 2).path, "archive: answered 404"],
    live: [live.path, "so far"],
    runs: ["/p/shop/runs", "Updates automatically"],
    "sign-in": ["/", "Paste a token that the cluster accepts"],
  };
  const context = await browser.newContext({ viewport: SIZES.wide, locale: "en-US", ...options });
  try {
    await signIn(context, url, TOKENS.reader);
    const page = await context.newPage();
    const faults = watchFaults(page);
    for (const name of names) {
      const [path, says] = places[name];
      if (name === "sign-in") await context.clearCookies();
      await page.goto(url + path);
      await page.getByText(says).first().waitFor();
      await at(page, name);
    }
    expect(faults).toEqual([]);
  } finally {
    await context.close();
  }
}

suite("a user", () => {
  it.each(["light", "dark"] as const)(
    "with colours of their own (%s) sees what is a button, current, and wrong",
    async (colorScheme) => {
      const names = colorScheme === "light" ? PAGES : (["run", "no-log"] as const);
      await look(names, { forcedColors: "active", colorScheme }, async (page, name) => {
        await picture(page, `forced-colours-${name}-${colorScheme}`);
        // In forced colours, borders say what colours would.
        const unseen = await page.evaluate(() => {
          const isSeen = (each: Element): boolean => {
            const { borderTopStyle, borderTopWidth, outlineStyle } = getComputedStyle(each);
            return outlineStyle !== "none" || (borderTopStyle !== "none" && borderTopWidth !== "0px");
          };
          const wanted =
            "main button:not([class*=line]):not([class*=fold]), main select, [data-current], nav [aria-current]";
          return [...document.querySelectorAll(wanted)]
            .filter((each) => each.checkVisibility() && each.closest("a, [class*=find]") === null)
            .filter((each) => !isSeen(each))
            .map((each) => each.outerHTML.slice(0, 200));
        });
        expect([name, unseen]).toEqual([name, []]);
        if (name !== "run") return;
        const row = page.locator('[data-current="true"]');
        expect(await row.textContent()).toContain("✕");
        await page.keyboard.press("Tab");
        expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).not.toBe("none");
      });
    },
  );

  it("with a finger has targets of 44 pixels", async () => {
    await look(PAGES, { viewport: SIZES.phone, hasTouch: true, isMobile: true }, async (page, name) => {
      await picture(page, `touch-${name}`);
      expect([name, await tooSmall(page)]).toEqual([name, []]);
      if (name !== "run") return;
      await page.getByRole("button", { name: "More" }).tap();
      await picture(page, "touch-run-more");
      expect(["more", await tooSmall(page)]).toEqual(["more", []]);
    });
  });

  it("who prefers reduced motion sees none", async () => {
    const running = "document.getAnimations().filter(({ playState }) => playState === 'running').length";
    await look(["live"], {}, async (page) => expect(await page.evaluate(running)).toBeGreaterThan(0));
    await look(["live"], { reducedMotion: "reduce" }, async (page) => expect(await page.evaluate(running)).toBe(0));
  });

  it.each([
    [200, { width: 640, height: 400 }],
    [400, { width: 320, height: 256 }],
  ])("at %i %% zoom sees everything by scrolling in one direction", async (zoom, viewport) => {
    await look(["run", "no-log", "runs"], { viewport, deviceScaleFactor: zoom / 100 }, async (page, name) => {
      await picture(page, `zoom-${zoom}-${name}`);
      expect([name, await axeFindings(page)]).toEqual([name, []]);
      expect([name, await page.evaluate("document.documentElement.scrollWidth - innerWidth")]).toEqual([name, 0]);
      if (name === "run") {
        // The log has room for several lines, and can be brought into view.
        const log = page.getByRole("region", { name: "Log of" });
        await log.scrollIntoViewIfNeeded();
        const box = await log.boundingBox();
        expect(box?.height).toBeGreaterThan(100);
        await page.getByText(ERROR).last().scrollIntoViewIfNeeded();
      }
      if (name === "no-log") await page.getByRole("button", { name: "Retry now" }).scrollIntoViewIfNeeded();
    });
  });
});

/** Controls that are too small for a finger. Lines of a log, and links within sentences, are as high as their text. */
function tooSmall(page: Page): Promise<readonly string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("a, button, select, input, summary, [role=button], [role=tab]")]
      .filter((each) => each.checkVisibility({ visibilityProperty: true }))
      .filter((each) => each.closest("[role=row], p:not([class*=acts]), .hidden") === null)
      .map((each) => {
        // A choice is as large as its label.
        const hit = each instanceof HTMLInputElement && /radio|checkbox/.test(each.type) ? each.closest("label") : each;
        return { each, box: (hit ?? each).getBoundingClientRect() };
      })
      .filter(({ box }) => box.width > 1 && (Math.round(box.height) < 44 || Math.round(box.width) < 44))
      .map(({ each, box }) => `${each.outerHTML.slice(0, 120)} ${Math.round(box.width)}x${Math.round(box.height)}`),
  );
}
