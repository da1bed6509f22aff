import { get } from "node:http";
import type { Readable } from "node:stream";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createFlood, type Flood } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { useWorld, type World } from "./world.ts";

const MIB = 1024 * 1024;
/**
 * More than the buffers of the operating system and ours hold. Without back-pressure, the store would send this within
 * a tenth of a second.
 */
const AHEAD_BYTES = 32 * MIB;
const AT_ONCE = 50;

/** Waits until back-pressure stops the store: it sends nothing while many other calls are answered. */
async function untilHeldUp(world: World, flood: Flood): Promise<number> {
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");
  const health = createClient(Health, world.transport(protocol));
  for (let before = -1; before !== flood.sent && flood.sent < 10 * AHEAD_BYTES; ) {
    before = flood.sent;
    for (let call = 0; call < AT_ONCE; call += 1) await health.check({});
  }
  return flood.sent;
}

describe.each(PROTOCOLS)("a reader that pauses, over $name", (protocol) => {
  const world = useWorld();

  it("pauses the store too, and can continue", async () => {
    const leave = new AbortController();
    const flood = createFlood();
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const options = { ...as(TOKENS.reader), signal: leave.signal };
    const stream = client.getAnalysisRunLogs(world().addLog(flood.answer), options)[Symbol.asyncIterator]();
    await stream.next();
    await stream.next();

    const sent = await untilHeldUp(world(), flood);
    expect(sent).toBeLessThan(AHEAD_BYTES);
    for (let received = 0; received < 2 * sent; ) received += (await stream.next()).value?.chunk.length ?? 0;
    expect(flood.sent).toBeGreaterThan(2 * sent);

    leave.abort();
    await world().store.untilAnswering(0);
  }, 30_000);
});

describe("a reader of the raw route that pauses", () => {
  const world = useWorld();

  it("pauses the store too, and can continue", async () => {
    const flood = createFlood();
    const { namespace, name } = world().addLog(flood.answer);
    const { headers } = as(TOKENS.reader) as { headers: Record<string, string> };
    const body = await new Promise<Readable>((resolve) =>
      get(`${world().url}/raw/${namespace}/${name}`, { headers, agent: false }, resolve),
    );
    body.once("error", () => {});

    const sent = await untilHeldUp(world(), flood);
    expect(sent).toBeLessThan(AHEAD_BYTES);
    let received = 0;
    for await (const piece of body) {
      received += (piece as Buffer).length;
      if (received > 2 * sent) break;
    }
    expect(flood.sent).toBeGreaterThan(2 * sent);
    await world().store.untilAnswering(0);
  }, 30_000);
});
