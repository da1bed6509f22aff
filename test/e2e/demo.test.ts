import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { axeFindings, picture, visit } from "./browser.ts";
import { LIVE_RUN, ROBOT_RUN, suite, useDemoWorld } from "./demo-world.ts";

const world = useDemoWorld();
const open = (path: string, options = {}) => visit(world().browser, world().gateway.url, path, options);

suite("the one-time link", () => {
  it("opens the failed run, signed in, with the cause and first error; a second time it asks to sign in", async () => {
    const { gateway } = world();
    const path = gateway.link.slice(gateway.url.length);
    expect((await fetch(gateway.link, { method: "HEAD", redirect: "manual" })).headers.get("set-cookie")).toBe(null);
    const first = await open(path, { token: "" });
    await first.page.getByRole("heading", { name: "Verification failed: robot, attempt 2 of 2" }).waitFor();
    await first.page.getByText("Container robot exited with 1. The metric allows 1 failure; it counted 2.").waitFor();
    await first.page.getByRole("link", { name: /^Robot report/ }).waitFor();
    const line = first.page.getByText("expected HTTP 200, got HTTP 503").last();
    await line.waitFor();
    const box = await line.boundingBox();
    expect(box?.y).toBeGreaterThan(200);
    expect(box?.y).toBeLessThan(780);
    await picture(first.page, "one-time-link");
    await first.close();

    const second = await open(path, { token: "" });
    await second.page.getByText("This link has been used before.").waitFor();
    await second.page.getByRole("button", { name: /^The viewer/ }).click();
    await second.page.getByRole("heading", { name: "Verification failed: robot, attempt 2 of 2" }).waitFor();
    await second.close();
  });
});

suite("the header of a run", () => {
  it("tells of the attempt that is shown, and of the run as a whole", async () => {
    const { page, close } = await open(`/p/guestbook/runs/${ROBOT_RUN}/m/robot/a/1`);
    await page.getByRole("heading", { name: "robot, attempt 1 of 2: Failed" }).waitFor();
    await page.getByText("The run as a whole: Verification failed: robot, attempt 2 of 2.").waitFor();
    expect(await page.title()).toMatch(/^robot, attempt 1 of 2: Failed · uat/);
    expect(await page.locator("section").first().textContent()).not.toContain("it counted");
    await page.keyboard.press("]");
    await page.getByRole("heading", { name: "Verification failed: robot, attempt 2 of 2" }).waitFor();
    await page.keyboard.press("}");
    await page.getByRole("heading", { name: /^error-rate: / }).waitFor();
    await close();
  });

  it("counts errors, and says when they begin again", async () => {
    const { page, close } = await open(`/p/guestbook/runs/${ROBOT_RUN}/m/robot/a/2/c/robot`);
    const header = page.locator("section").first();
    const count = Number(/first of (\d+) errors/.exec((await header.getByText(/first of/).textContent()) ?? "")?.[1]);
    expect(count).toBeGreaterThan(1);
    const next = page.getByRole("button", { name: /^Next error/ });
    for (let at = 2; at <= count; at += 1) {
      await next.click();
      await header.getByText(`error ${at} of ${count}`).waitFor();
    }
    await next.click();
    await header.getByText(`first of ${count} errors`).waitFor();
    await page.getByText(`wrapped around: 1 of ${count}`).first().waitFor();
    await close();
  });

  it("has one button for links, to what is selected", async () => {
    const { page, context, close } = await open(`/p/guestbook/runs/${ROBOT_RUN}/m/robot/a/2/c/robot`);
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    const buttons = page.getByRole("button", { name: /^Copy link/ });
    await page.locator("a[data-number='52']").waitFor();
    expect(await buttons.allInnerTexts()).toEqual(["Copy link"]);
    await buttons.click();
    await expect.poll(copied).toMatch(/\/a\/2\/c\/robot$/);
    await page.locator("a[data-number='52']").click();
    await expect.poll(() => buttons.allInnerTexts(), { timeout: 10_000 }).toEqual(["Copy link to line 52"]);
    await buttons.click();
    await expect.poll(copied).toMatch(/#L52&h=[0-9a-f]{8}$/);
    await close();
  });
});

suite("signing in", () => {
  it("accepts a token that the cluster accepts, and goes to the requested page", async () => {
    const { page, context, close } = await open(`/p/guestbook/runs/${ROBOT_RUN}`, { token: "" });
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Paste a token first.").waitFor();
    await page.getByLabel("Token").fill("no-such-token");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: /\w/ }).waitFor();
    await page.getByLabel("Token").fill("demo…viewer");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("A token contains no “…”").waitFor();
    await page.getByLabel("Token").fill("Bearer demo- viewer ");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: /^Verification failed/ }).waitFor();
    // No script can read the session's cookie.
    expect(
      await page.evaluate("document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)"),
    ).not.toMatch(/demo-viewer|taffrail_/);
    expect((await context.cookies()).map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, "Lax"]]);
    await page.getByRole("button", { name: /demo-viewer/ }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await close();
  });

  it("leads only to addresses of this site", async () => {
    for (const next of ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]) {
      const { page, close } = await open(`/sign-in?next=${encodeURIComponent(next)}`);
      await page.getByRole("heading", { name: "Projects" }).waitFor();
      expect(new URL(page.url()).origin).toBe(world().gateway.url);
      await close();
    }
  });
});

