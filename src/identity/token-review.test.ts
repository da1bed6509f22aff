import { beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { creatingApi } from "../../test/fakes/kube-api.ts";
import { Failure } from "../failure.ts";
import { createRate } from "../rate.ts";
import { Secret } from "../secret.ts";
import { createTokenReviewAuthenticator } from "./token-review.ts";

interface Review {
  readonly spec: { readonly token: string; readonly audiences?: readonly string[] };
}

const never = new AbortController().signal;
const ANNA = { authenticated: true, user: { username: "anna" } };

let clock: { time: number; now(): number };
beforeEach(() => {
  clock = { time: 1_000_000, now: () => clock.time };
});

function authenticatorOf(answer: (review: Review) => unknown, audiences: readonly string[] = []) {
  const kube = creatingApi(answer);
  return {
    kube,
    authenticator: createTokenReviewAuthenticator({
      kube,
      clock,
      audiences,
      refusals: createRate({ perKey: 3 }, clock),
    }),
  };
}

async function refusalOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

describe("a token", () => {
  it("belongs to the user that the cluster returns", async () => {
    const { kube, authenticator } = authenticatorOf(() => ({
      status: {
        authenticated: true,
        user: { username: "anna", uid: "7", groups: ["a", "b"], extra: { "example.com/scopes": ["x", "y"] } },
      },
    }));
    const token = new Secret("secret");
    expect(await authenticator.authenticate(token, never)).toEqual({
      token,
      username: "anna",
      uid: "7",
      groups: ["a", "b"],
      extra: { "example.com/scopes": ["x", "y"] },
    });
    expect(kube.created).toEqual([
      {
        resource: { group: "authentication.k8s.io", version: "v1", plural: "tokenreviews" },
        body: { apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token: "secret" } },
      },
    ]);
  });

  it("may belong to a user with only a name", async () => {
    for (const more of [{}, { uid: "", groups: null, extra: null }]) {
      const { authenticator } = authenticatorOf(() => ({
        status: { authenticated: true, user: { username: "anna", ...more } },
      }));
      expect(await authenticator.authenticate(new Secret("secret"), never)).toMatchObject({
        username: "anna",
        uid: undefined,
        groups: [],
        extra: {},
      });
    }
  });

  it.each([
    ["not authenticated", { authenticated: false, user: { username: "anna" } }],
    ["not said to be", { user: { username: "anna" } }],
    ["of nobody", { authenticated: true }],
    ["of somebody without a name", { authenticated: true, user: { uid: "7", groups: ["system:masters"] } }],
    ["of somebody with an empty name", { authenticated: true, user: { username: "" } }],
    ["in error", { authenticated: false, error: "token has expired" }],
    ["without a status", undefined],
  ])("is refused when it is %s", async (_, status) => {
    const { authenticator } = authenticatorOf(() => ({ status }));
    const failure = await refusalOf(authenticator.authenticate(new Secret("secret"), never));
    expect(failure).toMatchObject({ kind: "unauthenticated", reason: "TOKEN_REFUSED" });
    expect(`${failure.message} ${failure.next}`).not.toContain("secret");
  });

  it("that is missing is reported without asking the cluster", async () => {
    const { kube, authenticator } = authenticatorOf(() => ({ status: ANNA }));
    expect(await refusalOf(authenticator.authenticate(undefined, never))).toMatchObject({
      kind: "unauthenticated",
      reason: "TOKEN_MISSING",
    });
    expect(kube.created).toEqual([]);
  });

  it("of 20 KB is rejected without asking the cluster, one of 16 KiB is reviewed", async () => {
    const { kube, authenticator } = authenticatorOf(() => ({ status: ANNA }));
    const failure = await refusalOf(authenticator.authenticate(new Secret("x".repeat(20_000)), never));
    expect(failure).toMatchObject({ reason: "TOKEN_REFUSED" });
    expect(kube.created).toEqual([]);
    expect(await authenticator.authenticate(new Secret("x".repeat(16 * 1024)), never)).toMatchObject({
      username: "anna",
    });
  });
});

