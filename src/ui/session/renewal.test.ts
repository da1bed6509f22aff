import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Renewal, type Who } from "./renewal.ts";

const who = (expiresIn: number, ends = "later"): Who => ({ username: "ann", expiresIn, expires: "soon", ends });
const answers = (status: number, body: object = {}) => new Response(JSON.stringify(body), { status });

/** A page whose server answers these to its renewals, and knows a session that is good until `until`. */
function pageOf(...given: readonly (Response | Error)[]) {
  const asked: string[] = [];
  const sessions: Who[] = [];
  const queue = [...given];
  let known: () => Response = () => answers(401);
  const renewal = new Renewal({
    find: async () => {
      asked.push("find");
      return known();
    },
    renew: async () => {
      asked.push("renew");
      const next = queue.shift() ?? answers(401);
      if (next instanceof Error) throw next;
      return next;
    },
    onSession: (each) => {
      sessions.push(each);
      renewal.plan(each);
    },
  });
  return { renewal, asked, sessions, know: (response: () => Response) => (known = response) };
}

describe("the renewal of a session", () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("happens before it expires, again and again", async () => {
    const { renewal, asked, sessions } = pageOf(answers(200, who(600)), answers(200, who(600)));
    renewal.plan(who(600));
    await vi.advanceTimersByTimeAsync(479_000);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(asked).toEqual(["find", "renew"]);
    await vi.advanceTimersByTimeAsync(480_000);
    expect([asked.length, sessions.length]).toEqual([4, 2]);
  });

  it("does not happen for a session that ends when it expires, or after sign-out", async () => {
    const { renewal, asked } = pageOf();
    renewal.plan({ ...who(600), ends: "soon" });
    await vi.advanceTimersByTimeAsync(600_000);
    renewal.plan(who(600));
    renewal.stop();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(asked).toEqual([]);
  });

  it("takes over the session that another tab has renewed meanwhile", async () => {
    const { renewal, asked, sessions, know } = pageOf();
    renewal.plan(who(600));
    know(() => answers(200, who(590)));
    await vi.advanceTimersByTimeAsync(480_000);
    expect([asked, sessions]).toEqual([["find"], [who(590)]]);
  });

  it("is repeated while the session is good if it fails, and then given up", async () => {
    const { renewal, asked } = pageOf(new TypeError("offline"), answers(503), answers(401));
    renewal.plan(who(600));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(asked.filter((each) => each === "renew").length).toBe(4);
  });

  it("is shared by all calls that were refused", async () => {
    const { renewal, asked } = pageOf(answers(200, who(600)));
    expect(await Promise.all([renewal.regain(), renewal.regain()])).toEqual(["renewed", "renewed"]);
    expect(asked).toEqual(["find", "renew"]);
    expect(await renewal.regain()).toBe("over");
  });

  it("tells a session that is over from a server that does not answer", async () => {
    const { renewal } = pageOf(answers(503), new TypeError("offline"), answers(401));
    expect([await renewal.regain(), await renewal.regain(), await renewal.regain()]).toEqual([
      "unavailable",
      "unavailable",
      "over",
    ]);
  });

  it("does not bring back a session that is ended meanwhile", async () => {
    const { renewal, sessions, underWay } = slowPage();
    const regained = renewal.regain();
    await vi.advanceTimersByTimeAsync(0);
    expect(await renewal.replace(async () => "signed out")).toBe("signed out");
    expect(underWay.aborted()).toBe(true);
    underWay.answer();
    expect([await regained, sessions]).toEqual(["unavailable", []]);
  });

  it("is given up once another tab has ended the session", async () => {
    const { renewal, sessions, underWay } = slowPage();
    const regained = renewal.regain();
    await vi.advanceTimersByTimeAsync(0);
    renewal.stop();
    underWay.answer();
    expect([await regained, sessions, underWay.aborted()]).toEqual(["unavailable", [], true]);
  });

  it("is given up even if it still waits for another tab", async () => {
    const locks = fakeLocks();
    const { renewal, asked } = pageOf(answers(200, who(600)));
    const other = Promise.withResolvers<void>();
    void locks.request("taffrail.session", {}, () => other.promise);
    const regained = renewal.regain();
    renewal.giveUp();
    other.resolve();
    expect([await regained, asked]).toEqual(["unavailable", []]);
    expect(await renewal.regain()).toBe("renewed");
  });

  it("of another tab is awaited before the user signs out, but for seconds only", async () => {
    const locks = fakeLocks();
    const { renewal } = pageOf();
    const other = Promise.withResolvers<void>();
    void locks.request("taffrail.session", {}, () => other.promise);
    const done: string[] = [];
    const first = renewal.replace(async () => done.push("first"));
    await vi.advanceTimersByTimeAsync(4_900);
    expect(done).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    await first;
    expect(done).toEqual(["first"]);
    const second = renewal.replace(async () => done.push("second"));
    await vi.advanceTimersByTimeAsync(0);
    expect(done).toEqual(["first"]);
    other.resolve();
    await second;
    expect(done).toEqual(["first", "second"]);
  });

  it("does not hide that signing out failed, which is not tried again", async () => {
    fakeLocks();
    const tries: string[] = [];
    const failing = pageOf().renewal.replace(async () => {
      tries.push("DELETE");
      throw new TypeError("offline");
    });
    await expect(failing).rejects.toThrow("offline");
    await vi.advanceTimersByTimeAsync(60_000);
    expect(tries).toEqual(["DELETE"]);
  });
});

/** A page whose server does not answer its renewal before it is told to. */
function slowPage() {
  const answer = Promise.withResolvers<Response>();
  let given: AbortSignal | undefined;
  const sessions: Who[] = [];
  const renewal = new Renewal({
    find: async () => answers(401),
    renew: (signal) => {
      given = signal;
      return answer.promise;
    },
    onSession: (each) => sessions.push(each),
  });
  const underWay = {
    aborted: () => given?.aborted,
    answer: () => answer.resolve(answers(200, who(600))),
  };
  return { renewal, sessions, underWay };
}

/** The lock of a browser (https://w3c.github.io/web-locks/), as far as it is used here. */
function fakeLocks() {
  let last: Promise<unknown> = Promise.resolve();
  const locks = {
    async request(_name: string, { signal }: { signal?: AbortSignal }, work: () => Promise<unknown>) {
      const turn = last;
      const given = Promise.withResolvers<void>();
      signal?.addEventListener("abort", () => given.reject(signal.reason));
      const result = Promise.race([turn, given.promise]).then(work);
      const settled = result.then(
        () => undefined,
        () => undefined,
      );
      last = Promise.all([turn, settled]);
      return await result;
    },
  };
  vi.stubGlobal("navigator", { locks });
  return locks;
}
