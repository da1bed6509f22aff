import { createPublicKey } from "node:crypto";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  createSigningKey,
  JWKS,
  type ScriptedProvider,
  type SigningKey,
  signByHmac,
  signToken,
  startScriptedProvider,
  unsigned,
} from "../../test/fakes/scripted-provider.ts";
import { createEgress } from "../egress/egress.ts";
import { Failure } from "../failure.ts";
import { createRate } from "../rate.ts";
import { Secret } from "../secret.ts";
import { createAuthenticator, type TokenVerifier } from "./authenticator.ts";
import { createKargo, createOidc } from "./oidc.ts";
import type { KargoSettings, OidcSettings } from "./provider-config.ts";
import { ProviderKeys } from "./provider-keys.ts";
import { createProviderMetadata } from "./provider-metadata.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");
const SECONDS = NOW / 1_000;
const { signal } = new AbortController();
const clock = { time: NOW, now: () => clock.time };

let provider: ScriptedProvider;
const closing: (() => Promise<void>)[] = [];
beforeAll(async () => {
  provider = await startScriptedProvider();
});
afterEach(async () => {
  clock.time = NOW;
  provider.publish(provider.key);
  await Promise.all(closing.splice(0).map((close) => close()));
});
afterAll(() => provider.close());

const openId = () => ({
  issuer: provider.issuer,
  clientId: "taffrail",
  cliClientId: "taffrail-cli",
  scopes: [],
  authorizationParameters: {},
});

function keysOf() {
  const metadata = createProviderMetadata({ issuer: provider.issuer, egress: createEgress(), tls: undefined });
  closing.push(metadata.close);
  return new ProviderKeys({ name: "corp", metadata, clock });
}

function oidcOf(settings: Partial<OidcSettings> = {}) {
  return createOidc(
    { ...openId(), usernameClaim: "sub", usernamePrefix: "", groupsPrefix: "", ...settings },
    { keys: keysOf(), clock },
  );
}

function kargoOf(settings: Partial<KargoSettings> = {}) {
  return createKargo(
    { ...openId(), usernameClaim: "email", globalNamespaces: ["kargo"], ...settings },
    { keys: keysOf(), clock },
  );
}

const claims = (change: object = {}) => ({
  iss: provider.issuer,
  aud: "taffrail",
  sub: "7",
  email: "ann@example.com",
  iat: SECONDS - 10,
  exp: SECONDS + 600,
  ...change,
});
const signed = (change: object = {}, header: object = {}, key: SigningKey = provider.key) =>
  signToken(key, claims(change), header);