describe("audiences", () => {
  const OURS = ["taffrail", "kargo"];

  it.each([
    ["one of ours comes back", ["kargo"], true],
    ["one of ours comes back among others", ["other", "taffrail"], true],
    ["only others come back", ["https://kubernetes.default.svc"], false],
    ["none comes back", [], false],
    ["nothing comes back, as from a server that does not know them", undefined, false],
    ["null comes back", null, false],
  ])("let a token pass when %s: %j, %j", async (_, audiences, passes) => {
    const { kube, authenticator } = authenticatorOf(() => ({ status: { ...ANNA, audiences } }), OURS);
    const answer = authenticator.authenticate(new Secret("secret"), never);
    if (passes) expect(await answer).toMatchObject({ username: "anna" });
    else expect(await refusalOf(answer)).toMatchObject({ reason: "TOKEN_REFUSED" });
    expect(kube.created[0]?.body.spec.audiences).toEqual(OURS);
  });

  it("are neither requested nor checked if none are configured", async () => {
    const { kube, authenticator } = authenticatorOf(() => ({ status: { ...ANNA, audiences: ["whatever"] } }));
    expect(await authenticator.authenticate(new Secret("secret"), never)).toMatchObject({ username: "anna" });
    expect(kube.created[0]?.body.spec).toEqual({ token: "secret" });
  });
});

