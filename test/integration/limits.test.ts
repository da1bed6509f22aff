import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Secret } from "../../src/secret.ts";
import { listen } from "../../src/server/listen.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { WRONG_CERTIFICATE } from "../fakes/wrong-certificate.ts";
import { analysisRun, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { openRaw } from "./raw-socket.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { useWorld, type World } from "./world.ts";

const LARGE_UID = "00000000-0000-4000-8000-0000000000a1";

/** No other wait is as long. */
const DELAY_MS = 90_000_000;

describe("a refusal", () => {
  const waits = createWaits();
  const world = useWorld({
    wait: waits.wait,
    refusalDelayMs: DELAY_MS,
    config: { limits: { callsPerCaller: 1, signInsPerAddress: 1, streamsPerCaller: 1 } },
  });
  const isDelay = (ms: number) => ms >= DELAY_MS / 3 && ms <= DELAY_MS;

  /** Expects that an answer does not come before the delay is over. */
  async function delayed<T>(answering: Promise<T>): Promise<T> {
    let isAnswered = false;
    void answering.finally(() => {
      isAnswered = true;
    });
    await waits.until(isDelay);
    expect(isAnswered).toBe(false);
    waits.pass(isDelay);
    return answering;
  }

  it.each(PROTOCOLS)("of a call is delayed over $name", async (protocol) => {
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const get = () => errorOf(client.getAnalysisRun({ namespace: "shop", name: "none" }, as(TOKENS.reader)));
    expect((await get()).reason).toBe("RUN_NOT_FOUND");
    expect((await delayed(get())).reason).toBe("TOO_MANY_CALLS");
    world().clock.advance(60_000);
  });

  it.each(PROTOCOLS)("of a stream is delayed over $name", async (protocol) => {
    const leave = new AbortController();
    const options = { ...as(TOKENS.reader), signal: leave.signal };
    const reading = readLog(world().transport(protocol), world().addLog(sendsThenHangs("open\n")), options);
    await world().store.untilAnswering(1);
    const { error } = await delayed(readLog(world().transport(protocol), world().addLog(sends("more\n"))));
    expect(error?.reason).toBe("TOO_MANY_STREAMS");
    leave.abort();
    await reading;
    await world().store.untilAnswering(0);
  });

  it.each(["/session", "/raw/shop/none", "/links/shop/none"])("of a sign-in is delayed at %s", async (path) => {
    const get = async (token: string) => {
      const response = await fetch(world().url + path, { headers: { authorization: `Bearer ${token}` } });
      return response.status;
    };
    expect(await get(`first-${path}`)).toBe(401);
    expect(await delayed(get(`second-${path}`))).toBe(429);
    world().clock.advance(60_000);
  });

  it("of a provider's sign-in is delayed", async () => {
    const begin = async () => {
      const response = await fetch(`${world().url}/session/login?provider=none`, { redirect: "manual" });
      return response.headers.get("location");
    };
    expect(await begin()).toContain("IDENTITY_PROVIDER_UNKNOWN");
    expect(await delayed(begin())).toContain("TOO_MANY_SIGN_INS");
    world().clock.advance(60_000);
  });

  it("is not awaited for a client that has left", async () => {
    const get = (token: string, signal?: AbortSignal) =>
      fetch(`${world().url}/session`, { headers: { authorization: `Bearer ${token}` }, ...(signal && { signal }) });
    await get("first");
    const leave = new AbortController();
    const getting = get("second", leave.signal).catch(() => undefined);
    await waits.until(isDelay);
    leave.abort();
    await getting;
    await waits.untilNone();
    expect(waits.pending).toEqual([]);
    world().clock.advance(60_000);
  });
});

describe.each(PROTOCOLS)("a limit, over $name", (protocol) => {
  const perCaller = useWorld({ config: { limits: { streamsPerCaller: 2 } } });
  const ofCalls = useWorld({ config: { limits: { callsPerCaller: 7 } } });
  const ofLarge = useWorld({ config: { limits: { callsPerCaller: 100 } } });
  const ofTokens = useWorld({ config: { limits: { signInsPerAddress: 2 } } });
  const inAll = useWorld({ config: { limits: { streams: 2 } } });
  const atSource = useWorld({ connections: 8 });
  const ofBytes = useWorld({ config: { limits: { logBytes: "1MiB" } } });

  /** Opens one log beyond the limit, expects another to succeed after all are closed, and returns the first's error. */
  async function readWithOpen(world: World, open: number) {
    const leave = new AbortController();
    const options = { ...as(TOKENS.reader), signal: leave.signal };
    const reading = Array.from({ length: open }, () =>
      readLog(world.transport(protocol), world.addLog(sendsThenHangs("open\n")), options),
    );
    await world.store.untilAnswering(open);
    const { error } = await readLog(world.transport(protocol), world.addLog(sends("more\n")));
    leave.abort();
    await Promise.all(reading);
    await world.store.untilAnswering(0);
    const { text } = await readLog(world.transport(protocol), world.addLog(sends("again\n")));
    expect(text).toBe("again\n");
    return error;
  }

  it("on the calls of one caller counts a list as five, and spares other callers", async () => {
    const client = createClient(AnalysisRunLogService, ofCalls().transport(protocol));
    const list = (token: string) => client.listAnalysisRuns({ namespace: "shop" }, as(token));
    const missing = () => errorOf(client.getAnalysisRun({ namespace: "shop", name: "none" }, as(TOKENS.reader)));
    await list(TOKENS.reader);
    expect((await missing()).reason).toBe("RUN_NOT_FOUND");
    expect(await errorOf(list(TOKENS.reader))).toMatchObject({ code: "ResourceExhausted", reason: "TOO_MANY_CALLS" });
    expect((await missing()).reason).toBe("RUN_NOT_FOUND");
    const error = await missing();
    expect(error).toMatchObject({
      reason: "TOO_MANY_CALLS",
      message: "You make more calls than 7 per minute, the limit for one caller.",
    });
    expect((await errorOf(list(TOKENS.stranger))).reason).toBe("ACCESS_DENIED");
    const { refusals } = await client.getStatus({}, as(TOKENS.operator));
    expect(refusals.filter(({ count }) => count > 0n)).toMatchObject([
      { limit: "limits.callsPerCaller", reason: "TOO_MANY_CALLS", count: 2n },
    ]);
    ofCalls().clock.advance(60_000);
    await list(TOKENS.reader);
  });

  it("on the calls of one caller counts a large run as more, and spares those who read others", async () => {
    const own = ofLarge();
    const client = createClient(AnalysisRunLogService, own.transport(protocol));
    const get = (name: string, token: string) => client.getAnalysisRun({ namespace: "shop", name }, as(token));
    const { name: plain } = own.addLog(sends("plain\n"));
    const { name: large } = own.addLog(sends("large\n"));
    const object = analysisRun({ namespace: "shop", name: large, uid: LARGE_UID, metrics: [{}] });
    own.cluster.put({ ...object, metadata: { ...object.metadata, labels: { note: "x".repeat(1_400_000) } } });
    for (let call = 0; call < 40; call += 1) await get(plain, TOKENS.reader);
    await get(large, TOKENS.reader);
    await get(large, TOKENS.reader);
    expect(await errorOf(get(large, TOKENS.reader))).toMatchObject({ reason: "TOO_MANY_CALLS" });
    const { error } = await readLog(own.transport(protocol), { namespace: "shop", name: large });
    expect(error).toMatchObject({ reason: "TOO_MANY_CALLS", limit: "limits.callsPerCaller" });
    const headers = { authorization: `Bearer ${TOKENS.reader}` };
    const raw = await fetch(`${own.url}/raw/shop/${large}`, { headers });
    expect([raw.status, Number(raw.headers.get("retry-after"))]).toEqual([429, expect.closeTo(20, -1)]);
    expect((await errorOf(get(large, TOKENS.stranger))).reason).toBe("ACCESS_DENIED");
    own.clock.advance(60_000);
    expect((await readLog(own.transport(protocol), { namespace: "shop", name: plain })).text).toBe("plain\n");
    own.clock.advance(120_000);
  });

  it("on the calls of one caller counts large runs also while they are being read", async () => {
    const own = ofLarge();
    const { name } = own.addLog(sends("large\n"));
    const object = analysisRun({ namespace: "shop", name, uid: LARGE_UID, metrics: [{}] });
    own.cluster.put({ ...object, metadata: { ...object.metadata, labels: { note: "x".repeat(1_400_000) } } });
    const client = createClient(AnalysisRunLogService, own.transport(protocol));
    const reads = Array.from({ length: 20 }, () =>
      client.getAnalysisRun({ namespace: "shop", name }, as(TOKENS.reader)).then(
        () => "read",
        (error: unknown) => error,
      ),
    );
    const results = await Promise.all(reads);
    expect(results.filter((each) => each === "read").length).toBeLessThanOrEqual(5);
    for (const each of results) if (each !== "read") expect(String(each)).toContain("You make more calls than 100");
    own.clock.advance(120_000);
  });

  it("on the calls of one caller leaves those who only call as often as they may their logs", async () => {
    const client = createClient(AnalysisRunLogService, ofCalls().transport(protocol));
    const get = () => errorOf(client.getAnalysisRun({ namespace: "shop", name: "none" }, as(TOKENS.reader)));
    ofCalls().clock.advance(60_000);
    while ((await get()).reason !== "TOO_MANY_CALLS");
    expect((await readLog(ofCalls().transport(protocol), ofCalls().addLog(sends("x\n")))).text).toBe("x\n");
    ofCalls().clock.advance(60_000);
  });

  it("on invalid tokens is that of the client's address, on every route", async () => {
    const client = createClient(AnalysisRunLogService, ofTokens().transport(protocol));
    const call = (token: string) => errorOf(client.getStatus({}, as(token)));
    expect((await call("invalid-1")).reason).toBe("TOKEN_REFUSED");
    expect((await call("invalid-1")).reason).toBe("TOKEN_REFUSED");
    expect((await readLog(ofTokens().transport(protocol), ofTokens().addLog(sends("x\n")))).text).toBe("x\n");
    expect((await call("invalid-2")).reason).toBe("TOKEN_REFUSED");
    expect((await call("invalid-3")).reason).toBe("TOO_MANY_SIGN_INS");
    for (const path of ["/session", "/raw/shop/none"]) {
      const headers = { authorization: "Bearer invalid-4" };
      expect((await fetch(ofTokens().url + path, { headers })).status).toBe(429);
    }
    expect((await readLog(ofTokens().transport(protocol), ofTokens().addLog(sends("x\n")))).text).toBe("x\n");
    // One test has used up what the address of all tests may send.
    ofTokens().clock.advance(60_000);
  });

  it("on the streams of one caller is reported with its value", async () => {
    expect(await readWithOpen(perCaller(), 2)).toMatchObject({
      code: "ResourceExhausted",
      reason: "TOO_MANY_STREAMS",
      message: "You have 2 logs or watches open, the limit for one caller.",
    });
  });

  it("on all streams is reported with its value", async () => {
    expect(await readWithOpen(inAll(), 2)).toMatchObject({
      code: "ResourceExhausted",
      reason: "TOO_MANY_STREAMS",
      message: "This server has 2 logs or watches open, its limit.",
    });
  });

  it("on one caller's open logs of a source is a quarter of them, reported with its value", async () => {
    expect(await readWithOpen(atSource(), 2)).toMatchObject({
      code: "ResourceExhausted",
      reason: "SOURCE_BUSY",
      message: 'You have 2 logs open at source "archive", the limit for one caller: a quarter of its 8.',
    });
  });

  it("on the bytes of a log truncates it there", async () => {
    const pieces = Array.from({ length: 100 }, () => Buffer.alloc(64 * 1024, "0123456789abcdef"));
    const ref = ofBytes().addLog(sends(pieces));
    const { text, kinds, end, error } = await readLog(ofBytes().transport(protocol), ref);
    expect(text.length).toBe(1024 * 1024);
    expect(kinds.at(-1)).toBe("end");
    expect(end).toMatchObject({ reason: EndReason.SERVER_LIMIT_REACHED, bytes: BigInt(1024 * 1024) });
    expect(error).toMatchObject({ code: "ResourceExhausted", reason: "LIMIT_REACHED" });
    expect(error?.message).toBe("The log is larger than 1048576 bytes.");
  });
});

describe("a TLS handshake", () => {
  it.each(["", "\x16\x03\x01"])("that stops after %j is closed after the time limit", async (said) => {
    const tls = { cert: WRONG_CERTIFICATE.cert, key: new Secret(WRONG_CERTIFICATE.key) };
    const listener = await listen({ host: "127.0.0.1", port: 0, tls, headersMs: 100, onRequest: () => {} });
    const raw = await openRaw(listener.address.port);
    if (said !== "") await raw.say(Buffer.from(said, "latin1"));
    expect(String(await raw.ended())).not.toContain("HTTP");
    raw.socket.destroy();
    await listener.close();
  });
});
