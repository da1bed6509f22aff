import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { wireFormatOf } from "./protocol.ts";
import { ResponseWriter } from "./response-writer.ts";

const CONTENT_TYPE = "application/connect+proto";
const protocol = wireFormatOf(CONTENT_TYPE)?.protocol;
if (protocol === undefined) throw new Error("Connect is not served.");
const END_BYTES = 5 + (protocol.ok as Uint8Array).length;

const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0)) step();
});

/** A response of a real server, what was written to it so far, and what its client receives. */
async function openResponse() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const asked = once(server, "request") as Promise<[IncomingMessage, ServerResponse]>;
  const call = request({ port: (server.address() as AddressInfo).port, agent: false });
  const answered = once(call, "response") as Promise<[IncomingMessage]>;
  answered.catch(() => undefined);
  call.on("error", () => undefined).end();
  const [, response] = await asked;
  undo.push(() => {
    call.destroy();
    server.closeAllConnections();
    server.close();
  });
  const write = vi.spyOn(response, "write");
  const end = vi.spyOn(response, "end");
  return { response, write, end, answered, writer: new ResponseWriter(response, CONTENT_TYPE) };
}

const text = (value: string): Uint8Array[] => [Buffer.from(value)];
const enveloped = (flags: number, value: string | Uint8Array): Buffer => {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(Buffer.from(value).length, 1);
  return Buffer.concat([head, Buffer.from(value)]);
};

describe("a response writer", () => {
  it("writes a short answer whole, by one call", async () => {
    const { writer, write, end, answered } = await openResponse();
    expect(writer.write(0, text("one"))).toBe(true);
    expect(writer.write(0, [Buffer.from("t"), Buffer.from("wo")])).toBe(true);
    writer.end(protocol, protocol.ok);
    const [answer] = await answered;
    const bytes = await buffer(answer);
    expect(bytes.subarray(0, 15)).toEqual(Buffer.concat([enveloped(0, "one"), enveloped(0, "two")]).subarray(0, 15));
    expect(bytes.at(16)).toBe(protocol.endFlag);
    expect(write).not.toHaveBeenCalled();
    expect(end).toHaveBeenCalledTimes(1);
  });

  it("writes small messages at the end of the event loop's turn", async () => {
    const { writer, write, answered } = await openResponse();
    writer.write(0, text("one"));
    writer.write(0, text("two"));
    expect(write).not.toHaveBeenCalled();
    const [answer] = await answered;
    const [first] = (await once(answer, "data")) as [Buffer];
    expect(first).toEqual(Buffer.concat([enveloped(0, "one"), enveloped(0, "two")]));
    expect(write).toHaveBeenCalledTimes(1);
  });

  it("keeps the order of small and large messages", async () => {
    const { writer, answered } = await openResponse();
    const large = "x".repeat(20_000);
    for (const message of ["small", large, "small again", large]) writer.write(0, text(message));
    writer.end(protocol, protocol.ok);
    const [answer] = await answered;
    const bytes = await buffer(answer);
    const expected = ["small", large, "small again", large].map((message) => enveloped(0, message));
    expect(bytes.subarray(0, -END_BYTES).equals(Buffer.concat(expected))).toBe(true);
  });

  it("holds no more than some KiB of small messages", async () => {
    const { writer, write } = await openResponse();
    const message = text("x".repeat(1_000));
    for (let each = 0; each < 17; each += 1) writer.write(0, message);
    expect(write).toHaveBeenCalledTimes(1);
  });

  it("waits for a reader who has not taken what was written in an earlier turn", async () => {
    const { writer, response, answered } = await openResponse();
    const small = text("x".repeat(15_000));
    // The client takes nothing yet: the sockets' buffers fill up.
    const isFull = async (): Promise<boolean> => {
      const more = writer.write(0, small);
      await nextTurn();
      return !more;
    };
    while (!(await isFull()));
    expect(response.writableNeedDrain).toBe(true);
    const drained = writer.drained();
    (await answered)[0].resume();
    await drained;
    expect(response.writableNeedDrain).toBe(false);
    expect(writer.write(0, text("more"))).toBe(true);
  });

  it("writes nothing to a response that was destroyed before the end of the turn", async () => {
    const { writer, response, write } = await openResponse();
    writer.write(0, text("one"));
    response.destroy();
    await nextTurn();
    expect(write).not.toHaveBeenCalled();
  });
});
