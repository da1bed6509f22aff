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
  afterEach(() => vi.useRealTimers());

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
});
