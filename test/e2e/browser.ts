import { mkdirSync } from "node:fs";
import axe from "axe-core";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** A visit of one person, with what went wrong in it. */
export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors of the page's scripts, and what its content security policy kept it from. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/**
 * Opens a page.
 *
 * @param token whom to sign in as before; empty: nobody.
 */
export async function visit(
  browser: Browser,
  url: string,
  path: string,
  { token = "demo-viewer", ...options }: BrowserContextOptions & { readonly token?: string } = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en-US", ...options });
  if (token !== "") await context.request.post(`${url}/session`, { data: { token } });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) faults.push(text);
  });
  await page.goto(url + path);
  return { page, context, faults, close: () => context.close() };
}

/** What axe-core finds wrong with a page as it is now; nothing where it is well. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const run = `axe.run({ runOnly: ${JSON.stringify(TAGS)} }).then(({ violations }) => violations.map((each) =>
    each.id + ": " + each.nodes.map((node) => node.target.join(" ")).slice(0, 5).join(", ")))`;
  return page.evaluate<string[]>(run);
}

/** Keeps a picture for people to look at, where `SCREENSHOTS` names a folder. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}