suite("a run that is watched", () => {
  it("lists failed runs first, adds new ones by itself, and has filters in its address", async () => {
    const { page, close } = await open("/p/guestbook/runs");
    const headings = page.getByRole("heading", { level: 2 });
    await headings.first().waitFor();
    expect((await headings.allInnerTexts()).map((text) => text.replace(/\s*\d+$/, ""))).toEqual([
      "Failed",
      "Running",
      "Passed and others",
    ]);
    const { cluster, objects } = world();
    const robot = objects.find(({ metadata }) => metadata.name === ROBOT_RUN);
    if (robot === undefined) throw new Error("The demo's cluster has no such run.");
    const uid = "11111111-2222-4333-8444-555555555555";
    cluster.put({ ...robot, metadata: { ...robot.metadata, name: "uat.new-one", uid } });
    await page.getByText("uat.new-one").waitFor();
    cluster.remove({ ...robot, metadata: { ...robot.metadata, name: "uat.new-one" } });
    await page.getByText("uat.new-one").waitFor({ state: "detached" });
    await page.getByLabel("Stage").selectOption("prod");
    await page.waitForURL(/\?stage=prod$/);
    await page.getByText(ROBOT_RUN).waitFor({ state: "detached" });
    await page.getByText("prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9").waitFor();
    await page.reload();
    await page.getByText("prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9").waitFor();
    expect(await page.getByRole("listitem").count()).toBe(1);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByText(ROBOT_RUN).waitFor();
    await close();
  });

  it("is navigated by keys, but not while the user types or has turned them off", async () => {
    const { page, close } = await open(`/p/guestbook/runs/${ROBOT_RUN}`);
    await page.getByText("expected HTTP 200").first().waitFor();
    await page.keyboard.press("[");
    await page.waitForURL(/\/m\/robot\/a\/1$|\/m\/robot\/a\/1#/);
    await page.keyboard.press("]");
    await page.waitForURL(/\/m\/robot\/a\/2/);
    await page.keyboard.press("}");
    await page.waitForURL(/\/m\/error-rate/);
    await page.getByText("error-rate has no log, by design").waitFor();
    await page.keyboard.press("{");
    await page.waitForURL(/\/m\/robot\/a\/2/);
    await page.keyboard.press("1");
    await page.waitForURL(/\/m\/robot\/a\/2\/c\/robot/);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, "keys");
    await page.keyboard.press("[");
    await page.keyboard.press("Escape");
    expect(page.url()).toContain("/a/2/c/robot");
    await page.getByRole("button", { name: /demo-viewer/ }).click();
    await page.getByRole("radio", { name: "Off" }).check();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, "settings");
    await page.keyboard.press("Escape");
    await page.keyboard.press("[");
    expect(page.url()).toContain("/a/2/c/robot");
    await close();
  });

  it("has a key for all containers, and one for the log as plain text", async () => {
    const { page, context, close } = await open("/p/guestbook/runs/dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f");
    await page.locator("[data-line]").first().waitFor();
    await page.keyboard.press("3");
    await page.waitForURL(/\/c\/tests$/);
    await page.getByText("not ok 3").first().waitFor();
    const opened = context.waitForEvent("page");
    await page.keyboard.press("r");
    const raw = await opened;
    await raw.getByText("not ok 3 - a voucher is redeemed").waitFor();
    expect(new URL(raw.url()).pathname).toMatch(/^\/raw\/guestbook\//);
    await raw.close();
    await page.keyboard.press("0");
    await page.waitForURL(/\/c\/all$/);
    await page.getByText("seed: connect to database").first().waitFor();
    await close();
  });
});

