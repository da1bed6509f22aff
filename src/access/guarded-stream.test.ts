import { getEventListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGate } from "../../test/fakes/byte-source.ts";
import { creatingApi } from "../../test/fakes/kube-api.ts";
import { createWaits } from "../../test/fakes/waits.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { createTokenReviewAuthenticator } from "../identity/token-review.ts";
import { createRate } from "../rate.ts";
import { Secret } from "../secret.ts";
import { createAccess } from "./access.ts";
import { GuardedStream } from "./guarded-stream.ts";
import { OpenStreams } from "./open-streams.ts";
import { Rechecks } from "./rechecks.ts";
import { serverShutdown } from "./stream-stopped.ts";

const RECHECK_MS = 30_000;

interface Review {
  readonly kind: string;
  readonly spec: { readonly token?: string; readonly resourceAttributes?: { readonly namespace: string } };
}

interface StreamOptions {
  readonly project?: string;
  readonly run?: string;
  readonly signal?: AbortSignal;
  readonly onPassed?: (caller: Caller) => void;
}

/** A cluster in which tokens are user names. */
function createWorld() {
  const clock = { time: 1_000_000_000, now: () => clock.time };
  const waits = createWaits();
  const opened: GuardedStream[] = [];
  const world = {
    clock,
    waits,
    /** Tokens and projects that the cluster refuses. */
    refused: new Set<string | undefined>(),
    /** Errors of the reviews of these tokens and projects. */
    failing: new Map<string | undefined, Error>(),
    /** Reviews wait for this. */
    gate: Promise.resolve() as Promise<void>,
  };
  const kube = creatingApi<Review>(async ({ kind, spec }) => {
    await world.gate;
    const subject = spec.token ?? spec.resourceAttributes?.namespace;
    const failure = world.failing.get(subject);
    if (failure !== undefined) throw failure;
    const allowed = !world.refused.has(subject);
    return kind === "TokenReview"
      ? { status: { authenticated: allowed, user: { username: subject, groups: ["as of now"] } } }
      : { status: { allowed } };
  });
  const access = createAccess({ kube, clock });
  const authenticator = createTokenReviewAuthenticator({
    kube,
    clock,
    audiences: [],
    refusals: createRate({ perKey: 100 }, clock),
  });
  const services = {
    streams: new OpenStreams({ total: 2_000, perCaller: 1_500 }),
    rechecks: new Rechecks({ authenticator, access, clock, sleep: waits.wait, everyMs: RECHECK_MS }),
  };
  return Object.assign(world, {
    services,
    open: (caller: Caller, { project = "shop", run = "one", signal, onPassed }: StreamOptions = {}): GuardedStream => {
      const stream = new GuardedStream(services, caller, signal ?? new AbortController().signal);
      stream.guard(`run ${project}/${run}`, (who, by) => by.mayReadRuns(who, project, run), onPassed);
      opened.push(stream);
      return stream;
    },
    closeAll: () => {
      for (const each of opened) each.close();
    },
    /** The number of reviews of each kind so far. */
    reviews: () => {
      const of = (kind: string) => kube.created.filter(({ body }) => body.kind === kind).length;
      return [of("TokenReview"), of("SubjectAccessReview")];
    },
    /** Ends all waits, and settles when the re-checks are complete. */
    recheck: async (ms = RECHECK_MS) => {
      clock.time += ms;
      waits.pass(() => true);
      await new Promise((resolve) => setImmediate(resolve));
    },
  });
}

const callerOf = (name: string, more: Partial<Caller> = {}): Caller => ({
  token: new Secret(name),
  username: name,
  uid: undefined,
  groups: [],
  extra: {},
  ...more,
});
const ANNA = callerOf("anna");
const BOB = callerOf("bob");

let world: ReturnType<typeof createWorld>;
beforeEach(() => {
  world = createWorld();
});
afterEach(() => {
  world.closeAll();
  expect(world.waits.pending).toEqual([]);
  expect(world.services.streams.size).toBe(0);
});

describe("a guarded stream", () => {
  it("is aborted with the signal's reason when its caller leaves", () => {
    const caller = new AbortController();
    const stream = world.open(ANNA, { signal: caller.signal });
    const reason = new Error("gone");
    caller.abort(reason);
    expect(stream.signal.reason).toBe(reason);
    expect(stream.readerLeft(new Error("whatever came of that"))).toBe(true);
    expect(stream.stopped).toBeUndefined();
  });

  it("is aborted from the start if its caller has already left", () => {
    expect(world.open(ANNA, { signal: AbortSignal.abort("gone") }).signal.reason).toBe("gone");
  });

  it("does not attribute an error to its caller while the caller is connected", () => {
    expect(world.open(ANNA).readerLeft(new Error("broken"))).toBe(false);
  });

  it("is stopped by the server's shutdown, even if its caller leaves afterwards", () => {
    const caller = new AbortController();
    const stream = world.open(ANNA, { signal: caller.signal });
    world.services.streams.stop(serverShutdown());
    expect(stream.stopped).toMatchObject({ reason: "server-shutdown", failure: { reason: "SERVER_SHUTDOWN" } });
    expect(stream.signal.reason).toBe(stream.stopped);
    caller.abort();
    expect(stream.readerLeft(stream.stopped)).toBe(false);
  });

  it("counts until it is closed, and leaves no listener on its caller's signal", () => {
    const { signal } = new AbortController();
    const stream = world.open(ANNA, { signal });
    expect(world.services.streams.size).toBe(1);
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    stream.close();
    stream.close();
    expect(world.services.streams.size).toBe(0);
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
    expect(stream.signal.aborted).toBe(true);
    expect(stream.stopped).toBeUndefined();
  });

  it("is refused if its caller has too many, and then holds no resources", () => {
    const services = { ...world.services, streams: new OpenStreams({ total: 1, perCaller: 1 }) };
    const { signal } = new AbortController();
    const first = new GuardedStream(services, ANNA, signal);
    expect(() => new GuardedStream(services, ANNA, signal)).toThrow("You have 1 log or watch open");
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    first.close();
  });
});

