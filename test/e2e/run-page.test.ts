import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { lineHash } from "../../src/client/line-hash.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { VIEWER_TEXT } from "../../src/ui/viewer/viewer-text.ts";
import { picture, visit } from "./browser.ts";
import { ROBOT_RUN, suite, useDemoWorld } from "./demo-world.ts";

const world = useDemoWorld();
const open = (path: string, options = {}) => visit(world().browser, world().gateway.url, path, options);
const RUNS = "/p/guestbook/runs";
const RATE_RUN = "prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9";

suite("a metric without a job", () => {
  it("shows its measurements and their conditions", async () => {
    const { page, faults, close } = await open(`${RUNS}/${RATE_RUN}`);
    await page.getByText("error-rate has no log, by design").waitFor();
    const demands = await page.locator("main dl > div").allInnerTexts();
    expect(demands.map((text) => text.split(/\s*\n\s*/))).toEqual([
      ["Succeeds if", "result < 1"],
      ["Measured", "3 of 5 times, every 1 min"],
      ["Failed", "2, at most 1 allowed"],
    ]);
    expect(await page.locator("tbody tr td:nth-child(3)").allInnerTexts()).toEqual(["0.2", "4.8", "6.1"]);
    await page.getByText("Measured by web: the last value was 6.1. It succeeds if result < 1.").waitFor();
    await picture(page, "measurements");
    expect(faults).toEqual([]);
    await close();
  });
});

/** A run that is running, or has failed, of a metric with this many measurements. */
function rateRun(name: string, phase: string, measured: number): KubeObject {
  const measurements = Array.from({ length: measured }, (_, at) => ({
    phase: "Failed",
    value: `${at}.5`,
    finishedAt: "2026-01-01T00:00:00Z",
  }));
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name, namespace: "guestbook", uid: `uid-of-${name}`, creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: { metrics: [{ name: "rate", interval: "1m", failureLimit: 5, provider: { web: {} } }] },
    status: { phase, metricResults: [{ name: "rate", phase, failed: measured, count: measured, measurements }] },
  } as KubeObject;
}

/** The page's requests. */
function callsOf(page: Page): string[] {
  const calls: string[] = [];
  page.on("request", (request) => {
    const [, call] = /AnalysisRunLogService\/(\w+)/.exec(request.url()) ?? [];
    if (call !== undefined) calls.push(call);
  });
  return calls;
}

suite("a running run", () => {
  it("is watched: a measurement and the run's end are shown without polling", async () => {
    const { cluster } = world();
    cluster.put(rateRun("dev.watched", "Running", 1));
    const { page, faults, close } = await open(RUNS);
    const calls = callsOf(page);
    await page.goto(`${world().gateway.url}${RUNS}/dev.watched`);
    await page.getByRole("heading", { name: "Verifying: rate" }).waitFor();
    await expect.poll(() => calls.includes("WatchAnalysisRuns")).toBe(true);
    cluster.put(rateRun("dev.watched", "Running", 2));
    await page.getByRole("cell", { name: "1.5" }).waitFor();
    cluster.put(rateRun("dev.watched", "Failed", 6));
    await page.getByRole("heading", { name: "Verification failed: rate" }).waitFor();
    expect(calls.filter((call) => call === "WatchAnalysisRuns")).toHaveLength(1);
    expect(calls.filter((call) => call === "GetAnalysisRun").length).toBeLessThanOrEqual(4);
    expect(faults).toEqual([]);
    await close();
  });

  it.each([
    ["denied", { status: 403, contentType: "application/json", body: JSON.stringify({ code: "permission_denied" }) }],
    ["what the server does not know", { status: 404, contentType: "text/plain", body: "404" }],
  ])("is polled if a watch is %s", async (_, answer) => {
    const { cluster } = world();
    cluster.put(rateRun("dev.asked", "Running", 1));
    const { page, close } = await open(RUNS);
    // The list of runs has a watch of its own, which is not counted.
    await page.goto("about:blank");
    await page.route("**/WatchAnalysisRuns", (route) => route.fulfill(answer));
    const calls = callsOf(page);
    await page.goto(`${world().gateway.url}${RUNS}/dev.asked`);
    await page.getByRole("heading", { name: "Verifying: rate" }).waitFor();
    await expect
      .poll(() => calls.filter((call) => call === "GetAnalysisRun").length, { timeout: 20_000 })
      .toBeGreaterThan(2);
    cluster.put(rateRun("dev.asked", "Failed", 6));
    await page.getByRole("heading", { name: "Verification failed: rate" }).waitFor();
    expect(calls.filter((call) => call === "WatchAnalysisRuns")).toHaveLength(1);
    await close();
  });
});

suite("a link to a line", () => {
  const log = `${RUNS}/${ROBOT_RUN}/m/robot/a/2/c/robot`;
  const hash = lineHash(new TextEncoder().encode("| FAIL |"));

  it("leads to the line's new position, and says that it has moved", async () => {
    const { page, close } = await open(`${log}#L40&h=${hash}`);
    await page.getByText("The linked line has moved from 40 to 52").first().waitFor();
    await expect.poll(() => new URL(page.url()).hash).toBe(`#L52&h=${hash}`);
    await picture(page, "line-moved");
    await close();
  });

  it("says nothing if the line has not moved; says that the log has changed if it is not nearby", async () => {
    const there = await open(`${log}#L52&h=${hash}`);
    await there.page.getByText("expected HTTP 200, got HTTP 503").last().waitFor();
    expect(await there.page.getByText(/has moved|log has changed/).count()).toBe(0);
    await there.close();
    const gone = await open(`${log}#L40&h=00000000`);
    await gone.page.getByText(VIEWER_TEXT.logChanged).first().waitFor();
    expect(new URL(gone.page.url()).hash).toBe("#L40&h=00000000");
    await gone.close();
  });
});

suite("the list of runs", () => {
  it("is polled if watching is denied, and says that it is up to date", async () => {
    const { page, close } = await open(RUNS);
    await page.route("**/WatchAnalysisRuns", (route) =>
      route.fulfill({ status: 403, contentType: "application/json", body: "{}" }),
    );
    const calls = callsOf(page);
    await page.reload();
    await page.getByText("Updates automatically").waitFor();
    await page.getByRole("link", { name: "dev.watched" }).first().waitFor();
    expect(calls).toContain("ListAnalysisRuns");
    await close();
  });

  it("ends its watch while it is hidden, and shows all changes once it is visible", async () => {
    const { page, close } = await open(RUNS);
    const calls = callsOf(page);
    const seen = async (state: string): Promise<void> => {
      await page.evaluate(`Object.defineProperty(document, "visibilityState", { value: "${state}", configurable: true });
        document.dispatchEvent(new Event("visibilitychange"))`);
    };
    await page.getByText("Updates automatically").waitFor();
    await seen("hidden");
    world().cluster.put(rateRun("dev.unseen", "Running", 1));
    await seen("visible");
    await page.getByRole("link", { name: "dev.unseen" }).first().waitFor();
    await expect.poll(() => calls).toContain("WatchAnalysisRuns");
    await close();
  });
});
