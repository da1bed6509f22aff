import { expect, it } from "vitest";
import { axeFindings, expectWell, picture, visit } from "./browser.ts";
import { ROBOT_RUN, suite, useDemoWorld } from "./demo-world.ts";

const world = useDemoWorld();
const open = (path: string, options = {}) => visit(world().browser, world().gateway.url, path, options);
const RUNS = "/p/guestbook/runs";

/** Every page of the demo, and its text. Failures are in states-table.ts. */
const PAGES = [
  { name: "sign-in", path: "/", token: "", says: "Sign in" },
  { name: "projects", path: "/", says: "Projects" },
  { name: "no-project", path: "/", token: "demo-outsider", says: "No projects that you may read" },
  { name: "runs", path: RUNS, says: "Runs of guestbook" },
  { name: "runs-none-match", path: `${RUNS}?stage=dev&phase=inconclusive`, says: "No matching runs" },
  { name: "runs-denied", path: RUNS, token: "demo-outsider", says: "You may not read the project guestbook" },
  { name: "run", path: `${RUNS}/${ROBOT_RUN}`, says: "expected HTTP 200, got HTTP 503" },
  {
    name: "run-passed",
    path: `${RUNS}/dev.01kkh6pam01pbwvj1g26p8xzgj.00d90e5`,
    says: "Verification passed",
  },
  {
    name: "no-log",
    path: `${RUNS}/uat.01kkh8zjc0a9da63t302xyxdhp.447ed5f`,
    says: "answered 404: not uploaded yet, or never",
  },
  { name: "no-job", path: `${RUNS}/prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9`, says: "error-rate has no log, by design" },
  { name: "pod-waits", path: `${RUNS}/uat.01kkhbdr20m4d5e6f7g8h9jkmn.00d90e5`, says: "Waiting for the log" },
  {
    name: "not-begun",
    path: `${RUNS}/perf.01kkh7tyg0vmqd5102exw9r6qm.00d90e5`,
    says: "Verification has not started",
  },
  { name: "no-such-run", path: `${RUNS}/dev.nothing`, says: "This run does not exist, or you may not read it" },
  { name: "health", path: "/admin/health", token: "demo-operator", says: "Active configuration" },
  { name: "health-denied", path: "/admin/health", says: "Only operators see this page" },
  { name: "nothing", path: "/p", says: "Page not found" },
] as const;

suite("the page", () => {
  it.each(PAGES)(
    "$name has its text and no axe violations, wide and on a phone, light and dark",
    async ({ name, path, says, ...who }) => {
      const { page, faults, close } = await open(path, who);
      await page.getByText(says).first().waitFor();
      await expectWell(page, name);
      expect(faults).toEqual([]);
      await close();
    },
  );

  it("keeps its header if it crashes, and opens without what its address asks for", async () => {
    const { page, context, close } = await open("/");
    await context.addInitScript(() => {
      const { matchMedia } = window;
      window.matchMedia = (query) => {
        if (location.search.includes("cmp=") || location.search.includes("crash")) throw new Error("It crashes.");
        return matchMedia.call(window, query);
      };
    });
    const address = `${world().gateway.url}${RUNS}/${ROBOT_RUN}`;
    await page.goto(`${address}/m/robot/a/2?cmp=a1&wrap=1#L12`);
    await page.getByRole("heading", { name: "This page crashed" }).waitFor();
    await page.getByRole("link", { name: "Taffrail: All projects" }).waitFor();
    await page.getByRole("link", { name: "guestbook" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, "crashed");
    await page.getByRole("button", { name: "Open without the view in the address" }).click();
    await page.waitForURL(`${address}/m/robot/a/2`);
    await page.getByRole("heading", { name: /^Verification failed/ }).waitFor();
    // Another page is shown again.
    await page.goto(`${address}?crash`);
    await page.getByRole("heading", { name: "This page crashed" }).waitFor();
    await page.getByRole("link", { name: "guestbook" }).click();
    await page.getByRole("heading", { name: "Runs of guestbook" }).waitFor();
    await close();
  });

  it("loads less than 120,000 bytes before the first page is shown, compressed as over TLS", async () => {
    const { page, close } = await open("/", { token: "" });
    const entry = await page.evaluate<string[]>(
      "performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('/assets/'))",
    );
    let bytes = 0;
    for (const name of [world().gateway.url, ...entry]) {
      const head = await fetch(name, { method: "HEAD", headers: { "accept-encoding": "gzip, deflate, br, zstd" } });
      bytes += Number(head.headers.get("content-length"));
    }
    expect(entry.length).toBeGreaterThan(2);
    expect(bytes).toBeLessThan(120_000);
    await close();
  });

  it("is in Chinese if the browser asks for it, or the user chooses it", async () => {
    const { page, close } = await open(`${RUNS}/${ROBOT_RUN}`, { locale: "zh-CN" });
    await page.getByRole("heading", { name: /^验证失败/ }).waitFor();
    expect(await page.getAttribute("html", "lang")).toBe("zh-CN");
    expect(await axeFindings(page)).toEqual([]);
    await page.getByRole("button", { name: /demo-viewer/ }).click();
    await page.getByLabel("English").check();
    await page.getByRole("heading", { name: /^Verification failed/ }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: /^Verification failed/ }).waitFor();
    await close();
  });

  it("is light or dark like the system, unless the user has chosen", async () => {
    const { page, close } = await open(RUNS, { colorScheme: "light" });
    await page.getByRole("heading", { name: "Runs of guestbook" }).waitFor();
    const ground = () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
    const [light, dark] = ["rgb(251, 250, 248)", "rgb(16, 20, 23)"];
    expect(await ground()).toBe(light);
    await page.emulateMedia({ colorScheme: "dark" });
    expect(await ground()).toBe(dark);
    await page.getByRole("button", { name: /demo-viewer/ }).click();
    await page.getByLabel("Light").check();
    expect(await ground()).toBe(light);
    await page.reload();
    await page.getByRole("heading", { name: "Runs of guestbook" }).waitFor();
    expect(await ground()).toBe(light);
    await page.emulateMedia({ colorScheme: "light" });
    await page.getByRole("button", { name: /demo-viewer/ }).click();
    await page.getByLabel("Dark").check();
    expect(await ground()).toBe(dark);
    await page.getByLabel("System").first().check();
    expect(await ground()).toBe(light);
    await close();
  });

  it("works at 200 % zoom, with reduced motion and with forced colours", async () => {
    const { page, close } = await open(`${RUNS}/${ROBOT_RUN}`, {
      viewport: { width: 640, height: 400 },
      deviceScaleFactor: 2,
      reducedMotion: "reduce",
      forcedColors: "active",
    });
    await page.getByText("expected HTTP 200").first().waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0);
    await picture(page, "run-zoomed");
    await close();
  });
});