describe("the re-check of streams", () => {
  it("takes two reviews and one timer for a thousand of one token and run", async () => {
    const streams = Array.from({ length: 1_000 }, () => world.open(ANNA));
    expect(world.reviews()).toEqual([0, 0]);
    for (let round = 1; round <= 3; round += 1) {
      expect(world.waits.pending).toEqual([RECHECK_MS]);
      await world.recheck();
      expect(world.reviews()).toEqual([round, round]);
    }
    expect(streams.filter(({ signal }) => signal.aborted)).toEqual([]);
  });

  it("takes no more for different runs of one project", async () => {
    for (let run = 0; run < 100; run += 1) world.open(ANNA, { run: `run-${run}` });
    await world.recheck();
    expect(world.reviews()).toEqual([1, 1]);
  });

  it("is made for each project and each token", async () => {
    world.open(ANNA);
    world.open(ANNA, { project: "other" });
    world.open(BOB);
    await world.recheck();
    expect(world.reviews()).toEqual([2, 3]);
  });

  it("covers a stream that joined later, at the time of the others", async () => {
    world.open(ANNA);
    world.clock.time += 20_000;
    const late = world.open(ANNA);
    expect(world.waits.pending).toEqual([RECHECK_MS]);
    world.refused.add("shop");
    await world.recheck(10_000);
    expect(late.stopped?.reason).toBe("authorization-lost");
  });

  it("continues for the others when the first one closes, and ends with the last", async () => {
    const first = world.open(ANNA);
    const second = world.open(ANNA);
    first.close();
    await world.recheck();
    expect(world.reviews()).toEqual([1, 1]);
    second.close();
    expect(world.waits.pending).toEqual([]);
  });

  it("stops all streams that may no longer be read, and no others", async () => {
    const [one, two] = [world.open(ANNA), world.open(ANNA)];
    const others = [world.open(ANNA, { project: "other" }), world.open(BOB, { project: "other" })];
    world.refused.add("shop");
    await world.recheck();
    for (const { stopped } of [one, two])
      expect(stopped).toMatchObject({ reason: "authorization-lost", failure: { reason: "AUTHORIZATION_LOST" } });
    expect(others.filter(({ signal }) => signal.aborted)).toEqual([]);
    expect(world.waits.pending).toEqual([RECHECK_MS, RECHECK_MS]);
  });

  it("stops all streams of a token that the cluster no longer knows, and no others", async () => {
    const [one, two] = [world.open(ANNA), world.open(ANNA, { project: "other" })];
    const bobs = world.open(BOB);
    world.refused.add("anna");
    await world.recheck();
    for (const { stopped } of [one, two])
      expect(stopped).toMatchObject({ reason: "token-expired", failure: { reason: "TOKEN_EXPIRED" } });
    expect(bobs.signal.aborted).toBe(false);
  });

  it("stops a stream when its token expires, without a review", async () => {
    const stream = world.open(callerOf("short", { expiresAt: world.clock.time + 10_000 }));
    expect(world.waits.pending).toEqual([10_000]);
    await world.recheck(10_000);
    expect(stream.stopped).toMatchObject({ reason: "token-expired", failure: { kind: "unauthenticated" } });
    expect(world.reviews()).toEqual([0, 0]);
  });

  it.each(["anna", "shop"])("stops streams whose review fails: %s", async (subject) => {
    const failure = new Failure("unavailable", "KUBERNETES_UNAVAILABLE", "down");
    const stream = world.open(ANNA);
    const bobs = world.open(BOB, { project: "other" });
    world.failing.set(subject, failure);
    await world.recheck();
    expect(stream.stopped).toMatchObject({ reason: "recheck-failed", failure });
    expect(bobs.signal.aborted).toBe(false);
  });

  it("hides an unexpected error from callers", async () => {
    const stream = world.open(ANNA);
    world.failing.set("shop", new Error("hidden"));
    await world.recheck();
    const failure = stream.stopped?.failure;
    expect([failure?.kind, failure?.message.includes("hidden")]).toEqual(["internal", false]);
  });

  it("starts again for a stream that opens while those of a refused token are not closed yet", async () => {
    world.open(ANNA);
    world.refused.add("anna");
    await world.recheck();
    const next = world.open(ANNA);
    expect(world.waits.pending).toEqual([RECHECK_MS]);
    await world.recheck();
    expect(next.stopped?.reason).toBe("token-expired");
  });

  it("ignores streams that are closed in the middle of it", async () => {
    const gate = createGate();
    world.gate = gate.opened;
    const passed: Caller[] = [];
    const stream = world.open(ANNA, { onPassed: (caller) => passed.push(caller) });
    await world.recheck();
    expect(world.reviews()).toEqual([1, 0]);
    stream.close();
    gate.open();
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.reviews()).toEqual([1, 0]);
    expect(passed).toEqual([]);
  });

  it("passes each stream its caller as the cluster now knows them", async () => {
    const found: string[] = [];
    for (const name of ["one", "two"])
      world.open(ANNA, { onPassed: ({ groups }) => found.push(`${name}: ${groups.join()}`) });
    await world.recheck();
    expect(found).toEqual(["one: as of now", "two: as of now"]);
  });
});
