// The cost of the log viewer in a real browser, compared with its budgets: `npm run bench:web`. Needs Chromium.
import type { ServerResponse } from "node:http";
import type { CDPSession, Page } from "playwright-core";
import { launchChromium } from "../e2e/chromium.ts";
import { serveGallery } from "../e2e/serve-gallery.ts";
import { loadLines } from "./load-lines.ts";

const MILLION = 1_000_000;
/** Seconds for which a live log is watched. */
const LIVE_SECONDS = Number(process.env.LIVE_SECONDS ?? 20);

let lines = MILLION;
const gallery = await serveGallery((response) => void send(response, lines));
const browser = await launchChromium(["--enable-precise-memory-info"]);
const table: { measure: string; budget: string; reached: string }[] = [];
const note = (measure: string, budget: string, reached: string): void => void table.push({ measure, budget, reached });

try {
  await measureLoad("1M lines", MILLION);
  await measureLoad("5M lines", 5 * MILLION);
  await measureLive();
} finally {
  await browser.close();
  await gallery.close();
}
console.table(table);

/** Sends this many lines, as fast as they are read. */
async function send(response: ServerResponse, count: number): Promise<void> {
  for (const piece of loadLines(count)) {
    if (!response.write(piece)) await new Promise((resolve) => response.once("drain", resolve));
  }
  response.end();
}

async function openPage(log: string): Promise<{ page: Page; session: CDPSession }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(() => {
    const longest = { ms: 0 };
    Object.assign(window, { longest });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
    }).observe({ type: "longtask" });
    new MutationObserver((_, observer) => {
      if (document.querySelector("[data-line]") === null) return;
      performance.mark("first row");
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  });
  const session = await page.context().newCDPSession(page);
  // The thread's CPU time, independent of the machine's other load.
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await page.goto(`${gallery.url}?log=${log}`);
  return { page, session };
}

function longest(page: Page, reset = false): Promise<number> {
  return page.evaluate((isReset) => {
    const { longest: kept } = window as unknown as { longest: { ms: number } };
    const { ms } = kept;
    if (isReset) kept.ms = 0;
    return ms;
  }, reset);
}

async function heap(session: CDPSession): Promise<string> {
  await session.send("HeapProfiler.collectGarbage");
  const usage = (await session.send("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize?: number };
  return `${mega(usage.usedSize)} + ${mega(usage.backingStorageSize ?? 0)} in buffers`;
}

async function measureLoad(name: string, count: number): Promise<void> {
  lines = count;
  const { page, session } = await openPage("stream");
  await page.waitForSelector('html[data-state="ended"]', { timeout: 300_000 });
  const [first, whole] = await page.evaluate(() => {
    const at = (mark: string): number => performance.getEntriesByName(mark)[0]?.startTime ?? Number.NaN;
    return [at("first row") - at("first bytes"), performance.now() - at("first bytes")];
  });
  note(`${name}: first row after the first bytes`, "100 ms", ms(first ?? 0));
  note(`${name}: loaded, over loopback`, count === MILLION ? "3 s" : "-", ms(whole ?? 0));
  note(`${name}: longest task while loading`, "100 ms", ms(await longest(page, true)));
  note(`${name}: JS heap`, "20 MB", await heap(session));

  await page.mouse.move(600, 400);
  note(`${name}: main thread a frame, wheel`, "12 ms", await frames(page, session, "wheel"));
  note(`${name}: main thread a frame, jumps`, "12 ms", await frames(page, session, "jump"));

  await page.keyboard.press("G");
  await page.waitForTimeout(300);
  const last = await page.evaluate(
    () => [...document.querySelectorAll<HTMLElement>("[data-number]")].at(-1)?.dataset.number,
  );
  note(`${name}: last line reached`, String(count), String(last));

  await longest(page, true);
  for (const [query, why] of [
    ["trace=99999", "literal"],
    ["no such text", "literal without a match"],
  ] as const) {
    note(`${name}: ${why}`, "250 ms", await search(page, query));
    note(`${name}: ${why}, longest task`, "50 ms (shorter ones are not seen)", ms(await longest(page, true)));
  }
  await page.close();
}

/** Milliseconds of the main thread per frame, over 120 frames of scrolling. */
async function frames(page: Page, session: CDPSession, how: "wheel" | "jump"): Promise<string> {
  const spent = async (): Promise<number> => {
    const { metrics } = await session.send("Performance.getMetrics");
    return metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0;
  };
  const before = await spent();
  await page.evaluate(async (isWheel) => {
    const box = document.querySelector('[role="region"]');
    if (box === null) return;
    let state = 7;
    for (let frame = 0; frame < 120; frame += 1) {
      state = (state * 16_807) % 2_147_483_647;
      if (isWheel) box.scrollTop += 60;
      else box.scrollTop = (state / 2_147_483_647) * box.scrollHeight;
      await new Promise(requestAnimationFrame);
    }
  }, how === "wheel");
  return ms(((await spent()) - before) * (1000 / 120));
}

/** The time from the last key to the complete count. */
async function search(page: Page, query: string): Promise<string> {
  const took = await page.evaluate(async (wanted) => {
    const input = document.querySelector<HTMLInputElement>('input[type="search"]');
    const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set;
    if (input === null || set === undefined) return Number.NaN;
    const start = performance.now();
    set.call(input, wanted);
    input.dispatchEvent(new Event("input", { bubbles: true }));
    const isDone = (): boolean => {
      const text = document.querySelector("output")?.textContent ?? "";
      return input.value === wanted && text !== "" && !text.endsWith("+");
    };
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    while (!isDone()) await new Promise(requestAnimationFrame);
    return performance.now() - start;
  }, query);
  return ms(took);
}

/** 10,000 lines a second: no long pause, and constant memory. */
async function measureLive(): Promise<void> {
  const { page, session } = await openPage("flood");
  await page.waitForSelector("[data-line]");
  await page.evaluate(async (seconds) => {
    const kept = { worst: 0 };
    Object.assign(window, { frames: kept });
    const end = performance.now() + seconds * 1000;
    for (let before = performance.now(); before < end; ) {
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      kept.worst = Math.max(kept.worst, now - before);
      before = now;
    }
  }, LIVE_SECONDS);
  const worst = await page.evaluate(() => (window as unknown as { frames: { worst: number } }).frames.worst);
  const seen = await page.evaluate(() => document.documentElement.dataset.lines);
  note(`live, ${LIVE_SECONDS} s: lines`, String(LIVE_SECONDS * 10_000), String(seen));
  note(`live, ${LIVE_SECONDS} s: longest time between frames`, "100 ms", ms(worst));
  note(`live, ${LIVE_SECONDS} s: JS heap`, "20 MB", await heap(session));
  await page.close();
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function mega(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
