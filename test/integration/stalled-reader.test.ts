import { once } from "node:events";
import { get } from "node:http";
import { connect as connectH2 } from "node:http2";
import type { Readable } from "node:stream";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createFlood, type Flood, sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { createWaits, type FakeWaits } from "../fakes/waits.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { type LogEntry, useWorld, type World } from "./world.ts";

/** A fifth of ten minutes. */
const isLook = (ms: number): boolean => ms === 120_000;
const LOOKS = 5;
const isLetGo = ({ reason }: LogEntry): boolean => reason === "READER_STALLED";
const INFO = 30;
const config = { limits: { readerStall: "10m", streamsPerCaller: 1 } };

/** Waits until back-pressure stops the store: it sends nothing while many other calls are answered. */
async function untilHeldUp(world: World, flood: Flood): Promise<void> {
  for (let before = -1; before !== flood.sent; ) {
    before = flood.sent;
    await answersOthers(world);
  }
}

async function answersOthers(world: World): Promise<void> {
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");
  const health = createClient(Health, world.transport(protocol));
  for (let call = 0; call < 50; call += 1) await health.check({});
}

/** Lets a fifth of the limit pass. */
async function look(waits: FakeWaits): Promise<void> {
  await waits.until(isLook);
  waits.pass(isLook);
}

/** Expects that the store, the caller's stream slot and all timers are released. */
async function expectFreed(world: World, waits: FakeWaits): Promise<void> {
  await world.untilLogged(1, isLetGo);
  await world.store.untilAnswering(0);
  const [protocol] = PROTOCOLS;
  if (protocol === undefined) throw new Error("There is no protocol.");
  const { text } = await readLog(world.transport(protocol), world.addLog(sends("more\n")));
  expect(text).toBe("more\n");
  await waits.untilNone();
  const entries = world.log.filter(isLetGo);
  expect(entries).toMatchObject([{ level: INFO, ms: 600_000 }]);
}

describe.each(PROTOCOLS)("over $name", (protocol) => {
  describe("a reader that takes nothing until the limit", () => {
    const waits = createWaits();
    const world = useWorld({ config, wait: waits.wait });

    it("is disconnected, and its resources are released", async () => {
      const flood = createFlood();
      const client = createClient(AnalysisRunLogService, world().transport(protocol));
      const stream = client.getAnalysisRunLogs(world().addLog(flood.answer), as(TOKENS.reader));
      const messages = stream[Symbol.asyncIterator]();
      await messages.next();
      await untilHeldUp(world(), flood);
      // The first check sees what was read before.
      for (let each = 0; each < 1 + LOOKS; each += 1) await look(waits);
      await expectFreed(world(), waits);
      const readOn = async (): Promise<void> => {
        for (;;) await messages.next();
      };
      expect((await errorOf(readOn())).code).not.toBe("DeadlineExceeded");
    }, 60_000);
  });

  describe("a reader that takes a little at a time", () => {
    const waits = createWaits();
    const world = useWorld({ config, wait: waits.wait });

    it("is not disconnected", async () => {
      const flood = createFlood();
      const leave = new AbortController();
      const client = createClient(AnalysisRunLogService, world().transport(protocol));
      const options = { ...as(TOKENS.reader), signal: leave.signal };
      const messages = client.getAnalysisRunLogs(world().addLog(flood.answer), options)[Symbol.asyncIterator]();
      await messages.next();
      await untilHeldUp(world(), flood);
      for (let each = 0; each < 3; each += 1) {
        for (let at = 0; at < LOOKS - 1; at += 1) await look(waits);
        const { sent } = flood;
        while (flood.sent === sent) await messages.next();
        await look(waits);
      }
      for (let received = 0; received < 2 * flood.sent; ) {
        received += (await messages.next()).value?.chunk.length ?? 0;
        if (received > 4 * 1024 * 1024) break;
      }
      expect(world().log.filter(isLetGo)).toEqual([]);
      leave.abort();
      await world().store.untilAnswering(0);
    }, 60_000);
  });

  describe("a reader that waits for the log", () => {
    const waits = createWaits();
    const world = useWorld({ config, wait: waits.wait });

    it("is not disconnected", async () => {
      const leave = new AbortController();
      const client = createClient(AnalysisRunLogService, world().transport(protocol));
      const options = { ...as(TOKENS.reader), signal: leave.signal };
      const ref = world().addLog(sendsThenHangs("begin\n"));
      const messages = client.getAnalysisRunLogs(ref, options)[Symbol.asyncIterator]();
      await messages.next();
      await messages.next();
      for (let each = 0; each < 3 * LOOKS; each += 1) await look(waits);
      await answersOthers(world());
      expect(world().log.filter(isLetGo)).toEqual([]);
      leave.abort();
      await waits.untilNone();
    });
  });
});

type Open = (world: World, path: string) => Promise<{ readonly body: Readable; close(): void }>;

const headers = { authorization: `Bearer ${TOKENS.reader}` };
const openH1: Open = async ({ url }, path) => {
  const body = await new Promise<Readable>((resolve) => get(url + path, { headers, agent: false }, resolve));
  return { body, close: () => body.destroy() };
};
const openH2: Open = async ({ url }, path) => {
  const session = connectH2(url).on("error", () => {});
  const body = session.request({ ":path": path, ...headers });
  await once(body, "response");
  return { body, close: () => session.destroy() };
};

describe.each([
  { version: "HTTP/1.1", open: openH1 },
  { version: "HTTP/2", open: openH2 },
])("a stalled reader of the raw route over $version", ({ open }) => {
  const waits = createWaits();
  const world = useWorld({ config, wait: waits.wait });

  it("is disconnected, and its body is truncated", async () => {
    const flood = createFlood();
    const { namespace, name } = world().addLog(flood.answer);
    const { body, close } = await open(world(), `/raw/${namespace}/${name}`);
    const failed = once(body, "error");
    await untilHeldUp(world(), flood);
    // The first check sees what was read before.
    for (let each = 0; each < 1 + LOOKS; each += 1) await look(waits);
    await expectFreed(world(), waits);
    body.resume();
    expect(await failed).toHaveLength(1);
    close();
  }, 60_000);
});
