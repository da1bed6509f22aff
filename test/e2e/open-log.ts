import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, inject } from "vitest";
import { launchChromium } from "./chromium.ts";

/** A page with a log of the gallery. */
export interface LogPage {
  readonly page: Page;
  /** Errors that the browser reported: of scripts, and of the policy. */
  readonly complaints: readonly string[];
  /** Waits until the log has ended. */
  ended(): Promise<void>;
  /** The numbers of the lines in view. */
  numbersInView(): Promise<number[]>;
  /** The number of the current line, if any. */
  current(): Promise<number | undefined>;
  press(...keys: string[]): Promise<void>;
}

/**
 * Opens a log.
 *
 * @param query further parameters of the address.
 */
async function openLog(browser: Browser, gallery: string, log: string, query = ""): Promise<LogPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`${gallery}?log=${log}${query}`);
  await page.waitForSelector('[role="region"]');
  return {
    page,
    complaints,
    ended: async () => void (await page.waitForSelector('html[data-state="ended"]')),
    numbersInView: () =>
      page.evaluate(() => {
        const box = document.querySelector('[role="region"]')?.getBoundingClientRect();
        if (box === undefined) return [];
        return [...document.querySelectorAll<HTMLElement>("[data-line]")]
          .filter((row) => {
            const { top, bottom } = row.getBoundingClientRect();
            return bottom > box.top + 1 && top < box.bottom - 1;
          })
          .map((row) => Number(row.querySelector<HTMLElement>("[data-number]")?.dataset.number));
      }),
    current: () =>
      page.evaluate(() => {
        const number = document.querySelector<HTMLElement>('[data-current="true"] [data-number]')?.dataset.number;
        return number === undefined ? undefined : Number(number);
      }),
    async press(...keys) {
      for (const key of keys) await page.keyboard.press(key);
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    },
  };
}

/** Starts a browser for a suite, and opens logs of the gallery in it. In the end, no page may have reported errors. */
export function useGallery(): (log: string, query?: string) => Promise<LogPage> {
  let browser: Browser;
  const opened: LogPage[] = [];
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    expect(opened.flatMap(({ complaints }) => complaints)).toEqual([]);
  });
  return async (log, query) => {
    const page = await openLog(browser, inject("gallery"), log, query);
    opened.push(page);
    return page;
  };
}
