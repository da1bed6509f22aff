import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { cut } from "../fakes/byte-source.ts";
import { refuses, sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "../integration/objects.ts";
import { expectWell, signIn, visit, watchFaults } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { archive, useStatesWorld } from "./states-world.ts";

const world = useStatesWorld();
const SCRIPT = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>';
const RUNS = "/p/shop/runs";

/** Invalid hashes and queries. The number makes the browser reload the page, which a hash alone does not. */
const ENDS = [
  "?n=0#L0",
  "?n=1#L-1",
  "?n=2#L99999999999999999999",
  "?n=3#L3-L1",
  "?n=4#L2&h=zzzzzzzz",
  "?n=5#<script>alert(1)</script>",
  "?n=6#%E0%A4%A",
  "?q=%E0%A4%A&re=1",
  "?re=1&q=(",
  "?q=%00%1b[31m",
  `?q=${"a".repeat(5_000)}`,
  "?ctx=-1&ts=nonsense&wrap=maybe&sev=;drop&only=2&ci=x",
  "?ctx=1e9&ts=__proto__&cmp=constructor",
  "?cmp=../../..&cmp=1",
  "/m/integration-test/a/1?__proto__[x]=1",
];
/** Unknown paths. */
const NOWHERE = [
  "/p/shop/runs/%00",
  "/p/shop/runs/..%2f..%2fadmin",
  "/p/%2e%2e%2f/runs/x",
  "/p/shop/runs/x/m/%F0%9F%98%80/a/-1",
  "/p/shop/runs/x/m/y/a/1/c/d/e/f",
  "/p/shop/runs/%E0%A4%A",
  "/p/SHOP!/runs/UPPER",
  "/ext/project/%3Cscript%3E/stage/x/analysis-run/y/logs",
];

/** One page for all tests that need no other, and its errors. */
let page: Page;
let faults: string[];

/** A run with this log. */
async function open(log: string | readonly Uint8Array[], query = "", state = {}, config = {}): Promise<void> {
  const run = world().addRun(state).stored(sends(log));
  await page.goto((await world().at(config)) + run.path + query);
}

const shows = (words: string | RegExp, on = page) => on.getByText(words).first().waitFor();

suite("a page with invalid or hostile input", () => {
  beforeAll(async () => {
    const context = await world().browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
    await signIn(context, await world().at(), TOKENS.reader);
    page = await context.newPage();
    page.setDefaultTimeout(15_000);
    faults = watchFaults(page);
    page.on("dialog", (dialog) => void faults.push(`a dialog: ${dialog.message()}`));
  });
  afterAll(() => page?.context().close());

  /** No input was run, or became an element of the page. */
  const expectHarmless = async (): Promise<void> => {
    const found = await page.evaluate(() => ({
      hacked: (window as { hacked?: unknown }).hacked,
      elements: document.querySelectorAll("#page img, #page script, #page iframe, #page [onerror]").length,
      links: [...document.querySelectorAll("a")].map((each) => each.protocol).filter((each) => !/^https?:$/.test(each)),
    }));
    expect(found).toEqual({ hacked: undefined, elements: 0, links: [] });
    expect(faults.splice(0)).toEqual([]);
  };

  it("shows scripts in a log, and in names and messages of a run, as text", async () => {
    const message = `assessed Failed: ${SCRIPT}`;
    const config = {
      links: [{ title: SCRIPT, url: 'https://reports.example.com/${{ label("team") }}' }],
    };
    const state = {
      metric: SCRIPT,
      message,
      attempts: [{ number: 1, message: `"><svg onload=alert(1)>${SCRIPT}` }],
      labels: { team: "javascript-alert" },
    };
    const log = `ERROR ${SCRIPT}\n\x1b]8;;javascript:alert(1)\x07click me\x1b]8;;\x07\n\x1b]8;;data:text/html,x\x07or me\x1b]8;;\x07\n\x1b]52;c;aGFja2Vk\x07\x1b]0;hacked\x07javascript:alert(1) https://a.example/"onmouseover="alert(1)\n`;
    await open(log, "", state, config);
    await shows("or me");
    expect(await page.getByText("<script>window.hacked=1</script>").count()).toBeGreaterThan(4);
    expect(await page.title()).not.toBe("hacked");
    await page.getByText("click me").click();
    await expectHarmless();
    // Also in what is shown instead of a log.
    const run = world().addRun(state).stored(refuses(404));
    await page.goto((await world().at(config)) + run.path);
    await shows(/^No log for <img/);
    await expectHarmless();
    await page.goto(`${await world().at()}${RUNS}/${encodeURIComponent(SCRIPT)}`);
    await shows("Page not found");
    await expectHarmless();
    await open("", "", { containers: [SCRIPT] });
    // A container of that name cannot exist, so that none is read.
    await shows("has no containers");
    await expectHarmless();
    await page.goto(`${await world().at()}${RUNS}`);
    await shows("The job of <img");
    await expectHarmless();
  });

  it("fits its window, whatever the length of names, messages and lines", async () => {
    const long = "x".repeat(300);
    const state = {
      metric: `metric-${long}`,
      message: `Failed: ${long.repeat(10)}`,
      containers: [`container-${"x".repeat(53)}`, "sidecar"],
      attempts: [{ number: 1, message: long.repeat(3) }],
    };
    await open(`ERROR ${long.repeat(200)}\n`, "", state);
    await shows(/^ERROR xxx/);
    await expectWell(page, "long-names");
    const run = world().addRun(state).stored(refuses(404));
    await page.goto((await world().at()) + run.path);
    await shows(/^No log for metric-xxx/);
    await expectWell(page, "long-names-no-log");
    // Nor does anything overflow a scrolling part of the page, except tabs, which are in one row.
    const hanging = await page.evaluate(() =>
      [...document.querySelectorAll("main, main *")]
        .filter((each) => /auto|scroll/.test(getComputedStyle(each).overflowX) && each.role !== "region")
        .filter((each) => each.tagName !== "NAV")
        .filter((each) => each.scrollWidth > each.clientWidth)
        .map((each) => each.outerHTML.slice(0, 100)),
    );
    expect(hanging).toEqual([]);
    await page.setViewportSize({ width: 1280, height: 800 });
    expect(faults.splice(0)).toEqual([]);
  });

  it("reads escape sequences that arrive byte by byte", async () => {
    const log =
      "\x1b[31mred \x1b[1mand bold\x1b[0m\n\x1b]8;;https://docs.example/a\x1b\\a link\x1b]8;;\x1b\\ behind https://seen.example/b\x1b[K\n10 %\r100 %\ndone 😀\n";
    await open(cut(Buffer.from(log), [1]));
    await shows("done 😀");
    const lines = await page.locator("[data-line]").evaluateAll((rows) => rows.map((row) => row.textContent ?? ""));
    expect(lines).toEqual([
      expect.stringMatching(/red and bold$/),
      expect.stringMatching(/a link behind https:\/\/seen.example\/b$/),
      expect.stringMatching(/[^\d]?100 %↻ 1$/),
      expect.stringMatching(/done 😀$/),
    ]);
    // Only visible addresses are links, and they lead where they say.
    expect(await page.getByRole("link", { name: "a link" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "https://seen.example/b" }).getAttribute("href")).toBe(
      "https://seen.example/b",
    );
    await expectHarmless();
  });

  it("shows the log, whatever follows its address", async () => {
    const run = world().addRun().stored(sends("one\ntwo\nERROR three\n"));
    const url = (await world().at()) + run.path;
    for (const end of ENDS) {
      await page.goto(url + end);
      await shows("ERROR three");
      await expectHarmless();
    }
  });

  it("reports an unknown address", async () => {
    for (const path of NOWHERE) {
      await page.goto((await world().at()) + path);
      await shows(/Page not found|There is no such run|You may not read the project/);
      await expectHarmless();
    }
  });

  it("gives up a pattern that never ends, and stays usable", async () => {
    await open(`${"a".repeat(5_000)}!\nfound here\n`, "?re=1&q=(a%2B)%2B%24");
    await shows("Too slow: gave up after 1 s");
    await page.getByRole("searchbox").or(page.getByLabel("Find")).first().fill("found");
    await shows("of 1");
    await expectHarmless();
  });

  it("works without storage in the browser", async () => {
    const context = await world().browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
    await context.addInitScript(() => {
      const refuse = (): never => {
        throw new DOMException("The operation is insecure.", "SecurityError");
      };
      Object.defineProperty(window, "localStorage", { get: refuse });
      Object.defineProperty(window, "sessionStorage", { get: refuse });
      Object.defineProperty(window, "BroadcastChannel", { value: undefined });
    });
    await signIn(context, await world().at(), TOKENS.reader);
    const other = await context.newPage();
    const wrong = watchFaults(other);
    const run = world().addRun().stored(sends("not stored anywhere\n"));
    await other.goto((await world().at()) + run.path);
    await shows("not stored anywhere", other);
    await other.getByRole("button", { name: /reader/ }).click();
    await other.getByLabel("Dark").check();
    expect(await other.getAttribute("html", "data-theme")).toBe("dark");
    expect(wrong).toEqual([]);
    await context.close();
  });
});

suite("an idle tab", () => {
  const enter = async (on: Page): Promise<void> => {
    await on.getByLabel("Token").fill(TOKENS.reader);
    await on.getByRole("button", { name: "Sign in" }).click();
  };

  it("asks the user to sign in after a night, keeps what it shows, and resumes", async () => {
    const run = world().addRun().stored(sends("yesterday's log\n"));
    const path = run.path;
    const night = await visit(world().browser, await world().at(), path, { token: TOKENS.reader });
    await shows("yesterday's log", night.page);
    // A browser drops the cookie when the session expires.
    await night.context.clearCookies();
    await night.page.getByRole("link", { name: "shop" }).click();
    await shows("You are signed out", night.page);
    await enter(night.page);
    await night.page.getByText(run.name).waitFor();
    await night.page.getByText(run.name).click();
    await shows("yesterday's log", night.page);
    expect(night.faults).toEqual([]);
    await night.close();
  });

  it("notices at once when the user signs out or in in another tab", async () => {
    const config = { sources: [archive(world().store)] };
    const url = await world().at(config);
    const run = world().addRun().stored(sends("the log of both tabs\n"));
    const one = await visit(world().browser, url, run.path, { token: TOKENS.reader });
    const other = await one.context.newPage();
    await other.goto(`${url}${RUNS}`);
    await other.getByText(run.name).waitFor();
    await shows("the log of both tabs", one.page);

    await other.getByRole("button", { name: /reader/ }).click();
    await other.getByRole("button", { name: "Sign out" }).click();
    await one.page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await one.page.getByText("the log of both tabs").count()).toBe(0);

    await enter(other);
    await shows("the log of both tabs", one.page);
    expect(one.faults).toEqual([]);
    await one.close();
  });

  it("is reloaded when another user signs in in another tab", async () => {
    const url = await world().at();
    const run = world().addRun().stored(sends("for the reader alone\n"));
    const one = await visit(world().browser, url, run.path, { token: TOKENS.reader });
    await shows("for the reader alone", one.page);
    const other = await one.context.newPage();
    await other.goto(url);
    await other.getByRole("button", { name: /reader/ }).click();
    await other.getByRole("button", { name: "Sign out" }).click();
    await other.getByLabel("Token").fill(TOKENS.stranger);
    await other.getByRole("button", { name: "Sign in" }).click();
    await shows("You may not read the project shop", one.page);
    expect(await one.page.getByText("for the reader alone").count()).toBe(0);
    await one.close();
  });
});
