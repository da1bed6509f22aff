import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type OpenIdProvider, startOpenIdProvider } from "../fakes/open-id-provider.ts";
import { sends } from "../fakes/scripted-store.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, readLog } from "./read-log.ts";
import { startWorld, type World } from "./world.ts";

const LOG = "for those who may\n";
const [PROTOCOL] = PROTOCOLS;

/** A certified provider, and a gateway that knows it. */
describe("a user who signed in at an OpenID provider", () => {
  let provider: OpenIdProvider;
  let world: World;

  beforeAll(async () => {
    provider = await startOpenIdProvider({
      accounts: {
        ann: { email: "ann@example.com", email_verified: true, groups: ["testers"] },
        bob: { email: "bob@example.com", email_verified: true, groups: [] },
        eve: { email: "ann@example.com", email_verified: false, groups: [] },
      },
    });
    const oidc = {
      issuer: provider.issuer,
      clientId: "taffrail",
      cliClientId: "taffrail-cli",
      usernameClaim: "email",
      groupsClaim: "groups",
      groupsPrefix: "oidc:",
    };
    world = await startWorld({ config: { identity: { providers: [{ name: "corp", oidc }] } } });
    world.cluster.put({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: "testers", namespace: "shop" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "reader" },
      subjects: [{ kind: "Group", name: "oidc:testers" }],
    });
  });
  afterEach(() => world.clock.advance(60_000));
  afterAll(async () => {
    await world?.close();
    await provider?.close();
  });

  const read = async (token: string) => {
    const ref = world.addLog(sends(LOG));
    const { text, error } = await readLog(world.transport(PROTOCOL as (typeof PROTOCOLS)[number]), ref, as(token));
    return error?.reason ?? text;
  };

  it("reads what RBAC allows to the user's groups, with a token of the page's client or the command line's", async () => {
    expect(await read(await provider.signIn("ann", "taffrail"))).toBe(LOG);
    expect(await read(await provider.signIn("ann", "taffrail-cli"))).toBe(LOG);
    expect(await read(await provider.signIn("bob", "taffrail"))).toBe("ACCESS_DENIED");
  });

  it("is refused with a token of another client, or an address that is not verified", async () => {
    expect(await read(await provider.signIn("ann", "other"))).toBe("TOKEN_REFUSED");
    expect(await read(await provider.signIn("eve", "taffrail"))).toBe("TOKEN_REFUSED");
  });

  it("goes on reading when the provider rotates its keys, and while it is down", async () => {
    const before = await provider.signIn("ann", "taffrail");
    expect(await read(before)).toBe(LOG);
    provider.rotate();
    world.clock.advance(10_001);
    const after = await provider.signIn("ann", "taffrail");
    expect(await read(after)).toBe(LOG);
    expect(await read(before)).toBe("TOKEN_REFUSED");
    provider.fail();
    world.clock.advance(6 * 60_000);
    expect(await read(after)).toBe(LOG);
  });

  it("is refused when the token has expired", async () => {
    // It is up again.
    provider.rotate();
    const token = await provider.signIn("ann", "taffrail");
    expect(await read(token)).toBe(LOG);
    const { exp } = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) as { exp: number };
    world.clock.advance(exp * 1_000 - world.clock.now());
    expect(await read(token)).toBe("TOKEN_REFUSED");
  });
});
