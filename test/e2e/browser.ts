import { mkdirSync } from "node:fs";
import axe from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The window sizes in which pages are checked, in CSS pixels. */
export const SIZES = { wide: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const;

/** The combinations in which a page has to look good. In the same window, another theme changes only colours. */
export const LOOKS = [
  { size: "wide", colorScheme: "light", about: "all" },
  { size: "wide", colorScheme: "dark", about: "colours" },
  { size: "phone", colorScheme: "dark", about: "all" },
  { size: "phone", colorScheme: "light", about: "colours" },
] as const;

/** One user's visit, with its errors. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page's scripts, and violations of its content security policy. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens a page.
 *
 * @param token signs in before that; empty: no sign-in.
 */
export async function visit(
  browser: Browser,
  url: string,
  path: string,
  { token = "demo-viewer", ...options }: BrowserContextOptions & { readonly token?: string } = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: SIZES.wide, locale: "en-US", ...options });
  if (token !== "") await signIn(context, url, token);
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults = watchFaults(page);
  await page.goto(url + path);
  return { page, context, faults, close: () => context.close() };
}

/** Signs in to a server. */
export async function signIn(context: BrowserContext, url: string, token: string): Promise<void> {
  const answer = await context.request.post(`${url}/session`, { data: { token } });
  if (!answer.ok()) throw new Error(`The server answered ${answer.status()}: ${await answer.text()}`);
}

/** The errors in a page from now on: of its scripts, and violations of its content security policy. */
export function watchFaults(page: Page): string[] {
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) faults.push(text);
  });
  return faults;
}

/**
 * The violations that axe-core finds in a page now.
 *
 * @param about all rules, or only those that the theme can change. Default: all.
 */
export async function axeFindings(page: Page, about: "all" | "colours" = "all"): Promise<readonly string[]> {
  if (await page.evaluate("typeof axe === 'undefined'")) await page.evaluate(axe.source);
  const runOnly = about === "all" ? TAGS : { type: "rule", values: ["color-contrast", "link-in-text-block"] };
  const run = `axe.run({ runOnly: ${JSON.stringify(runOnly)}, resultTypes: ["violations"] }).then(({ violations }) => violations.map((each) =>
    each.id + ": " + each.nodes.map((node) => node.target.join(" ")).slice(0, 5).join(", ")))`;
  return page.evaluate<string[]>(run);
}

/** Saves a screenshot if `SCREENSHOTS` names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

/** Expects a page to look good: axe finds nothing, nothing overflows the window. Saves screenshots. */
export async function expectWell(page: Page, name: string, looks: readonly (typeof LOOKS)[number][] = LOOKS) {
  for (const { size, colorScheme, about } of looks) {
    await page.setViewportSize(SIZES[size]);
    await page.emulateMedia({ colorScheme });
    expect([size, colorScheme, await axeFindings(page, about)]).toEqual([size, colorScheme, []]);
    await picture(page, `${name}-${size}-${colorScheme}`);
    expect([size, await page.evaluate("document.documentElement.scrollWidth - innerWidth")]).toEqual([size, 0]);
  }
}
