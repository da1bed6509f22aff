import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { STATE_NAMES } from "../../src/ui/gallery/state-names.ts";
import { picture, watchFaults } from "./browser.ts";
import { launchChromium } from "./chromium.ts";
import { suite } from "./demo-world.ts";
import { STATES } from "./states-table.ts";

/** States that the gallery shows as scripted logs, and those of browser, session and address, which it cannot show. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "run-not-started": "job-pending",
  "live-following": "log=live",
  "live-paused": "log=live",
  "connection-lost": "log=notices",
  "source-changed": "log=notices",
  "run-deleted": "log=notices",
  loading: "log=hundred-thousand",
  complete: "log=robot",
  "one-byte-log": "log=one-byte",
  "memory-bound": "log=million",
  "other-marks": "log=robot",
  binary: "log=escapes",
  "utf-16": "log=escapes",
  "signed-out": "the session's",
  "part-not-loaded": "the browser's",
  offline: "the browser's",
  "past-retention": "the server says for how long",
  "no-such-metric": "no-such-attempt",
};

suite("the gallery as a static site", () => {
  let folder = "";
  let browser: Browser;
  let page: Page;
  let faults: string[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "gallery-site-"));
    // Like `npm run gallery:build`, in a process of its own, since a build behaves differently inside a test.
    const vite = fileURLToPath(new URL("../../node_modules/vite/bin/vite.js", import.meta.url));
    const how = ["-c", "src/ui/gallery/vite.config.ts", "--mode", "site", "--outDir", folder, "--emptyOutDir"];
    const env = { ...process.env, NODE_ENV: "production" };
    await promisify(execFile)(process.execPath, [vite, "build", "--logLevel", "error", ...how], { env });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 }, locale: "en-US" });
    page.setDefaultTimeout(15_000);
    faults = watchFaults(page);
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The logs and states at an address. */
  const expectWorks = async (address: string): Promise<void> => {
    await page.goto(`${address}?log=robot`);
    await page.getByText("AssertionError: expected 200, got 503").first().waitFor();
    await page.goto(`${address}?log=robot&q=voucher`);
    await page.getByText("of 3").first().waitFor();
    await page.goto(`${address}?state=store-tls&theme=dark`);
    await page.getByText("No log for integration-test, attempt 2, test").waitFor();
    await page.getByRole("link", { name: "store-403", exact: true }).click();
    await page.getByText("archive: answered 403: it refused this server's own credentials").waitFor();
    // The page requests the server's public information, which does not exist here.
    expect(faults.splice(0).filter((fault) => !/CORS|ERR_|Fetch API cannot load/.test(fault))).toEqual([]);
  };

  it("works when its index.html is opened from the disk", () => expectWorks(`${pathToFileURL(folder)}/index.html`));

  it("works on any web server, under any path", async () => {
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://site");
      const file = pathname.startsWith("/some/where/") ? pathname.slice("/some/where/".length) || "index.html" : "none";
      const type =
        { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" }[extname(file)] ?? "text/plain";
      readFile(join(folder, file)).then(
        (bytes) => response.writeHead(200, { "content-type": type }).end(bytes),
        () => response.writeHead(404).end(),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    await expectWorks(`http://127.0.0.1:${(server.address() as AddressInfo).port}/some/where/`);
    server.closeAllConnections();
    server.close();
  });

  it("has all states of the page, each with its own text, in Chinese too", async () => {
    const missing = STATES.map(({ name }) => name).filter(
      (name) => !STATE_NAMES.includes(name) && !(name in ELSEWHERE),
    );
    expect(missing).toEqual([]);
    const address = `${pathToFileURL(folder)}/index.html`;
    const said = new Set<string>();
    for (const name of STATE_NAMES) {
      await page.goto(`${address}?state=${name}&lang=zh`);
      const main = page.locator("main");
      await main
        .getByText(/[\u4e00-\u9fff]{3}/)
        .first()
        .waitFor();
      said.add((await main.textContent()) ?? "");
    }
    expect(said.size).toBe(STATE_NAMES.length);
    await picture(page, "gallery-state-chinese");
    // None of our text is left in English; what is waited for is the server's own message.
    for (const text of [...said].filter((each) => !each.includes("Waiting. ")))
      expect(text).not.toMatch(/\b(?:the|with|No log|server|try)\b/);
  });
});
