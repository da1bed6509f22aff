import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CookieBrowser } from "../fakes/cookie-browser.ts";
import { sends } from "../fakes/scripted-store.ts";
import { CLIENT_ID, type SignInProvider, startSignInProvider } from "../fakes/sign-in-provider.ts";
import { PROTOCOLS, type Protocol } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { startWorld, type World } from "./world.ts";

const SAME = { "sec-fetch-site": "same-origin" };
let provider: SignInProvider;
let world: World;
beforeAll(async () => {
  const accounts = {
    ann: { email: "ann@example.com", groups: ["devops"] },
    bob: { email: "bob@example.com", groups: ["others"] },
  };
  provider = await startSignInProvider({ accounts }, "cursor-key-2");
  const kargo = {
    issuer: provider.issuer,
    clientId: CLIENT_ID,
    clientSecret: { env: "OTHER_KEY" },
    scopes: ["openid", "email", "groups"],
  };
  world = await startWorld({ config: { basePath: "/logs", identity: { providers: [{ name: "kargo", kargo }] } } });
  provider.serve(`${world.url}/logs`);
  const rbac = "rbac.authorization.k8s.io";
  const annotations = { "rbac.kargo.akuity.io/claims": '{"groups":["devops"]}' };
  world.cluster.put({
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { namespace: "shop", name: "viewer", annotations },
  });
  world.cluster.put({
    apiVersion: `${rbac}/v1`,
    kind: "RoleBinding",
    metadata: { name: "viewer", namespace: "shop" },
    roleRef: { apiGroup: rbac, kind: "Role", name: "reader" },
    subjects: [{ kind: "ServiceAccount", namespace: "shop", name: "viewer" }],
  });
});
afterAll(async () => {
  await world?.close();
  await provider?.close();
});

describe("a session of Kargo's identity provider", () => {
  it.each([
    ["ann", "line\n"],
    ["bob", "ACCESS_DENIED"],
  ])("has the rights of the ServiceAccounts for its claims, also once it is renewed: %s", async (account, expected) => {
    const browser = new CookieBrowser();
    const isCallback = (url: string) => url.includes("/session/callback");
    const query = new URLSearchParams({ provider: "kargo", next: "/logs/p/shop#L9" });
    const begun = await browser.ask(`${world.url}/logs/session/login?${query}`, { headers: SAME });
    const end = await browser.logIn(await browser.follow(begun, isCallback), account, isCallback);
    const answer = await browser.ask(end.location ?? "");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/logs/p/shop#L9"]);

    const ref = world.addLog(sends("line\n"));
    const read = async () => {
      const headers = { cookie: browser.cookie, ...SAME };
      const { text, error } = await readLog(world.transport(PROTOCOLS[0] as Protocol), ref, { headers });
      return error?.reason ?? text;
    };
    expect(await read()).toBe(expected);
    world.clock.advance(11 * 60_000);
    expect(await read()).toBe("SESSION_EXPIRED");
    const renewed = await browser.ask(`${world.url}/logs/session/renew`, { method: "POST", headers: SAME });
    expect([renewed.status, await read()]).toEqual([200, expected]);
  });
});
