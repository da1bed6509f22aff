import { afterEach, describe, expect, it } from "vitest";
import { type Listener, type ListenOptions, listen } from "../../src/server/listen.ts";
import { sendText } from "../../src/server/node-http.ts";
import { END_HEADERS, END_STREAM, frame, headerBlock, PREFACE, TYPE } from "../fakes/http2-frames.ts";
import { openRaw, type RawSocket } from "./raw-socket.ts";

const SETTINGS = frame(TYPE.settings, 0, 0);
const PING = frame(TYPE.ping, 0, 0, Buffer.alloc(8));
const BLOCK = headerBlock({ ":method": "GET", ":scheme": "http", ":authority": "x", ":path": "/" });
const GET = frame(TYPE.headers, END_HEADERS | END_STREAM, 1, BLOCK);
/** The frame header of a GOAWAY without debug data: type, flags and stream 0. */
const GO_AWAY = Buffer.from([TYPE.goAway, 0, 0, 0, 0, 0]);
const opened: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function start(options: Partial<ListenOptions>): Promise<Listener> {
  const onRequest: ListenOptions["onRequest"] = (_, response) => sendText(response, 200, "answered");
  const listener = await listen({ host: "127.0.0.1", port: 0, tls: undefined, onRequest, ...options });
  opened.push(async () => {
    const closed = listener.close();
    listener.destroy();
    await closed;
  });
  return listener;
}

async function open({ address }: Listener): Promise<RawSocket> {
  const raw = await openRaw(address.port);
  opened.push(() => raw.socket.destroy());
  return raw;
}

describe("an HTTP/2 connection", () => {
  it.each([14, 15, 18, 20, 23])("is closed when it stops after %i bytes of its preface", async (length) => {
    const raw = await open(await start({ headersMs: 100 }));
    await raw.say(PREFACE.subarray(0, length));
    await expect(raw.ended()).resolves.toBeDefined();
  });

  it.each([
    ["its preface", PREFACE],
    ["half its first frame", Buffer.concat([PREFACE, SETTINGS.subarray(0, 5)])],
  ])("is closed when it stops after %s", async (_, said) => {
    const raw = await open(await start({ headersMs: 100 }));
    await raw.say(said);
    await expect(raw.ended()).resolves.toBeDefined();
  });

  it.each([
    ["no request", Buffer.alloc(0)],
    ["half a request's frame", GET.subarray(0, 20)],
    ["a request's headers without their end", frame(TYPE.headers, 0, 1, BLOCK)],
    ["an answered request", GET],
  ])("gets GOAWAY and is closed when it is idle after %s", async (_, said) => {
    const raw = await open(await start({ headersMs: 100, keepAliveMs: 100 }));
    await raw.say(Buffer.concat([PREFACE, SETTINGS, said]));
    expect((await raw.ended()).includes(GO_AWAY)).toBe(true);
  });

  it("is not kept open by pings", async () => {
    const raw = await open(await start({ headersMs: 100, keepAliveMs: 100 }));
    await raw.say(Buffer.concat([PREFACE, SETTINGS]));
    const pinging = setInterval(() => void raw.say(PING), 10);
    await expect(raw.ended()).resolves.toBeDefined();
    clearInterval(pinging);
  });

  it("stays open while a request is being answered", async () => {
    let answer: (() => void) | undefined;
    const listener = await start({
      headersMs: 20,
      keepAliveMs: 20,
      onRequest: (_, response) => {
        answer = () => sendText(response, 200, "answered");
      },
    });
    const raw = await open(listener);
    await raw.say(Buffer.concat([PREFACE, SETTINGS, GET]));
    // This request starts later and is complete.
    const other = await open(listener);
    await other.say(Buffer.concat([PREFACE, SETTINGS]));
    await other.ended();
    expect(raw.received.includes(GO_AWAY)).toBe(false);
    answer?.();
    expect(String(await raw.ended())).toContain("answered");
  });
});
