import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createClient } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { AnalysisRunLogService, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createGate } from "../fakes/byte-source.ts";
import { hangs, sendsThenHangs } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { startWorld, type World, type WorldOptions } from "./world.ts";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function start(drain: string, options: WorldOptions = {}): Promise<World> {
  const world = await startWorld({ ...options, config: { ...options.config, shutdown: { drain } } });
  opened.push(world);
  return world;
}

/** A connection that sends this text and then nothing. */
async function connection(port: number, said = ""): Promise<Socket> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  await once(socket, "connect");
  if (said !== "") await new Promise((resolve) => socket.write(said, resolve));
  return socket;
}

describe.each(PROTOCOLS)("a gateway that stops, over $name", (protocol) => {
  it("ends streams with SERVER_SHUTDOWN after the drain time, then stops", async () => {
    const world = await start("50ms");
    const client = createClient(AnalysisRunLogService, world.transport(protocol));
    const stream = client.getAnalysisRunLogs(world.addLog(sendsThenHangs("begin\n")), as(TOKENS.reader));
    const messages = stream[Symbol.asyncIterator]();
    await messages.next();
    expect((await messages.next()).value?.chunk).toBe("begin\n");

    const stopped = world.gateway.stop();
    expect((await messages.next()).value?.event).toMatchObject({
      case: "end",
      value: { reason: EndReason.SERVER_SHUTDOWN, lines: 1n },
    });
    expect(await errorOf(messages.next())).toMatchObject({ code: "Unavailable", reason: "SERVER_SHUTDOWN" });
    await stopped;
    await world.store.untilAnswering(0);
    await expect(connection(world.port)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect((await readLog(world.transport(protocol), world.addLog(hangs))).error?.code).toBe("Unavailable");
  });

  it("ends calls that still wait for the store too", async () => {
    const world = await start("0ms");
    const reading = readLog(world.transport(protocol), world.addLog(hangs));
    await world.store.untilAnswering(1);
    await world.gateway.stop();
    expect(await reading).toMatchObject({ kinds: [], error: { code: "Unavailable", reason: "SERVER_SHUTDOWN" } });
    await world.store.untilAnswering(0);
  });

  it("skips the drain time at the second signal", async () => {
    const world = await start("1h");
    const client = createClient(AnalysisRunLogService, world.transport(protocol));
    const stream = client.getAnalysisRunLogs(world.addLog(sendsThenHangs("begin\n")), as(TOKENS.reader));
    const messages = stream[Symbol.asyncIterator]();
    for (let i = 0; i < 2; i += 1) await messages.next();
    const first = world.gateway.stop();
    const second = world.gateway.stop();
    expect((await messages.next()).value?.event.case).toBe("end");
    expect(await errorOf(messages.next())).toMatchObject({ code: "Unavailable", reason: "SERVER_SHUTDOWN" });
    await Promise.all([first, second]);
  });

  it("waits only for open streams", async () => {
    const world = await start("1h");
    const begun = createGate<() => void>();
    const ref = world.addLog((response) => {
      response.writeHead(200).write("begin\n");
      begun.open(() => response.end("end\n"));
    });
    const reading = readLog(world.transport(protocol), ref);
    const finish = await begun.opened;
    const stopped = world.gateway.stop();
    finish();
    expect((await reading).text).toBe("begin\nend\n");
    await stopped;
  });

  it("accepts no new calls while it drains", async () => {
    const world = await start("1h");
    const reading = readLog(world.transport(protocol), world.addLog(sendsThenHangs("begin\n")));
    await world.store.untilAnswering(1);
    const stopped = world.gateway.stop();
    const fresh = protocol.open(world.url);
    const { code } = await errorOf(createClient(Health, fresh.transport).check({}));
    expect(code).toBe("Unavailable");
    fresh.close();
    void world.gateway.stop();
    expect((await reading).end?.reason).toBe(EndReason.SERVER_SHUTDOWN);
    await stopped;
  });
});

describe("a gateway that stops", () => {
  it("is not ready, even for a probe already in progress", async () => {
    const world = await start("1h");
    const probe = await connection(world.port, "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    // This call was answered after the server had received the probe's first half.
    const ready = await fetch(`${world.url}/readyz`);
    expect([ready.status, await ready.text()]).toEqual([200, "ok\n"]);

    const stopped = world.gateway.stop();
    probe.write("\r\n");
    const answer = Buffer.concat(await probe.toArray()).toString();
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/\r\n\r\nstopping\n$/);
    await stopped;
  });

  it("leaves no socket open", async () => {
    const sockets = () => process.getActiveResourcesInfo().filter((each) => each.startsWith("TCP")).length;
    const before = sockets();
    const world = await startWorld();
    for (const protocol of PROTOCOLS) {
      void readLog(world.transport(protocol), world.addLog(sendsThenHangs("begin\n")));
      await world.store.untilAnswering(1 + PROTOCOLS.indexOf(protocol));
    }
    expect(sockets()).toBeGreaterThan(before);
    await world.close();
    // A socket counts until the iteration of the event loop after its end.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    expect(sockets()).toBeLessThanOrEqual(before);
  });

  it("does not wait for idle connections", async () => {
    const world = await start("1h");
    const silent = await connection(world.port);
    const undecided = await connection(world.port, "PRI * HT");
    const idle = await connection(world.port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(idle, "data");
    const closed = [silent, undecided, idle].map((socket) => once(socket.resume(), "close"));
    await world.gateway.stop();
    expect(await Promise.all(closed)).toHaveLength(3);
  });
});