suite("a log that is broken on purpose", () => {
  const counted = async (page: Page): Promise<readonly [lost: string, lines: number]> => {
    const text = (await page.getByRole("complementary", { name: "Demo" }).textContent()) ?? "";
    const [, lost = "", lines = "0"] = /(\d+ lost, \d+ duplicated)\s*of ([\d,]+) lines/.exec(text) ?? [];
    return [lost, Number(lines.replace(",", ""))];
  };
  const grows = async (page: Page): Promise<void> => {
    const [, before] = await counted(page);
    await expect.poll(async () => (await counted(page))[1], { timeout: 30_000 }).toBeGreaterThan(before);
  };

  it("resumes without a line lost or duplicated, whatever is broken", async () => {
    const { page, close } = await open(`/p/guestbook/runs/${LIVE_RUN}`);
    await grows(page);
    for (const name of ["Restart the server", "Cut the network", "Delete the pod"]) {
      await page.getByRole("button", { name }).click();
      await grows(page);
      await grows(page);
      expect([name, (await counted(page))[0]]).toEqual([name, "0 lost, 0 duplicated"]);
    }
    await picture(page, "broken");
    await close();
  });

  it("ends with a reason when access is revoked, and its lines stay", async () => {
    const { page, close } = await open(`/p/guestbook/runs/${LIVE_RUN}`);
    await grows(page);
    await page.getByRole("button", { name: "Revoke access" }).click();
    await page.getByText("NOT complete: you may no longer read this").first().waitFor({ timeout: 40_000 });
    await page.getByText("visitor").first().waitFor();
    await picture(page, "revoked");
    await page.getByRole("button", { name: "Restore access" }).click();
    await page.getByText("The viewer has access again.").waitFor();
    // A refusal is cached for some seconds.
    await expect
      .poll(
        async () => {
          await page.reload();
          await page.getByRole("heading", { level: 1 }).waitFor();
          return page.getByRole("heading", { level: 1 }).textContent();
        },
        { timeout: 30_000 },
      )
      .toContain("Verifying: soak");
    await close();
  });

  it("resumes at the same line after the user has signed in again", async () => {
    const { cluster, objects } = world();
    const { page, close } = await open(`/p/guestbook/runs/${LIVE_RUN}`);
    await grows(page);
    const token = objects.find(({ kind, metadata }) => kind === "Token" && metadata.name === "viewer");
    if (token === undefined) throw new Error("The demo's cluster has no such token.");
    cluster.remove(token);
    await page.getByRole("dialog", { name: "You are signed out" }).waitFor({ timeout: 40_000 });
    await page.getByText("visitor").first().waitFor();
    expect(await axeFindings(page)).toEqual([]);
    await picture(page, "signed-out");
    cluster.put(token);
    // That the token was not accepted is cached for some seconds.
    const dialog = page.getByRole("dialog", { name: "You are signed out" });
    await expect
      .poll(
        async () => {
          const again = page.getByRole("button", { name: /^The viewer/ });
          if (await dialog.isVisible()) await again.click({ timeout: 1_000 }).catch(() => undefined);
          return dialog.isVisible();
        },
        { timeout: 30_000, interval: 1_000 },
      )
      .toBe(false);
    await grows(page);
    expect((await counted(page))[0]).toBe("0 lost, 0 duplicated");
    await close();
  });

  it("is refused to the outsider, without any information", async () => {
    const { page, close } = await open(`/p/guestbook/runs/${ROBOT_RUN}`);
    await page.getByText("expected HTTP 200").first().waitFor();
    await page.getByRole("button", { name: "Switch to the outsider" }).click();
    await page.getByRole("heading", { name: "You may not read the project guestbook" }).waitFor();
    expect(await page.locator("main").textContent()).not.toMatch(/robot|uat|503/);
    await page.getByRole("button", { name: "Switch to the viewer" }).click();
    await page.getByRole("heading", { name: /^Verification failed/ }).waitFor();
    await close();
  });

  it("can only be broken from the demo's own page", async () => {
    const { url } = world().gateway;
    const headers = { "sec-fetch-site": "cross-site", origin: "https://evil.example" };
    expect((await fetch(`${url}/demo/restart`, { method: "POST", headers })).status).toBe(403);
    expect((await fetch(`${url}/demo/restart`, { method: "POST" })).status).toBe(403);
    expect((await fetch(`${url}/demo/restart`)).status).toBe(405);
    expect((await fetch(`${url}/demo/constructor`, { method: "POST" })).status).toBe(404);
  });
});
