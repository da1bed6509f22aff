import { describe, expect, it } from "vitest";
import { createSigningKey, signByHmac, signToken, unsigned } from "../../test/fakes/scripted-provider.ts";
import { Failure } from "../failure.ts";
import { Secret } from "../secret.ts";
import { createKargoAdmin } from "./kargo-admin.ts";

const NOW = Date.parse("2026-01-02T00:00:00Z");
const SECONDS = NOW / 1_000;
const KEY = "0123456789abcdef0123456789abcdef";
const ISSUER = "https://kargo.example.com";

const verifierOf = (key = KEY) =>
  createKargoAdmin(
    { issuer: ISSUER, audience: "kargo.example.com", signingKey: {} },
    { name: "admin", signingKey: async () => new Secret(key), clock: { now: () => NOW } },
  );
/** As Kargo issues it. */
const claims = (change: object = {}) => ({
  iss: ISSUER,
  aud: "kargo.example.com",
  sub: "admin",
  iat: SECONDS - 10,
  nbf: SECONDS - 10,
  exp: SECONDS + 86_400,
  jti: "0a4c",
  ...change,
});

async function refusalOf(token: string, verifier = verifierOf()): Promise<Failure> {
  const error: unknown = await verifier.verify(new Secret(token)).then(
    () => undefined,
    (why: unknown) => why,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe("the token of Kargo's admin account", () => {
  it("gives the rights of the server", async () => {
    expect(await verifierOf().verify(new Secret(signByHmac(KEY, claims())))).toEqual({
      issuer: ISSUER,
      username: "admin",
      uid: undefined,
      groups: [],
      extra: {},
      expiresAt: NOW + 86_400_000,
      rights: { kind: "server" },
    });
  });

  it.each<[string, () => string]>([
    ["is signed with another key", () => signByHmac(`${KEY}x`, claims())],
    ["is not signed", () => unsigned(claims())],
    ["is signed by RS256", () => signToken(createSigningKey("x"), claims())],
    ["says HS512", () => signByHmac(KEY, claims(), { alg: "HS512" })],
    ["is for another service", () => signByHmac(KEY, claims({ aud: "other" }))],
    ["is for nobody", () => signByHmac(KEY, claims({ aud: undefined }))],
    ["is of another issuer", () => signByHmac(KEY, claims({ iss: "https://other.example.com" }))],
    ["is of another user", () => signByHmac(KEY, claims({ sub: "ann" }))],
    ["has expired", () => signByHmac(KEY, claims({ exp: SECONDS }))],
    ["never expires", () => signByHmac(KEY, claims({ exp: undefined }))],
    ["is not valid yet", () => signByHmac(KEY, claims({ nbf: SECONDS + 61 }))],
    ["has an extension that must be understood", () => signByHmac(KEY, claims(), { crit: ["x"], x: 1 })],
  ])("is refused if it %s", async (_, make) => {
    expect(await refusalOf(make())).toMatchObject({ kind: "unauthenticated", reason: "TOKEN_REFUSED" });
  });

  it("cannot be verified while the key cannot be read", async () => {
    const verifier = createKargoAdmin(
      { issuer: ISSUER, audience: "kargo.example.com", signingKey: {} },
      { name: "admin", signingKey: async () => Promise.reject(new Error("gone")), clock: { now: () => NOW } },
    );
    expect(await refusalOf(signByHmac(KEY, claims()), verifier)).toMatchObject({
      kind: "unavailable",
      reason: "IDENTITY_PROVIDER_UNAVAILABLE",
    });
  });
});
