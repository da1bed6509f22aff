import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { refuses, sends, sendsThenResets } from "../fakes/scripted-store.ts";
import { TOKENS } from "../integration/objects.ts";
import { picture, SIZES, signIn, watchFaults } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { type StateRun, useStatesWorld } from "./states-world.ts";

const world = useStatesWorld();
const shows = (page: Page, words: string | RegExp) => page.getByText(words).first().waitFor();

/** Opens a run in a browser whose clock the test controls. */
async function open(run: StateRun) {
  const context = await world().browser.newContext({ viewport: SIZES.wide, locale: "en-US" });
  const url = await world().at();
  await signIn(context, url, TOKENS.reader);
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  await page.clock.install();
  const faults = watchFaults(page);
  await page.goto(url + run.path);
  return {
    page,
    async close() {
      expect(faults).toEqual([]);
      await context.close();
    },
  };
}

suite("a page that retries by itself", () => {
  it("counts down, and shows the log once it exists", async () => {
    const run = world().addRun({ endedMs: 40_000 }).stored(refuses(404));
    const { page, close } = await open(run);
    await shows(page, /Retrying in \d+ s, try 1 of 6\./);
    await page.clock.runFor(10_000);
    await shows(page, /Retrying in \d+ s, try 2 of 6\./);
    run.stored(sends("it came late\n"));
    await page.clock.runFor(10_000);
    await shows(page, "it came late");
    expect(await page.getByText("Retrying").count()).toBe(0);
    await close();
  });

  it("gives up after six tries, and leaves it to the user", async () => {
    let asked = 0;
    const run = world()
      .addRun({ endedMs: 40_000 })
      .stored((...store) => {
        asked += 1;
        return refuses(404)(...store);
      });
    const { page, close } = await open(run);
    for (const tries of [1, 2, 3, 4, 5, 6]) {
      await shows(page, new RegExp(`Retrying in \\d+ s, try ${tries} of 6\\.`));
      await page.clock.runFor(10_000);
    }
    // The sixth try is over, too: the store has been asked seven times.
    await expect.poll(() => asked, { timeout: 15_000 }).toBe(7);
    await page.getByText(/Retrying/).waitFor({ state: "detached" });
    run.stored(sends("the reader looked\n"));
    await page.getByRole("button", { name: "Retry now" }).click();
    await shows(page, "the reader looked");
    await close();
  });

  it("says why a log that broke off was not resumed, keeps its lines, and resumes on request", async () => {
    const run = world().addRun().stored(sendsThenResets("one\ntwo\n"));
    const { page, close } = await open(run);
    await shows(page, /resuming, try \d of 8/);
    const given = page.getByText(
      "The log broke off and could not be resumed in several tries. The lines read so far stay.",
    );
    await expect
      .poll(
        async () => {
          await page.clock.runFor(15_000);
          return given.isVisible();
        },
        { timeout: 60_000 },
      )
      .toBe(true);
    await shows(page, "NOT complete: the log's source failed");
    await shows(page, /If this persists, tell the platform team, #ask-logs, with the reference [0-9a-f]{8}\./);
    await shows(page, "two");
    await picture(page, "broken-off-for-good");
    run.stored(sends("one\ntwo\nthree\n"));
    await page.getByRole("button", { name: "Resume" }).last().click();
    await shows(page, "End of the log: complete");
    await page.locator("[data-line]").filter({ hasText: "three" }).waitFor();
    expect(await page.locator("[data-line]").filter({ hasText: "one" }).count()).toBe(1);
    await close();
  });
});
