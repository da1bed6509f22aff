import type { BrowserContext, Page, Request } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { sends } from "../fakes/scripted-store.ts";
import { oidcOf, type SignInProvider, startSignInProvider } from "../fakes/sign-in-provider.ts";
import { GATEWAY_TOKEN } from "../integration/objects.ts";
import { expectWell, SIZES, watchFaults } from "./browser.ts";
import { suite } from "./demo-world.ts";
import { addressOf, archive, useStatesWorld } from "./states-world.ts";

const MINUTE = 60_000;
const world = useStatesWorld();
let provider: SignInProvider;
let url = "";
let stop = async (): Promise<void> => {};
/** How far the gateway's clock is ahead. */
let ahead = 0;
const LINES = Array.from({ length: 400 }, (_, index) => `line ${index + 1} of the log\n`).join("");

beforeAll(async () => {
  provider = await startSignInProvider({ accounts: { reader: {} } }, "cursor-key-1");
  const oidc = oidcOf(provider.issuer, "CURSOR_KEY");
  const settings = {
    sources: [{ name: "pods", kubernetes: {} }, archive(world().store)],
    identity: {
      providers: [
        { name: "cluster", kubernetes: {} },
        { name: "Example ID", oidc },
      ],
    },
    follow: { poll: "50ms", recheck: "200ms" },
    // The provider's clock is not ahead: its tokens are good for an hour.
    session: { lifetime: "25m" },
    shutdown: { drain: "0ms" },
  };
  const clock = { now: () => systemClock.now() + ahead };
  const gateway = await startGateway({
    compiled: parseConfig(JSON.stringify(settings), {
      name: "taffrail.yaml",
      folder: ".",
      env: { CURSOR_KEY: "cursor-key-1" },
      clock,
    }),
    kube: createKubeApi({
      server: world().cluster.url,
      credentials: () => Promise.resolve({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
    }),
    clock,
    log: createLog("trace", { write: () => {} }),
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
  });
  url = addressOf(gateway);
  provider.serve(url);
  stop = async () => {
    void gateway.stop();
    await gateway.stop();
  };
});
afterAll(async () => {
  await stop();
  await provider?.close();
});

async function openContext(): Promise<{ context: BrowserContext; page: Page; faults: readonly string[] }> {
  const context = await world().browser.newContext({ viewport: SIZES.wide, locale: "en-US" });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  return { context, page, faults: watchFaults(page) };
}

/** Fills in the provider's form. */
async function logIn(page: Page): Promise<void> {
  await page.locator("input[name=login]").fill("reader");
  await page.locator("input[name=password]").fill("any");
  await page.locator("button[type=submit]").click();
}

const inView = (page: Page, line: number) =>
  expect
    .poll(
      () =>
        page.evaluate<boolean>(`(() => {
        const row = document.querySelector('a[data-number="${line}"]')?.closest("[role=row]");
        const pane = row?.closest("[role=region]");
        if (!row || !pane) return false;
        const [one, other] = [row.getBoundingClientRect(), pane.getBoundingClientRect()];
        return one.top >= other.top && one.bottom <= other.bottom;
      })()`),
      { timeout: 15_000 },
    )
    .toBe(true);

suite("signing in with an identity provider on the page", () => {
  it("opens what was asked for, at the very line", async () => {
    const run = world().addRun().stored(sends(LINES));
    const { context, page, faults } = await openContext();
    await page.goto(`${url}${run.path}#L250`);
    await page.getByRole("button", { name: "Sign in with Example ID" }).waitFor();
    await expectWell(page, "sign-in-provider");
    await page.setViewportSize(SIZES.wide);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await logIn(page);
    await page.waitForURL((at) => at.pathname === run.path && at.hash.startsWith("#L250"));
    await inView(page, 250);
    expect(await page.evaluate("history.length")).toBeLessThan(8);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("is renewed without the user, and one tab renews for all", async () => {
    const run = world().addRun().stored(sends(LINES));
    const { context, page, faults } = await openContext();
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await logIn(page);
    await page.getByRole("heading", { name: "Projects" }).waitFor();
    const second = await context.newPage();
    await second.goto(url);
    await second.getByRole("heading", { name: "Projects" }).waitFor();
    const before = provider.asked.filter((each) => each === "/token").length;
    ahead += 11 * MINUTE;
    // Both find out at once that the session has expired.
    await Promise.all([page.goto(url + run.path), second.goto(url + run.path)]);
    for (const each of [page, second]) await each.getByText("line 1 of the log").first().waitFor();
    expect(provider.asked.filter((each) => each === "/token").length - before).toBe(1);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("happens again in mid-stream, and comes back to the same line", async () => {
    const run = world().addRun({ phase: "Running" });
    const pod = run.pod();
    pod.append(new Date().toISOString(), LINES);
    const { context, page, faults } = await openContext();
    await page.goto(`${url}${run.path}`);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await logIn(page);
    await page.getByText("line 400 of the log").first().waitFor();
    // A session that is renewed in mid-stream resumes by itself.
    ahead += 11 * MINUTE;
    await page.waitForTimeout(1_000);
    pod.append(new Date().toISOString(), "after the renewal\n");
    await page.getByText("after the renewal").first().waitFor();

    ahead += 15 * MINUTE;
    await page.getByRole("heading", { name: "You are signed out" }).waitFor();
    const line = await page.evaluate<string>(`(() => {
      const numbers = [...document.querySelectorAll("a[data-number]")];
      const pane = numbers[0].closest("[role=region]").getBoundingClientRect();
      const middle = (pane.top + pane.bottom) / 2;
      return numbers.findLast((each) => each.getBoundingClientRect().top <= middle).dataset.number;
    })()`);
    await page.getByRole("dialog").getByRole("button", { name: "Sign in with Example ID" }).click();
    // The provider still knows the user: nothing is asked.
    await page.waitForURL((at) => at.pathname === run.path && at.hash.startsWith(`#L${line}`));
    await inView(page, Number(line));
    expect(faults).toEqual([]);
    await context.close();
  });

  it("can be canceled, and says so", async () => {
    const { context, page } = await openContext();
    await page.goto(`${url}/p/shop`);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await page.getByText("Cancel").click();
    await page.getByText('The sign-in at "Example ID" was canceled or denied. Sign in again.').waitFor();
    await page.goto(`${url}/sign-in?failed=Call%20555`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.getByText("Call 555").count()).toBe(0);
    await context.close();
  });

  it("ends at the provider, too", async () => {
    const { context, page } = await openContext();
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await logIn(page);
    await page.getByRole("heading", { name: "Projects" }).waitFor();
    await page.getByRole("button", { name: /reader/ }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${provider.issuer}/session/end?**`);
    await page.getByRole("button", { name: /yes/i }).click();
    await page.waitForURL(`${url}/sign-in`);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await page.locator("input[name=login]").waitFor();
    expect(new URL(page.url()).origin).toBe(provider.issuer);
    await context.close();
  });

  it("ends although another tab's renewal is under way", async () => {
    const run = world().addRun({ phase: "Running" });
    run.pod().append(new Date().toISOString(), LINES);
    const { context, page } = await openContext();
    await page.goto(url);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await logIn(page);
    await page.getByRole("button", { name: /reader/ }).click();
    const renewing = await context.newPage();
    await renewing.goto(url + run.path);
    await renewing.getByText("line 400 of the log").first().waitFor();

    const isRenewal = (each: Request) => each.url().endsWith("/session/renew");
    const renewal = Promise.race([
      renewing.waitForEvent("requestfinished", isRenewal),
      renewing.waitForEvent("requestfailed", isRenewal),
    ]);
    const answer = provider.hold("/token");
    const asked = provider.asked.length;
    ahead += 11 * MINUTE;
    await expect.poll(() => provider.asked.slice(asked)).toContain("/token");
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${provider.issuer}/session/end?**`);
    answer();
    await renewal;
    await renewing.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await renewing.evaluate("fetch('/session').then(({ status }) => status)")).toBe(401);
    expect((await context.cookies(url)).map(({ name }) => name)).not.toContain("taffrail-session");
    await context.close();
  });
});
