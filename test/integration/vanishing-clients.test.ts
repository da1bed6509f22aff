import { once } from "node:events";
import { connect as connectH2, constants } from "node:http2";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createFlood, sendsSlowly, sendsThenHangs } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { DEBUG, type LogRef, useWorld } from "./world.ts";

const AT_ONCE = 50;
const LOGS_PATH = "/taffrail.v1.AnalysisRunLogService/GetAnalysisRunLogs";
const console_ = vi.spyOn(console, "error");
const strays: unknown[] = [];
const note = (error: unknown): void => void strays.push(error);

beforeAll(() => void process.on("unhandledRejection", note).on("uncaughtException", note));
afterAll(() => void process.off("unhandledRejection", note).off("uncaughtException", note));

function rawRequest({ namespace, name }: LogRef): string {
  return `GET /raw/${namespace}/${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKENS.reader}\r\n\r\n`;
}

function connectRequest(ref: LogRef): string {
  const body = Buffer.from(JSON.stringify(ref));
  const envelope = Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), body]).toString("latin1");
  return [
    `POST ${LOGS_PATH} HTTP/1.1`,
    "Host: x",
    `Authorization: Bearer ${TOKENS.reader}`,
    "Content-Type: application/connect+json",
    `Content-Length: ${envelope.length}`,
    "",
    envelope,
  ].join("\r\n");
}

describe("clients that vanish", () => {
  const world = useWorld();

  /** Reads over a connection of its own, waits for the log to begin, and resets the connection. */
  async function vanish(request: string, leave: "resetAndDestroy" | "destroy"): Promise<void> {
    const socket = connect(world().port, "127.0.0.1").on("error", () => {});
    socket.write(request, "latin1");
    for (let seen = ""; !seen.includes("dull log"); ) seen += String((await once(socket, "data"))[0]);
    socket[leave]();
    await once(socket, "close");
  }

  it("by the thousand in the middle of a log leave nothing open, and nothing in the log above debug", async () => {
    // A flood fills the buffers of both connections with megabytes before its client vanishes.
    const flood = world().addLog(createFlood().answer);
    const slow = world().addLog(sendsSlowly("a dull log\n".repeat(100)));
    const quiet = world().addLog(sendsThenHangs("a dull log"));
    for (let batch = 0; batch < 1_000 / AT_ONCE; batch += 1) {
      const sending = batch < 2 ? flood : slow;
      const ways = [rawRequest(sending), connectRequest(sending), rawRequest(quiet), connectRequest(quiet)];
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, client) =>
          vanish(ways[client % ways.length] ?? "", client % 3 === 0 ? "destroy" : "resetAndDestroy"),
        ),
      );
      await world().store.untilAnswering(0);
    }
    // Half of the clients called an RPC, and each call ended.
    await world().untilLogged(480, ({ msg }) => msg === "call");
    expect(world().log.filter(({ level }) => level > DEBUG)).toEqual([]);
    expect(console_).not.toHaveBeenCalled();
    expect(strays).toEqual([]);
  }, 240_000);

  it.each(
    Object.keys(constants).filter((name) => /^NGHTTP2_(NO_ERROR|CANCEL|INTERNAL_ERROR|PROTOCOL_ERROR)$/.test(name)),
  )("by resetting an HTTP/2 stream with %s leave nothing open and nothing logged above debug", async (code) => {
    const session = connectH2(world().url);
    for (const make of [createFlood().answer, sendsThenHangs("a dull log")]) {
      const { namespace, name } = world().addLog(make);
      const stream = session.request({
        ":path": `/raw/${namespace}/${name}`,
        authorization: `Bearer ${TOKENS.reader}`,
      });
      stream.on("error", () => {});
      await once(stream, "data");
      stream.close(constants[code as keyof typeof constants] as number);
      await world().store.untilAnswering(0);
    }
    session.destroy();
    expect(world().log.filter(({ level }) => level > DEBUG)).toEqual([]);
    expect(strays).toEqual([]);
  });

  it("with their whole HTTP/2 session leave nothing open, and nothing in the log above debug", async () => {
    const session = connectH2(world().url).on("error", () => {});
    const streams = Array.from({ length: 20 }, () => {
      const { namespace, name } = world().addLog(createFlood().answer);
      return session
        .request({
          // Otherwise, Node serves only the first streams for as long as they have something to send.
          priority: "u=3, i",
          ":path": `/raw/${namespace}/${name}`,
          authorization: `Bearer ${TOKENS.reader}`,
        })
        .on("error", () => {});
    });
    await Promise.all(streams.map((stream) => once(stream, "data").finally(() => stream.pause())));
    session.destroy(undefined, constants.NGHTTP2_INTERNAL_ERROR);
    await world().store.untilAnswering(0);
    expect(world().log.filter(({ level }) => level > DEBUG)).toEqual([]);
    expect(strays).toEqual([]);
  });
});
