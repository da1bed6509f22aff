import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createFlood, hangs, sendsThenHangs } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { DEBUG, useWorld } from "./world.ts";

describe.each(PROTOCOLS)("a client that leaves, over $name", (protocol) => {
  const world = useWorld();
  const open = (ref: { namespace: string; name: string }, signal: AbortSignal) =>
    createClient(AnalysisRunLogService, world().transport(protocol)).getAnalysisRunLogs(ref, {
      ...as(TOKENS.reader),
      signal,
    });
  const canceled = expect.objectContaining({ code: Code.Canceled });

  /** Expects that the call's work stops, and that it is logged at debug level only. */
  async function expectNothingLeft(calls: number): Promise<void> {
    await world().store.untilAnswering(0);
    await world().untilLogged(calls, ({ msg, code }) => msg === "call" && code === "Canceled");
    expect(world().log.filter(({ level }) => level > DEBUG)).toEqual([]);
    expect(world().store.connections).toBe(0);
  }

  it("before the store answers: the request to the store is aborted", async () => {
    const leave = new AbortController();
    const reading = open(world().addLog(hangs), leave.signal)[Symbol.asyncIterator]().next();
    await world().store.untilAnswering(1);
    leave.abort();
    await expect(reading).rejects.toEqual(canceled);
    await expectNothingLeft(1);
  });

  it("while the store is quiet: the request to the store is aborted", async () => {
    const leave = new AbortController();
    const stream = open(world().addLog(sendsThenHangs("begin\n")), leave.signal)[Symbol.asyncIterator]();
    await stream.next();
    expect((await stream.next()).value).toMatchObject({ chunk: "begin\n" });
    leave.abort();
    await expect(stream.next()).rejects.toEqual(canceled);
    await expectNothingLeft(2);
  });

  it("while the store sends faster than it reads: the request to the store is aborted", async () => {
    const leave = new AbortController();
    const flood = createFlood();
    const stream = open(world().addLog(flood.answer), leave.signal)[Symbol.asyncIterator]();
    for (let i = 0; i < 5; i += 1) await stream.next();
    leave.abort();
    await expect(
      (async () => {
        for (;;) await stream.next();
      })(),
    ).rejects.toEqual(canceled);
    await expectNothingLeft(3);
  });

  it("by its deadline: gets DEADLINE_EXCEEDED, and the request to the store is aborted", async () => {
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const reading = async (): Promise<void> => {
      const ref = world().addLog(sendsThenHangs("begin\n"));
      const options = { ...as(TOKENS.reader), timeoutMs: 150 };
      for await (const _ of client.getAnalysisRunLogs(ref, options));
    };
    const error = ConnectError.from(await reading().catch((reason: unknown) => reason));
    expect(error.code).toBe(Code.DeadlineExceeded);
    await world().store.untilAnswering(0);
    expect(world().log.filter(({ level, msg }) => level > DEBUG && msg !== "call")).toEqual([]);
  });
});
