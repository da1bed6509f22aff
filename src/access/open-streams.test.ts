import { describe, expect, it } from "vitest";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { OpenStreams } from "./open-streams.ts";
import { type StreamStopped, serverShutdown } from "./stream-stopped.ts";

const caller = (username: string): Caller => ({ username, uid: undefined, groups: [], extra: {} });
const stream = (stop: (why: StreamStopped) => void = () => {}) => ({ stop });

describe("open streams", () => {
  it("are limited for each caller, and the refusal names the limit", () => {
    const streams = new OpenStreams({ total: 10, perCaller: 2 });
    streams.add(stream(), caller("ann"));
    streams.add(stream(), caller("ann"));
    const failure = thrownBy(() => streams.add(stream(), caller("ann")));
    expect(failure).toMatchObject({ reason: "TOO_MANY_STREAMS", limit: "limits.streamsPerCaller" });
    expect(failure.message).toContain("You have 2 logs or watches open");
    expect(() => streams.add(stream(), caller("bob"))).not.toThrow();
  });

  it("are limited apart for callers of the same name whom different issuers vouch for", () => {
    const streams = new OpenStreams({ total: 10, perCaller: 1 });
    const ann = (issuer?: string) => ({ ...caller("ann"), issuer });
    for (const issuer of [undefined, "https://a.example.com", "https://b.example.com"]) {
      streams.add(stream(), ann(issuer));
      expect(() => streams.add(stream(), ann(issuer))).toThrow("You have 1 log or watch open");
    }
  });

  it("are limited for all callers together", () => {
    const streams = new OpenStreams({ total: 2, perCaller: 2 });
    streams.add(stream(), caller("ann"));
    streams.add(stream(), caller("bob"));
    const failure = thrownBy(() => streams.add(stream(), caller("cid")));
    expect(failure).toMatchObject({ kind: "too-much", reason: "TOO_MANY_STREAMS", limit: "limits.streams" });
    expect(failure.message).toContain("2 logs or watches open");
  });

  it("stop counting once, however often they are removed", () => {
    const streams = new OpenStreams({ total: 1, perCaller: 1 });
    const slots = streams.add(stream(), caller("ann"));
    slots.release();
    slots.release();
    streams.add(stream(), caller("ann"));
    expect(() => streams.add(stream(), caller("bob"))).toThrow("1 log or watch open");
    expect(streams.size).toBe(1);
  });

  it("count as many times as they have logs open", () => {
    const streams = new OpenStreams({ total: 8, perCaller: 5 });
    const [first, second] = [streams.add(stream(), caller("ann")), streams.add(stream(), caller("ann"))];
    expect([first.resize(4), first.resize(5), second.resize(2), streams.size]).toEqual([true, false, false, 5]);
    expect(() => streams.add(stream(), caller("ann"))).toThrow("You have 5 logs or watches open");
    const other = streams.add(stream(), caller("bob"));
    expect([other.resize(3), other.resize(4), streams.size]).toEqual([true, false, 8]);
    expect([first.resize(2), second.resize(3), streams.size]).toEqual([true, true, 8]);
    first.release();
    expect([first.resize(1), streams.size]).toEqual([false, 6]);
    for (const each of [second, other]) each.release();
    expect(streams.size).toBe(0);
  });

  it("are refused without naming their owner", () => {
    const streams = new OpenStreams({ total: 5, perCaller: 1 });
    streams.add(stream(), caller("ann"));
    expect(thrownBy(() => streams.add(stream(), caller("ann"))).message).not.toContain("ann");
  });

  it("are all stopped at once, except removed ones, as is each one added later", () => {
    const stopped: string[] = [];
    const named = (name: string) => stream(({ reason }) => stopped.push(`${name} ${reason}`));
    const streams = new OpenStreams({ total: 5, perCaller: 5 });
    streams.add(named("first"), caller("ann"));
    streams.add(named("gone"), caller("ann")).release();
    streams.add(named("second"), caller("bob"));
    streams.stop(serverShutdown());
    streams.add(named("late"), caller("bob"));
    expect(stopped).toEqual(["first server-shutdown", "second server-shutdown", "late server-shutdown"]);
  });
});

function thrownBy(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