async function refusalOf(token: string, verifier = oidcOf()): Promise<Failure> {
  const error: unknown = await verifier.verify(new Secret(token)).then(
    () => undefined,
    (why: unknown) => why,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe("an ID token", () => {
  it("names its user, until when, and the issuer", async () => {
    const verifier = oidcOf({ groupsClaim: "groups", groupsPrefix: "oidc:" });
    expect(await verifier.verify(new Secret(signed({ groups: ["devops"] })))).toEqual({
      issuer: provider.issuer,
      username: `${provider.issuer}#7`,
      uid: undefined,
      groups: ["oidc:devops", "system:authenticated"],
      extra: {},
      expiresAt: NOW + 600_000,
    });
  });

  it.each<[string, object]>([
    ["the page's client", { aud: "taffrail" }],
    ["the command line's client", { aud: "taffrail-cli" }],
    ["a list of one client", { aud: ["taffrail"] }],
    ["several, issued to one of ours", { aud: ["taffrail", "other"], azp: "taffrail-cli" }],
    ["one of ours, issued to another of ours", { aud: "taffrail", azp: "taffrail-cli" }],
  ])("may be for %s", async (_, change) => {
    expect((await oidcOf().verify(new Secret(signed(change)))).username).toBe(`${provider.issuer}#7`);
  });

  it.each<[string, () => string, string]>([
    ["has no signature", () => unsigned(claims()), "The token is signed in a way that is not accepted."],
    [
      "has no signature, and says NONE",
      () => unsigned(claims(), { alg: "NONE" }),
      "The token is signed in a way that is not accepted.",
    ],
    [
      "lost its signature",
      () => `${signed().split(".").slice(0, 2).join(".")}.`,
      "The token is not signed with a key of its issuer.",
    ],
    [
      "is signed by HS256 with the public key as PEM",
      () =>
        signByHmac(createPublicKey(provider.key.privateKey).export({ type: "spki", format: "pem" }), claims(), {
          kid: "first",
        }),
      "The token is signed in a way that is not accepted.",
    ],
    [
      "is signed by HS256 with the public key as DER",
      () =>
        signByHmac(createPublicKey(provider.key.privateKey).export({ type: "spki", format: "der" }), claims(), {
          kid: "first",
        }),
      "The token is signed in a way that is not accepted.",
    ],
    [
      "is signed by HS256 with nothing",
      () => signByHmac("", claims(), { kid: "first" }),
      "The token is signed in a way that is not accepted.",
    ],
    [
      "has another algorithm in its header",
      () => signed({}, { alg: "ES256" }),
      "The token is not signed with a key of its issuer.",
    ],
    [
      "is signed with another key of the same id",
      () => signed({}, {}, createSigningKey("first")),
      "The token is not signed with a key of its issuer.",
    ],
    [
      "is signed with an unknown key",
      () => signed({}, {}, createSigningKey("other")),
      "The token is not signed with a key of its issuer.",
    ],
    ["brings its own key", () => bringsKey("jwk"), "The token is not signed with a key of its issuer."],
    ["says where its key is", () => bringsKey("jku"), "The token is not signed with a key of its issuer."],
    ["was changed", () => changed(signed(), { sub: "8" }), "The token is not signed with a key of its issuer."],
    [
      "has an extension that must be understood",
      () => signed({}, { crit: ["exp"], exp: 1 }),
      "The token has a header that is not supported.",
    ],
    ["has an empty list of extensions", () => signed({}, { crit: [] }), "The token is not valid."],
    ["has an unencoded payload", () => signed({}, { crit: ["b64"], b64: false }), "The token is not valid."],
    ["is an access token", () => signed({}, { typ: "at+jwt" }), "The token is not an ID token."],
    ["is a logout token", () => signed({}, { typ: "logout+jwt" }), "The token is not an ID token."],
    ["has a number as its type", () => signed({}, { typ: 7 }), "The token is not an ID token."],
    ["is for another service", () => signed({ aud: "other" }), "The token was issued for another service."],
    [
      "is for a service whose name begins like ours",
      () => signed({ aud: "taffrail-c" }),
      "The token was issued for another service.",
    ],
    ["is for nobody", () => signed({ aud: undefined }), "The token was issued for another service."],
    ["is for an empty list", () => signed({ aud: [] }), "The token was issued for another service."],
    ["is for a number", () => signed({ aud: 7 }), "The token was issued for another service."],
    ["is for an object", () => signed({ aud: { taffrail: true } }), "The token was issued for another service."],
    ["was issued to another client", () => signed({ azp: "other" }), "The token was issued to another client."],
    ["was issued to a list of clients", () => signed({ azp: ["taffrail"] }), "The token was issued to another client."],
    [
      "is for several, and does not say to whom it was issued",
      () => signed({ aud: ["taffrail", "other"] }),
      "The token was issued to another client.",
    ],
    ["is of another issuer", () => signed({ iss: `${provider.issuer}/` }), "The token was issued by somebody else."],
    ["has expired", () => signed({ exp: SECONDS }), "The token has expired."],
    ["expired long ago", () => signed({ exp: SECONDS - 86_400 }), "The token has expired."],
    ["never expires", () => signed({ exp: undefined }), "The token lacks a claim that every ID token has."],
    ["expires at a text", () => signed({ exp: "tomorrow" }), "The token lacks a claim that every ID token has."],
    ["expires after all times", () => signed({ exp: 1e300 }), "The token has expired."],
    ["is not valid yet", () => signed({ nbf: SECONDS + 61 }), "The token is not valid yet."],
    ["is valid from a text on", () => signed({ nbf: "now" }), "The token is not valid yet."],
    ["names no subject", () => signed({ sub: undefined }), "The token lacks a claim that every ID token has."],
    ["names an empty subject", () => signed({ sub: "" }), "The token names no user."],
    ["names a number as its subject", () => signed({ sub: 7 }), "The token names no user."],
    ["holds no object", () => signToken(provider.key, ["a"]), "The token is not valid."],
    [
      "holds no JSON",
      () => `${signed().split(".")[0]}.bm8ganNvbg.${signed().split(".")[2]}`,
      "The token is not signed with a key of its issuer.",
    ],
    ["has four parts", () => `${signed()}.x`, "The token is not valid."],
  ])("is refused if it %s", async (_, make, message) => {
    const token = make();
    const failure = await refusalOf(token);
    expect(failure).toMatchObject({ kind: "unauthenticated", reason: "TOKEN_REFUSED", message });
    expect(failure.cause).toBeUndefined();
  });

  it("may be issued by a clock that is up to a minute ahead, but its expiry counts to the second", async () => {
    const verifier = oidcOf();
    expect(await verifier.verify(new Secret(signed({ nbf: SECONDS + 60, iat: SECONDS + 60 })))).toBeDefined();
    expect(await verifier.verify(new Secret(signed({ exp: SECONDS + 1 })))).toMatchObject({ expiresAt: NOW + 1_000 });
  });

  it("may have no key id: then each key is tried", async () => {
    const others = [createSigningKey("a"), createSigningKey("b"), createSigningKey("c", "ES256")];
    provider.publish(...others, provider.key);
    const verifier = oidcOf();
    expect(await verifier.verify(new Secret(signed({}, { kid: undefined })))).toMatchObject({
      groups: ["system:authenticated"],
    });
    const stranger = signed({}, { kid: undefined }, createSigningKey("stranger"));
    expect((await refusalOf(stranger, verifier)).message).toBe("The token is not signed with a key of its issuer.");
  });

  it("may be signed by elliptic curves", async () => {
    const key = createSigningKey("ec", "ES256");
    provider.publish(key);
    expect(await oidcOf().verify(new Secret(signed({}, {}, key)))).toBeDefined();
  });

  it("is refused if the published key is too short for anything", async () => {
    const key = createSigningKey("weak", "RS256", 1024);
    provider.publish(key);
    expect((await refusalOf(signed({}, {}, key))).message).toBe("The token is not valid.");
  });

  it("signed with a key that was rotated in is accepted at once, and one that was rotated out no longer than five minutes", async () => {
    const verifier = oidcOf();
    const before = signed();
    await verifier.verify(new Secret(before));
    const next = createSigningKey("next");
    provider.publish(next);
    clock.time += 10_000;
    expect(await verifier.verify(new Secret(signed({}, {}, next)))).toBeDefined();
    expect((await refusalOf(before, verifier)).message).toBe("The token is not signed with a key of its issuer.");
  });

  it("is accepted under the same key id when the key behind it has changed", async () => {
    const verifier = oidcOf();
    await verifier.verify(new Secret(signed()));
    const next = createSigningKey("first");
    provider.publish(next);
    clock.time += 10_000;
    expect(await verifier.verify(new Secret(signed({}, {}, next)))).toBeDefined();
  });

  it("is verified while the provider is down, if its key is known", async () => {
    const verifier = oidcOf();
    await verifier.verify(new Secret(signed()));
    provider.fail();
    clock.time += 6 * 60_000;
    expect(await verifier.verify(new Secret(signed()))).toBeDefined();
    expect(await refusalOf(signed({}, {}, createSigningKey("next")), verifier)).toMatchObject({
      kind: "unavailable",
      reason: "IDENTITY_PROVIDER_UNAVAILABLE",
    });
  });

  it("says that groups were left out", async () => {
    const names = {
      _claim_names: { groups: "src1" },
      _claim_sources: { src1: { endpoint: `${provider.issuer}/groups` } },
    };
    expect(await oidcOf({ groupsClaim: "groups" }).verify(new Secret(signed(names)))).toMatchObject({
      groups: ["system:authenticated"],
      groupsOmitted: true,
    });
    expect(provider.asked).not.toContain("/groups");
    expect(await kargoOf().verify(new Secret(signed(names)))).toMatchObject({ groupsOmitted: true });
  });
});

describe("a flood of tokens with random key ids", () => {
  it("has the keys read once in ten seconds, and callers are still served", async () => {
    const authenticator = createAuthenticator({
      verifiers: [oidcOf()],
      clock,
      refusals: createRate({ perKey: 50 }, clock),
    });
    const good = new Secret(signed());
    await authenticator.authenticate(good, signal, { network: "good" });
    const before = provider.asked.filter((path) => path === JWKS).length;
    clock.time += 10_000;
    const reasons = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const token = new Secret(signed({}, { kid: `random-${index}` }));
        return authenticator.authenticate(token, signal, { network: "bad" }).then(
          () => "accepted",
          ({ reason }: Failure) => reason,
        );
      }),
    );
    expect(reasons.filter((reason) => reason === "TOKEN_REFUSED")).toHaveLength(50);
    expect(reasons.filter((reason) => reason === "TOO_MANY_SIGN_INS")).toHaveLength(150);
    expect(provider.asked.filter((path) => path === JWKS)).toHaveLength(before + 1);
    expect(await authenticator.authenticate(good, signal, { network: "good", afresh: true })).toBeDefined();
  });
});

