import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { corp, type SignInWorld, startSignInWorld } from "../../test/fakes/sign-in-world.ts";
import { TOKENS } from "../../test/integration/objects.ts";

let world: SignInWorld;
beforeAll(async () => {
  world = await startSignInWorld();
  await world.inBrowser(["login", world.url, "--context", "prod"], "reader");
});
afterAll(() => world.close());

describe("taffrail whoami", () => {
  it("prints who the user is, by which identity, until when, and what they may read", async () => {
    const { code, out, said } = await world.run(["whoami"]);
    expect([code, said]).toEqual([0, []]);
    expect(out.split("\n")).toEqual([
      "user      reader@example.com",
      `identity  corp (${world.provider.issuer})`,
      "rights    of the user reader, and of the groups system:authenticated",
      expect.stringMatching(/^until {5}20\d\d-\d\d-\d\dT[\d:.]+Z, then renewed$/),
      `server    ${world.url} (context "prod")`,
      "projects  shop",
      "",
    ]);
  });

  it("finds the sign-in however the server is written", async () => {
    for (const server of [`${world.url}/`, world.url.toUpperCase().replace("HTTP:", "http:")]) {
      const { code, out } = await world.run(["whoami", "--server", server]);
      expect([code, out.split("\n")[0]]).toEqual([0, "user      reader@example.com"]);
      expect((await world.run(["runs", "-n", "shop"], { env: { TAFFRAIL_SERVER: server } })).code).toBe(0);
    }
  });

  it("prints it as JSON, without a token", async () => {
    const { out } = await world.run(["whoami", "-o", "json"]);
    expect(JSON.parse(out)).toEqual({
      user: "reader@example.com",
      username: "reader",
      groups: ["system:authenticated"],
      groupsOmitted: false,
      rights: "user",
      subject: "reader",
      issuer: world.provider.issuer,
      identity: "corp",
      expires: expect.stringMatching(/Z$/),
      renewed: true,
      server: world.url,
      context: "prod",
      projects: ["shop"],
      incomplete: false,
    });
  });

  it("prints what is known of a token that tells nothing, from the environment", async () => {
    const { code, out } = await world.run(["whoami"], { env: { TAFFRAIL_TOKEN: TOKENS.stranger } });
    expect([code, out.split("\n")]).toEqual([
      0,
      [
        "user      stranger",
        "identity  the environment's token",
        "rights    of the user stranger, and of the groups system:authenticated",
        "until     unknown",
        `server    ${world.url} (context "prod")`,
        "projects  elsewhere",
        "",
      ],
    ]);
  });

  it("says that nobody is signed in, or that the server refuses the token", async () => {
    const nobody = { XDG_CONFIG_HOME: "/nowhere", TAFFRAIL_SERVER: world.url };
    expect(await world.run(["whoami"], { env: nobody })).toEqual({
      code: 4,
      out: "",
      said: [`error: you are not signed in to ${world.url}`, "  try     taffrail login"],
    });
    const refused = await world.run(["whoami"], { env: { TAFFRAIL_TOKEN: "no-such-token" } });
    expect([refused.code, refused.out]).toEqual([4, ""]);
    // Signing in would not help.
    expect(refused.said).toContain(
      "  note    a server gets the token of TAFFRAIL_TOKEN, unless --token-file names another",
    );
    expect(refused.said.join()).not.toContain("taffrail login");
    expect((await world.run(["whoami"], { env: { XDG_CONFIG_HOME: "/nowhere" } })).said[0]).toBe(
      "error: no server given",
    );
  });

  it("and login work for a user whose groups the provider has left out, and say so", async () => {
    const left = { _claim_names: { groups: "elsewhere" } };
    const other = await startSignInWorld({
      provider: {
        change: {
          claims: { openid: ["sub", "_claim_names"], email: ["email"] },
          findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.com`, ...left }) }),
        },
      },
      providers: (issuer) => [{ name: "corp", oidc: { ...corp(issuer).oidc, groupsClaim: "groups" } }],
    });
    // Nothing is bound to the user alone, so the server does not know what they may read.
    const login = await other.inBrowser(["login", other.url, "--context", "prod"], "newcomer");
    expect([login.code, login.said.at(-1)]).toEqual([
      0,
      "note: your identity provider left your groups out of your token, so you may not see what you may read by them",
    ]);
    const { code, out } = await other.run(["whoami"]);
    expect([code, out.split("\n")]).toEqual([
      0,
      expect.arrayContaining([
        "rights    of the user newcomer, and of the groups system:authenticated; your identity provider left your groups out of your token",
        "projects  none, and perhaps more",
      ]),
    ]);
    await other.close();
  });
});
