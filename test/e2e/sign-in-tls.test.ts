import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { oidcOf, type SignInProvider, startSignInProvider } from "../fakes/sign-in-provider.ts";
import { startTlsProxy } from "../fakes/tls-proxy.ts";
import { watchFaults } from "./browser.ts";
import { launchChromium } from "./chromium.ts";
import { suite } from "./demo-world.ts";
import { addressOf, useStatesWorld } from "./states-world.ts";

const HOST = "logs.example.test";
const world = useStatesWorld();
let provider: SignInProvider;
let browser: Browser;
beforeAll(async () => {
  provider = await startSignInProvider({ accounts: { reader: {} } }, "cursor-key-1");
  browser = await launchChromium([`--host-resolver-rules=MAP ${HOST} 127.0.0.1`]);
});
afterAll(async () => {
  await browser?.close();
  await provider?.close();
});

suite("signing in on the page behind a proxy that ends TLS", () => {
  it.each([
    ["that is configured", { limits: { proxies: 1 } }, true],
    ["that nobody has told the server of", {}, false],
  ])("%s works, with cookies that no other host can set", async (_, settings, tells) => {
    const oidc = oidcOf(provider.issuer, "CURSOR_KEY");
    const identity = { providers: [{ name: "Example ID", oidc }] };
    const gateway = await world().start({ basePath: "/logs", identity, ...settings });
    const proxy = await startTlsProxy(addressOf(gateway), tells);
    const origin = `https://${HOST}:${proxy.port}`;
    provider.serve(`${origin}/logs`);
    const context = await browser.newContext({ ignoreHTTPSErrors: true, locale: "en-US" });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const faults = watchFaults(page);

    await page.goto(`${origin}/logs/p/shop/runs?stage=uat`);
    await page.getByRole("button", { name: "Sign in with Example ID" }).click();
    await page.locator("input[name=login]").fill("reader");
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
    await page.waitForURL(`${origin}/logs/p/shop/runs?stage=uat`);
    await page.getByText("Runs of shop").first().waitFor();
    const cookies = (await context.cookies(origin)).filter(({ name }) => name.includes("taffrail"));
    expect(cookies).toMatchObject([{ name: "__Host-taffrail-session", secure: true, httpOnly: true }]);

    // As the page does it.
    const renewed = await page.evaluate(
      "fetch('/logs/session/renew', { method: 'POST' }).then(({ status }) => status)",
    );
    expect(renewed).toBe(200);
    await page.reload();
    await page.getByText("Runs of shop").first().waitFor();
    expect(faults).toEqual([]);
    await page.getByRole("button", { name: /reader/ }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.waitForURL(`${provider.issuer}/session/end?**`);
    expect((await context.cookies(origin)).map(({ name }) => name)).not.toContain("__Host-taffrail-session");
    await context.close();
    await proxy.close();
    void gateway.stop();
    await gateway.stop();
  });
});
