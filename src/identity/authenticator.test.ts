import { beforeEach, describe, expect, it } from "vitest";
import { signByHmac, unsigned } from "../../test/fakes/scripted-provider.ts";
import { Failure } from "../failure.ts";
import { createRate } from "../rate.ts";
import { Secret } from "../secret.ts";
import { createAuthenticator, type Identity, rejected, type TokenVerifier } from "./authenticator.ts";

const { signal } = new AbortController();
let clock: { time: number; now(): number };
beforeEach(() => {
  clock = { time: 1_000_000, now: () => clock.time };
});

/** A verifier that counts, and knows everybody unless it is told otherwise. */
function verifierOf(issuer: string | undefined, answer: () => Partial<Identity> = () => ({})) {
  const world = { asked: 0, answer };
  const verifier: TokenVerifier = {
    issuer,
    async verify() {
      world.asked += 1;
      return { issuer, username: "ann", uid: undefined, groups: [], extra: {}, ...world.answer() };
    },
  };
  return { verifier, world };
}

const authenticatorOf = (...verifiers: readonly { readonly verifier: TokenVerifier }[]) =>
  createAuthenticator({
    verifiers: verifiers.map(({ verifier }) => verifier),
    clock,
    refusals: createRate({ perKey: 100 }, clock),
  });
const tokenOf = (iss: unknown) => new Secret(signByHmac("key", { iss }));
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => "accepted",
    (error: Failure) => `${error.reason} ${error.message}`,
  );

describe("a token", () => {
  it("is verified by the provider that is its issuer, and by no other", async () => {
    const corp = verifierOf("https://corp.example.com");
    const kargo = verifierOf("https://kargo.example.com");
    const cluster = verifierOf(undefined);
    const authenticator = authenticatorOf(corp, kargo, cluster);
    expect(await authenticator.authenticate(tokenOf("https://corp.example.com"), signal)).toMatchObject({
      issuer: "https://corp.example.com",
    });
    expect([corp.world.asked, kargo.world.asked, cluster.world.asked]).toEqual([1, 0, 0]);
  });

  it("that its issuer rejects is not offered to the cluster", async () => {
    const corp = verifierOf("https://corp.example.com", () => {
      throw rejected("The token has expired.");
    });
    const cluster = verifierOf(undefined);
    const authenticator = authenticatorOf(corp, cluster);
    expect(await reasonOf(authenticator.authenticate(tokenOf("https://corp.example.com"), signal))).toBe(
      "TOKEN_REFUSED The token has expired.",
    );
    expect(cluster.world.asked).toBe(0);
  });

  it.each<[string, Secret]>([
    ["is no JWT", new Secret("opaque")],
    ["has another issuer", tokenOf("https://kubernetes.default.svc")],
    ["has a number as its issuer", tokenOf(7)],
    ["has a list of issuers", tokenOf(["https://corp.example.com"])],
    ["has no issuer", tokenOf(undefined)],
    ["holds no object", new Secret("a.bnVsbA.c")],
    ["has the issuer with a slash more", tokenOf("https://corp.example.com/")],
  ])("that %s is for the cluster, if that is configured, and else for nobody", async (_, token) => {
    const corp = verifierOf("https://corp.example.com");
    const cluster = verifierOf(undefined);
    await authenticatorOf(corp, cluster).authenticate(token, signal);
    expect([corp.world.asked, cluster.world.asked]).toEqual([0, 1]);
    expect(await reasonOf(authenticatorOf(corp).authenticate(token, signal))).toBe(
      "TOKEN_REFUSED No identity provider of this server issued the token.",
    );
    expect(corp.world.asked).toBe(0);
  });

  it("is rejected where nobody is configured", async () => {
    expect(await reasonOf(authenticatorOf().authenticate(tokenOf("x"), signal))).toMatch(/^TOKEN_REFUSED/);
  });

  it("of 64 KB is rejected unread, with what to do", async () => {
    const corp = verifierOf("https://corp.example.com");
    const token = new Secret(unsigned({ iss: "https://corp.example.com", groups: Array(10_000).fill("group") }));
    const error: unknown = await authenticatorOf(corp)
      .authenticate(token, signal)
      .catch((why: unknown) => why);
    expect(error).toBeInstanceOf(Failure);
    expect(error).toMatchObject({
      reason: "TOKEN_REFUSED",
      message: "The token is longer than 16 KiB.",
      next: expect.stringContaining("very many groups"),
    });
    expect(corp.world.asked).toBe(0);
  });

  it("is not accepted from the cache once it has expired", async () => {
    const corp = verifierOf("https://corp.example.com", () => ({ expiresAt: 1_001_000 }));
    const authenticator = authenticatorOf(corp);
    const token = tokenOf("https://corp.example.com");
    await authenticator.authenticate(token, signal);
    clock.time += 999;
    await authenticator.authenticate(token, signal);
    expect(corp.world.asked).toBe(1);
    corp.world.answer = () => {
      throw rejected("The token has expired.");
    };
    clock.time += 1;
    expect(await reasonOf(authenticator.authenticate(token, signal))).toBe("TOKEN_REFUSED The token has expired.");
  });

  it("that was rejected is for ten seconds, in the same words", async () => {
    const corp = verifierOf("https://corp.example.com", () => {
      throw rejected("The token was issued for another service.");
    });
    const authenticator = authenticatorOf(corp);
    const token = tokenOf("https://corp.example.com");
    for (let time = 0; time < 3; time += 1) {
      expect(await reasonOf(authenticator.authenticate(token, signal))).toContain("another service");
    }
    expect(corp.world.asked).toBe(1);
    clock.time += 10_001;
    await reasonOf(authenticator.authenticate(token, signal));
    expect(corp.world.asked).toBe(2);
  });

  it("that cannot be verified now is tried again at once", async () => {
    const corp = verifierOf("https://corp.example.com", () => {
      throw new Failure("unavailable", "IDENTITY_PROVIDER_UNAVAILABLE", "down");
    });
    const authenticator = authenticatorOf(corp);
    const token = tokenOf("https://corp.example.com");
    expect(await reasonOf(authenticator.authenticate(token, signal))).toBe("IDENTITY_PROVIDER_UNAVAILABLE down");
    corp.world.answer = () => ({});
    expect(await authenticator.authenticate(token, signal)).toMatchObject({ username: "ann" });
  });
});