describe("a review", () => {
  it("is cached for ten seconds and no longer", async () => {
    const { kube, authenticator } = authenticatorOf(() => ({ status: ANNA }));
    await authenticator.authenticate(new Secret("secret"), never);
    clock.time += 10_000;
    await authenticator.authenticate(new Secret("secret"), never);
    expect(kube.created).toHaveLength(1);
    clock.time += 1;
    await authenticator.authenticate(new Secret("secret"), never);
    expect(kube.created).toHaveLength(2);
  });

  it("does not stay cached longer because it is used", async () => {
    const { kube, authenticator } = authenticatorOf(() => ({ status: ANNA }));
    for (let second = 0; second <= 20; second += 1) {
      await authenticator.authenticate(new Secret("secret"), never);
      clock.time += 1_000;
    }
    expect(kube.created).toHaveLength(2);
  });

  it("that rejects is also cached, and the token is accepted once the cluster knows it", async () => {
    let known = false;
    const { kube, authenticator } = authenticatorOf(() => ({ status: known ? ANNA : { authenticated: false } }));
    await refusalOf(authenticator.authenticate(new Secret("secret"), never));
    known = true;
    await refusalOf(authenticator.authenticate(new Secret("secret"), never));
    expect(kube.created).toHaveLength(1);
    clock.time += 10_001;
    expect(await authenticator.authenticate(new Secret("secret"), never)).toMatchObject({ username: "anna" });
  });

  it("is used for its own token only", async () => {
    const { authenticator } = authenticatorOf(({ spec }) => ({
      status: { authenticated: true, user: { username: `owner of ${spec.token}` } },
    }));
    expect(await authenticator.authenticate(new Secret("one"), never)).toMatchObject({ username: "owner of one" });
    expect(await authenticator.authenticate(new Secret("two"), never)).toMatchObject({ username: "owner of two" });
    expect(await authenticator.authenticate(new Secret("one"), never)).toMatchObject({ username: "owner of one" });
  });

  it("serves all callers that wait for it", async () => {
    const gate = createGate<object>();
    const { kube, authenticator } = authenticatorOf(() => gate.opened);
    const waiting = [1, 2, 3].map(() => authenticator.authenticate(new Secret("secret"), never));
    gate.open({ status: ANNA });
    expect(await Promise.all(waiting)).toHaveLength(3);
    expect(kube.created).toHaveLength(1);
  });

  it("reaches the callers that still wait when one of them has left", async () => {
    const gate = createGate<object>();
    const { authenticator } = authenticatorOf(() => gate.opened);
    const leaving = new AbortController();
    const left = authenticator.authenticate(new Secret("secret"), leaving.signal);
    const waiting = authenticator.authenticate(new Secret("secret"), never);
    leaving.abort(new Error("left"));
    gate.open({ status: ANNA });
    await expect(left).rejects.toThrow("left");
    expect(await waiting).toMatchObject({ username: "anna" });
  });

  it("that fails reaches all callers that wait, rejects no token, and is repeated", async () => {
    const failure = new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
    let down = true;
    const { kube, authenticator } = authenticatorOf(() => {
      if (down) throw failure;
      return { status: ANNA };
    });
    const waiting = [
      authenticator.authenticate(new Secret("secret"), never),
      authenticator.authenticate(new Secret("secret"), never),
    ];
    for (const each of await Promise.allSettled(waiting)) expect(each).toMatchObject({ reason: failure });
    down = false;
    expect(await authenticator.authenticate(new Secret("secret"), never)).toMatchObject({ username: "anna" });
    expect(kube.created).toHaveLength(2);
  });

  it.each([{}, { status: { authenticated: "yes" } }, { status: { authenticated: true, user: { username: 7 } } }, []])(
    "that cannot be parsed lets nobody pass: %j",
    async (answer) => {
      const { authenticator } = authenticatorOf(() => answer);
      const { kind } = await refusalOf(authenticator.authenticate(new Secret("secret"), never));
      expect(["unauthenticated", "unavailable"]).toContain(kind);
    },
  );

  it("still reaches its caller when more tokens are reviewed than are cached", async () => {
    const gate = createGate<object>();
    const { authenticator } = authenticatorOf(({ spec }) => (spec.token === "mine" ? gate.opened : { status: {} }));
    const mine = authenticator.authenticate(new Secret("mine"), never);
    const flood = Array.from({ length: 10_001 }, (_, index) =>
      authenticator.authenticate(new Secret(`bogus ${index}`), never),
    );
    await Promise.allSettled(flood);
    gate.open({ status: ANNA });
    expect(await mine).toMatchObject({ username: "anna" });
  });

  it("counts against its network if it is invalid, and not if it is valid, was so, or comes again", async () => {
    const { kube, authenticator } = authenticatorOf(({ spec: { token } }) => ({
      status: token.startsWith("good") ? ANNA : { authenticated: false },
    }));
    const authenticate = (token: string, network = "192.0.2.1") =>
      authenticator.authenticate(new Secret(token), never, { network });
    for (let index = 0; index < 10; index += 1) await authenticate(`good-${index}`);
    for (const token of ["bad-1", "bad-2", "bad-2", "bad-3", "bad-3"]) {
      expect(await refusalOf(authenticate(token))).toMatchObject({ reason: "TOKEN_REFUSED" });
    }
    expect(kube.created).toHaveLength(13);
    for (const token of ["bad-4", "good-11"]) {
      expect(await refusalOf(authenticate(token))).toMatchObject({ kind: "too-much", reason: "TOO_MANY_SIGN_INS" });
    }
    expect(kube.created).toHaveLength(13);
    clock.time += 15_000;
    expect(await authenticate("good-1")).toMatchObject({ username: "anna" });
    expect(await refusalOf(authenticate("bad-4", "192.0.2.2"))).toMatchObject({ reason: "TOKEN_REFUSED" });
    clock.time += 5_000;
    expect(await authenticate("good-11")).toMatchObject({ username: "anna" });
  });

  it("does not count against its network if the cluster cannot be asked", async () => {
    let isDown = true;
    const { authenticator } = authenticatorOf(({ spec: { token } }) => {
      if (isDown) throw new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
      return { status: token.startsWith("good") ? ANNA : { authenticated: false } };
    });
    const authenticate = (token: string) => authenticator.authenticate(new Secret(token), never, { network: "a" });
    for (let index = 0; index < 10; index += 1)
      expect(await refusalOf(authenticate(`good-${index}`))).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
    isDown = false;
    expect(await authenticate("good-1")).toMatchObject({ username: "anna" });
    for (const token of ["bad-1", "bad-2", "bad-3"])
      expect(await refusalOf(authenticate(token))).toMatchObject({ reason: "TOKEN_REFUSED" });
    expect(await refusalOf(authenticate("bad-4"))).toMatchObject({
      reason: "TOO_MANY_SIGN_INS",
      message: "The cluster rejected more tokens of your network than 3 per minute, the limit.",
      limit: "limits.signInsPerAddress",
      retrySeconds: 20,
    });
  });

  it("that was rejected does not evict callers from the cache", async () => {
    const { kube, authenticator } = authenticatorOf(({ spec: { token } }) => ({
      status: token === "good" ? ANNA : { authenticated: false },
    }));
    await authenticator.authenticate(new Secret("good"), never);
    for (let index = 0; index < 10_001; index += 1) {
      await authenticator.authenticate(new Secret(`bad-${index}`), never).catch(() => undefined);
    }
    const reviews = kube.created.length;
    await authenticator.authenticate(new Secret("good"), never);
    expect(kube.created.length).toBe(reviews);
  });
});
