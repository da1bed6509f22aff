import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createFlood } from "../fakes/scripted-store.ts";
import { storedObject } from "../fakes/stored-object.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, readLog } from "./read-log.ts";
import { messagesOf, type Request } from "./read-messages.ts";
import { useWorld } from "./world.ts";

const GRPC = PROTOCOLS[0] as (typeof PROTOCOLS)[number];
/** Creates a new automaton state for almost every character. */
const HOSTILE = { pattern: "[ab]*a[ab]{480}$" } as NonNullable<Request["grep"]>;

/** Pseudo-random letters in lines of this length, the same each time. */
function letters(bytes: number, line: number): string {
  let seed = 1;
  const made = Buffer.alloc(bytes);
  for (let at = 0; at < bytes; at += 1) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    made[at] = at % line === line - 1 ? 0x0a : 0x61 + ((seed >>> 16) & 1);
  }
  return made.toString();
}

/** Counts the iterations of the event loop, which the gateway shares with this test. */
function countTurns(): { readonly turns: number; stop(): void } {
  let turns = 0;
  let next = setImmediate(function count() {
    turns += 1;
    next = setImmediate(count);
  });
  return {
    get turns() {
      return turns;
    },
    stop: () => clearImmediate(next),
  };
}

describe("an expensive pattern", () => {
  const world = useWorld();

  it("yields to other requests after every few lines", async () => {
    const log = letters(100_000, 100);
    const request = { ...world().addLog(storedObject(log).answer), grep: HOSTILE };
    const counted = countTurns();
    const { end } = await readLog(world().transport(GRPC), request);
    counted.stop();
    expect(end).toMatchObject({ reason: EndReason.COMPLETE, lines: 0n });
    expect(counted.turns).toBeGreaterThan(300);
  });

  it("matches only the beginning of an overlong line, and says so", async () => {
    const log = letters(30_000, 10_000);
    const request = { ...world().addLog(storedObject(log).answer), grep: HOSTILE };
    const { end, notices } = await readLog(world().transport(GRPC), request);
    expect(end?.reason).toBe(EndReason.COMPLETE);
    expect(notices.map(({ message }) => message)).toEqual([
      "A line is too long to match in full: only its beginning was searched.",
    ]);
  });

  it("is abandoned when its caller leaves, while another caller's log is read", async () => {
    const flood = createFlood();
    const request = { ...world().addLog(flood.answer), grep: { ...HOSTILE, pattern: "[a-z ]*a[a-z ]{480}$" } };
    const leave = new AbortController();
    const reading = messagesOf(world().transport(GRPC), request, {
      ...as(TOKENS.reader),
      signal: leave.signal,
    });
    await reading.next();
    const { text } = await readLog(world().transport(GRPC), world().addLog(storedObject("small\n").answer));
    expect(text).toBe("small\n");
    leave.abort();
    await expect(reading.next()).rejects.toThrow();
    await world().store.untilAnswering(0);
  });
});
