import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf } from "./read-log.ts";
import { useWorld } from "./world.ts";

const isFirst = (ms: number): boolean => ms === 500;
const isTick = (ms: number): boolean => ms === 5_000;
const TICKS = 3;
const HEARTBEAT = { chunk: "", cursor: "", event: { case: undefined } };

describe.each(PROTOCOLS)("a stream that still looks for its log, over $name", (protocol) => {
  const waits = createWaits();
  const world = useWorld({ wait: waits.wait });

  it("sends its headers and a heartbeat after 500 ms, and another one after each 15 s", async () => {
    const leaving = new AbortController();
    let hasHeaders = false;
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const stream = client.getAnalysisRunLogs(world().addLog(hangs), {
      ...as(TOKENS.reader),
      signal: leaving.signal,
      onHeader: () => {
        hasHeaders = true;
      },
    });
    const messages = stream[Symbol.asyncIterator]();
    const first = messages.next();
    await world().store.untilAnswering(1);
    await waits.until(isFirst);
    expect(hasHeaders).toBe(false);
    waits.pass(isFirst);
    expect(await first).toMatchObject({ done: false, value: HEARTBEAT });
    expect(hasHeaders).toBe(true);

    for (let beat = 0; beat < 2; beat += 1) {
      const next = messages.next();
      for (let tick = 0; tick < TICKS; tick += 1) {
        await waits.until(isTick);
        waits.pass(isTick);
      }
      expect(await next).toMatchObject({ done: false, value: HEARTBEAT });
    }
    const next = errorOf(messages.next());
    leaving.abort();
    expect(await next).toMatchObject({ code: "Canceled" });
    await world().store.untilAnswering(0);
    await waits.untilNone();
  });
});
