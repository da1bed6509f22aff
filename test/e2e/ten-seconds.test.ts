import { mkdirSync } from "node:fs";
import { expect, it } from "vitest";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "../integration/objects.ts";
import { picture, SIZES, signIn, watchFaults } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { useStatesWorld } from "./states-world.ts";

const world = useStatesWorld();

const LINES = 100_000;
const ERROR_LINE = 73_211;
const ERROR = "AssertionError: expected 200, got 503 from POST /api/voucher/redeem";

/** A log with the cause in one line in the middle, and its effects in some later ones. */
function longLog(): string {
  const lines = Array.from({ length: LINES }, (_, at) => {
    const time = new Date(Date.UTC(2026, 2, 12, 14) + at * 10).toISOString();
    if (at + 1 === ERROR_LINE) return `${time} ERROR ${ERROR}`;
    if (at > ERROR_LINE && at % 5_000 === 0) return `${time} ERROR gave up on order ${at}`;
    return `${time} INFO  vu=${String(at % 64).padStart(4, "0")} GET /api/entries/${at} 200 in ${at % 90} ms, 0 errors so far`;
  });
  return `${lines.join("\n")}\n`;
}

suite("ten seconds", () => {
  it("are enough from a link in a chat to the first error of 100,000 lines, centered on the screen", async () => {
    const message = 'Metric "integration-test" assessed Failed due to failed (1) > failureLimit (0)';
    const run = world().addRun({ message }).stored(sends(longLog()));
    const url = await world().at();
    const context = await world().browser.newContext({ viewport: SIZES.wide, locale: "en-US" });
    await signIn(context, url, TOKENS.reader);
    const folder = process.env.SCREENSHOTS;
    if (folder) await context.tracing.start({ screenshots: true, snapshots: true });
    const page = await context.newPage();
    const faults = watchFaults(page);
    const began = performance.now();
    // The link in the chat names only the run.
    await page.goto(url + run.path);
    await page.getByText("failed (1) > failureLimit (0)").or(page.getByText("it counted 1")).first().waitFor();
    const row = page.locator('[data-current="true"]');
    await row.waitFor();
    const seconds = (performance.now() - began) / 1_000;
    await page.getByText("End of the log: complete").or(page.getByText("100,000 lines")).first().waitFor();

    // The first error, not the last, nor a line with "0 errors".
    expect(await row.locator("[data-number]").getAttribute("data-number")).toBe(String(ERROR_LINE));
    expect(await row.textContent()).toContain(ERROR);
    const [line, view] = await Promise.all([
      row.boundingBox(),
      page.getByRole("region", { name: "Log of" }).boundingBox(),
    ]);
    const middle = (box: typeof line): number => (box === null ? Number.NaN : box.y + box.height / 2);
    expect(Math.abs(middle(line) - middle(view))).toBeLessThan(40);
    // The cause is shown above it, without a click.
    await page.getByText(`first of 6 errors`).waitFor();
    expect(await page.locator("section code").first().textContent()).toContain(ERROR);
    expect(faults).toEqual([]);
    await picture(page, "ten-seconds");
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await context.tracing.stop({ path: `${folder}/ten-seconds-trace.zip` });
    }
    await context.close();
    console.log(`From the link to the first error of ${LINES} lines: ${seconds.toFixed(1)} s, 0 clicks.`);
  });
});