describe("a token of Kargo's provider", () => {
  it("gives the rights of accounts for each claim that is a text or a list, and no group", async () => {
    const token = signed({
      groups: ["devops", 7, { a: 1 }, "leads"],
      level: 7,
      admin: true,
      nested: { groups: ["x"] },
      none: null,
      empty: [],
    });
    expect(await kargoOf().verify(new Secret(token))).toEqual({
      issuer: provider.issuer,
      username: "ann@example.com",
      uid: undefined,
      groups: [],
      extra: {},
      expiresAt: NOW + 600_000,
      rights: {
        kind: "accounts",
        claims: [
          ["iss", [provider.issuer]],
          ["aud", ["taffrail"]],
          ["sub", ["7"]],
          ["email", ["ann@example.com"]],
          ["groups", ["devops", "leads"]],
        ],
        globalNamespaces: ["kargo"],
      },
    });
  });

  it("is refused without the claim that names the user", async () => {
    expect((await refusalOf(signed({ email: undefined }), kargoOf())).message).toContain('claim "email"');
    expect(await kargoOf({ usernameClaim: "sub" }).verify(new Secret(signed({ email: undefined })))).toMatchObject({
      username: "7",
    });
  });

  it("is verified like any other", async () => {
    for (const token of [unsigned(claims()), signed({ aud: "other" }), signed({}, {}, createSigningKey("other"))]) {
      expect((await refusalOf(token, kargoOf())).reason).toBe("TOKEN_REFUSED");
    }
  });
});

