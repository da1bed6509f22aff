import { existsSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SignInWorld, startSignInWorld } from "../../test/fakes/sign-in-world.ts";
import { contextFilePath, writeContext } from "./context-file.ts";
import { signInPath } from "./sign-in/stored-sign-in.ts";

let world: SignInWorld;
beforeEach(async () => {
  world = await startSignInWorld();
});
afterEach(() => world.close());

const login = (account = "reader") => world.inBrowser(["login", world.url, "-p", "shop", "--context", "prod"], account);

describe("taffrail logout", () => {
  it("forgets the tokens, revokes the refresh token, and links to the end of the browser's session", async () => {
    await login();
    const { refreshToken = "" } = world.signIns()["prod.json"] ?? {};
    expect(await world.run(["logout"])).toEqual({
      code: 0,
      out: "",
      said: [
        `signed out of ${world.url} by context "prod"`,
        "Your browser may still be signed in to corp. To sign out there too, open:",
        `  ${world.provider.issuer}/session/end?client_id=taffrail-cli`,
      ],
    });
    expect(existsSync(signInPath({ XDG_CONFIG_HOME: world.folder }, "prod"))).toBe(false);
    const answer = await fetch(`${world.provider.issuer}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "refresh_token",
        client_id: "taffrail-cli",
        refresh_token: refreshToken,
      }),
    });
    expect(await answer.json()).toMatchObject({ error: "invalid_grant" });
    const { code, said } = await world.run(["runs"]);
    expect([code, said.slice(0, 2)]).toEqual([
      4,
      ["error: A bearer token is required. (TOKEN_MISSING)", "  try     taffrail login"],
    ]);
    expect(await world.run(["logout"])).toMatchObject({
      code: 0,
      said: ['note: nobody is signed in by context "prod"'],
    });
  });

  it("forgets them even if the provider cannot be reached, and says that they may be valid there", async () => {
    await login();
    world.provider.intercept((request) => {
      request.socket.destroy();
      return "handled";
    });
    const { code, said } = await world.run(["logout"]);
    expect([code, said]).toEqual([
      0,
      [
        `signed out of ${world.url} by context "prod"`,
        expect.stringMatching(/^note: the sign-in could not be ended at the provider: .* cannot be reached/),
      ],
    ]);
    expect(existsSync(signInPath({ XDG_CONFIG_HOME: world.folder }, "prod"))).toBe(false);
  });

  it("leaves the sign-ins of other contexts, and removes a token that is in the context itself", async () => {
    const env = { XDG_CONFIG_HOME: world.folder };
    await login();
    await writeContext(env, "demo", { server: world.url, token: "token-of-reader", project: "shop" });
    expect(await world.run(["logout", "--context", "demo"])).toMatchObject({
      code: 0,
      said: [`signed out of ${world.url} by context "demo"`],
    });
    expect(readFileSync(contextFilePath(env), "utf8")).not.toContain("token-of-reader");
    expect(await world.run(["runs"])).toMatchObject({ code: 0 });
    expect(await world.run(["logout", "--context", "gone"])).toMatchObject({ code: 2 });
    expect(await world.run(["logout"], { env: { XDG_CONFIG_HOME: "/nowhere" } })).toMatchObject({
      code: 2,
      said: ["error: there is no current context", "  try     taffrail logout --context NAME"],
    });
  });
});