/** A token signed with a stranger's key, which its header holds or points to. */
function bringsKey(how: "jwk" | "jku"): string {
  const stranger = createSigningKey("stranger");
  const { jwk } = stranger;
  return signed({}, how === "jwk" ? { jwk } : { jku: `${provider.issuer}${JWKS}` }, stranger);
}

/** The token with other claims and its old signature. */
function changed(token: string, change: object): string {
  const [head, , signature] = token.split(".");
  return `${head}.${Buffer.from(JSON.stringify(claims(change))).toString("base64url")}.${signature}`;
}

describe("the claims that a session keeps of an ID token", () => {
  const more = {
    email: "ann@example.com",
    email_verified: true,
    name: "Ann",
    groups: ["devops", "leads"],
    nonce: "n0nce",
    at_hash: "h4sh",
    jti: "1",
    roles: { nested: ["x"] },
    level: 7,
  };

  it.each([
    ["oidc", () => oidcOf({ usernameClaim: "email", groupsClaim: "groups", groupsPrefix: "oidc:" })],
    ["oidc without groups", () => oidcOf()],
    ["kargo", () => kargoOf()],
  ] as const)("give the same user and rights as the token: %s", async (_, verifierOf) => {
    for (const change of [more, { ...more, groups: undefined, _claim_names: { groups: "src1" } }]) {
      const verifier = verifierOf();
      const token = new Secret(signed(change));
      const fromToken = await verifier.verify(token);
      const claims = await verifier.verifyClaims(token);
      const fromClaims = verifier.identityOf(claims);
      const { rights } = fromToken;
      const kept = rights?.kind === "accounts" && {
        ...rights,
        claims: rights.claims.filter(([name]) => !["nonce", "at_hash", "jti"].includes(name)),
      };
      expect(fromClaims).toEqual(rights === undefined ? fromToken : { ...fromToken, rights: kept });
    }
  });

  it("are those that decide, and no others", async () => {
    const token = new Secret(signed(more));
    const oidc = await oidcOf({ usernameClaim: "email", groupsClaim: "groups" }).verifyClaims(token);
    expect(Object.keys(oidc.claims).sort()).toEqual(["email", "email_verified", "groups", "sub"]);
    const kargo = await kargoOf().verifyClaims(token);
    expect(Object.keys(kargo.claims).sort()).toEqual(["aud", "email", "groups", "iss", "name", "sub"]);
  });

  it("are for nobody once they have expired, or their provider is no longer configured", async () => {
    const verifier = oidcOf();
    const claims = await verifier.verifyClaims(new Secret(signed()));
    const refusals = createRate({ perKey: 60 }, clock);
    const asked = (verifiers: readonly TokenVerifier[]) =>
      createAuthenticator({ verifiers, clock, refusals }).authenticate(claims, signal);
    expect((await asked([verifier])).username).toBe(`${provider.issuer}#7`);
    expect((await asked([verifier])).claims).toEqual(claims);
    await expect(asked([])).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
    clock.time = claims.expiresAt;
    await expect(asked([verifier])).rejects.toMatchObject({ reason: "TOKEN_REFUSED" });
  });
});
