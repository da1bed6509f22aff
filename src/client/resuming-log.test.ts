import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { AnalysisRunLogService, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { type ScriptedLog, scriptedLog } from "../../test/fakes/scripted-log.ts";
import { fakeTimer } from "../../test/fakes/timers.ts";
import { createTaffrailClient, type LogCallOptions } from "./client.ts";
import type { LogEvent } from "./log-event.ts";
import type { LogState } from "./log-state.ts";

const REQUEST = { namespace: "guestbook", name: "uat.01", metricName: "robot", follow: true };
const PIECES = ["one\n", "two\nthr", "ee\n", "vier ä\n", "five"];
const end = (reason: EndReason): object => ({ event: { case: "end", value: { reason, bytes: 1n } } });
const gone = (): never => {
  throw new ConnectError("gone", Code.Unavailable);
};

async function read(
  { transport }: Pick<ScriptedLog, "transport">,
  options: LogCallOptions = {},
  {
    token = "demo-viewer",
    request = {},
  }: { token?: string | (() => string); request?: { follow?: boolean; allPods?: boolean } } = {},
) {
  const client = createTaffrailClient({ baseUrl: "http://unused", transport, token });
  const { timer, waited } = fakeTimer();
  const events: LogEvent[] = [];
  const states: LogState[] = [];
  let error: unknown;
  try {
    const onState = (state: LogState): void => {
      states.push(state);
    };
    const resume = { timer, random: () => 1, ...(typeof options.resume === "object" && options.resume) };
    const callOptions = { onState, ...options, resume };
    for await (const event of client.getAnalysisRunLogs({ ...REQUEST, ...request }, callOptions)) events.push(event);
  } catch (caught) {
    error = caught;
  }
  const text = Buffer.concat(events.flatMap((each) => (each.kind === "chunk" ? [each.bytes] : []))).toString();
  return { events, kinds: events.map(({ kind }) => kind), text, error, states, waited };
}

describe("a stream that breaks", () => {
  it("is resumed behind the last message, whichever message it breaks before", async () => {
    for (let at = 1; at <= PIECES.length; at += 1) {
      const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === at ? gone() : undefined));
      const { text, error, events, kinds } = await read(log);
      expect([text, error]).toEqual([PIECES.join(""), undefined]);
      expect(log.sent).toEqual(PIECES.map((_, index) => index));
      expect(log.requests.map(({ cursor }) => cursor)).toEqual(["", `piece-${at}`]);
      expect(log.requests[1]).toMatchObject(REQUEST);
      expect(kinds.filter((kind) => kind !== "chunk")).toEqual(["origin", "resumed", "end"]);
      const before = PIECES.slice(0, at).join("");
      expect(events.find(({ kind }) => kind === "resumed")).toMatchObject({
        line: before.split("\n").length,
        bytes: Buffer.byteLength(before),
        times: 1,
        origin: { metricName: "robot" },
      });
      expect(events.at(-1)).toMatchObject({
        end: { reason: EndReason.COMPLETE, lines: 5n, bytes: BigInt(Buffer.byteLength(PIECES.join(""))) },
        cursor: "piece-5",
      });
    }
  });

  it.each<[string, () => Iterable<object>]>([
    ["its server is Unavailable", gone],
    [
      "a proxy times out",
      () => {
        throw new ConnectError("HTTP 504", Code.DeadlineExceeded);
      },
    ],
    [
      "an HTTP/2 stream is reset",
      () => {
        throw new ConnectError("http/2 stream closed with error code CANCEL (0x8)", Code.Canceled);
      },
    ],
    [
      "a message is truncated",
      () => {
        throw new ConnectError("protocol error: promised 9 bytes, received 4", Code.InvalidArgument);
      },
    ],
    [
      "the server has too many streams for now",
      () => {
        const info = create(ErrorInfoSchema, { domain: "taffrail", reason: "TOO_MANY_STREAMS" });
        throw new ConnectError("no room", Code.ResourceExhausted, undefined, [{ desc: ErrorInfoSchema, value: info }]);
      },
    ],
    ["it stops without an end", () => []],
    ["the server shuts down", () => [end(EndReason.SERVER_SHUTDOWN)]],
    ["the source failed", () => [end(EndReason.SOURCE_FAILED)]],
    ["the source stalled", () => [end(EndReason.SOURCE_STALLED)]],
    ["its reader stalled", () => [end(EndReason.READER_STALLED)]],
  ])("is resumed when %s, and only the final end is yielded", async (_, broken) => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 2 ? broken() : undefined));
    const { text, error, kinds } = await read(log);
    expect([text, error]).toEqual([PIECES.join(""), undefined]);
    expect(kinds.filter((kind) => kind === "end")).toHaveLength(1);
    expect(log.sent).toEqual([0, 1, 2, 3, 4]);
  });

  it.each([
    Code.InvalidArgument,
    Code.Unauthenticated,
    Code.PermissionDenied,
    Code.NotFound,
    Code.FailedPrecondition,
    Code.Unimplemented,
  ])("is not resumed after a refusal with code %i", async (code) => {
    const log = scriptedLog(PIECES, (next) => {
      if (next === 2) throw new ConnectError("no", code);
      return undefined;
    });
    const { text, error, waited } = await read(log);
    expect([text, waited]).toEqual(["one\ntwo\nthr", []]);
    expect(error).toMatchObject({ code });
    expect(log.requests).toHaveLength(1);
  });

  it.each([EndReason.COMPLETE, EndReason.CAUGHT_UP, EndReason.LIMIT_REACHED, EndReason.SCAN_BUDGET_SPENT])(
    "is complete if it breaks after an end with reason %i",
    async (reason) => {
      const whole = scriptedLog(PIECES, (next) => (next === 5 ? broken(reason) : undefined));
      function* broken(why: EndReason) {
        yield end(why);
        gone();
      }
      const { error, kinds } = await read(whole);
      expect([error, kinds.at(-1), whole.requests.length]).toEqual([undefined, "end", 1]);
    },
  );

  it.each([EndReason.SERVER_LIMIT_REACHED, EndReason.AUTHORIZATION_LOST, EndReason.TOKEN_EXPIRED])(
    "fails after an end with reason %i, which is yielded before the error",
    async (reason) => {
      function* over() {
        yield end(reason);
        throw new ConnectError("over", Code.ResourceExhausted);
      }
      const log = scriptedLog(PIECES, (next) => (next === 2 ? over() : undefined));
      const { events, error } = await read(log);
      expect(events.at(-1)).toMatchObject({ kind: "end", end: { reason }, cursor: "piece-2" });
      expect(error).toMatchObject({ rawMessage: "over" });
      expect(log.requests).toHaveLength(1);
    },
  );

  it("is given up after the configured tries without progress, and the server's end is yielded", async () => {
    const log = scriptedLog(PIECES, (next) => (next === 2 ? [end(EndReason.SOURCE_FAILED)] : undefined));
    const { text, events, error, waited } = await read(log);
    expect(text).toBe("one\ntwo\nthr");
    expect(waited).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(events.at(-1)).toMatchObject({ kind: "end", end: { reason: EndReason.SOURCE_FAILED, bytes: 11n } });
    expect(error).toMatchObject({ code: Code.Unavailable });
  });

  it("resets the tries whenever bytes arrive", async () => {
    const log = scriptedLog(PIECES, (next, call, sent) => {
      if (sent === 1 || (call % 2 === 0 && next < 5)) gone();
      return undefined;
    });
    const { text, error, waited } = await read(log, { resume: { tries: 2 } });
    expect([text, error]).toEqual([PIECES.join(""), undefined]);
    expect(Math.max(...waited)).toBe(500);
    expect(log.sent).toEqual([0, 1, 2, 3, 4]);
  });

  it("does not count a cursor with another text as progress, in any message", async () => {
    let made = 0;
    const cursor = (next: number): string => {
      made += 1;
      return `piece-${next}@${made}`;
    };
    const notice = { case: "notice", value: { kind: NoticeKind.DECODED, message: "UTF-16" } };
    const log = scriptedLog(PIECES, (next) =>
      next === 2
        ? [
            { cursor: cursor(next), event: notice },
            { ...end(EndReason.SOURCE_FAILED), cursor: cursor(next) },
          ]
        : undefined,
    );
    const { text, waited, events } = await read(log, { resume: { tries: 3 } });
    expect([text, waited]).toEqual(["one\ntwo\nthr", [250, 500, 1_000]]);
    expect(log.requests).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({ end: { reason: EndReason.SOURCE_FAILED }, cursor: `piece-2@${made}` });
  });

  it("counts a scan as progress, so that one that is cut repeatedly reaches its end", async () => {
    for (const follow of [false, true]) {
      const scanned = [1, 2, 3, 4].map((next) => [{ cursor: `piece-${next}` }, end(EndReason.SOURCE_FAILED)]);
      const log = scriptedLog(["", "", "", "", "a\n"], (_, call) => scanned[call - 1]);
      const { text, waited, error } = await read(log, { resume: { tries: 1 } }, { request: { follow } });
      expect([text, error, waited]).toEqual(["a\n", undefined, [250, 250, 250, 250]]);
      expect(log.requests.map(({ cursor }) => cursor)).toEqual(["", "piece-1", "piece-2", "piece-3", "piece-4"]);
    }
  });

  it("gives up a scan that never brings a byte", async () => {
    const cut = scriptedLog(PIECES, () => [{ cursor: "piece-1" }]);
    const { error } = await read(cut, { resume: { tries: 2 } }, { request: { follow: false } });
    expect(error).toMatchObject({ code: Code.Unavailable });
    expect(cut.requests).toHaveLength(102);
    const failing = scriptedLog(PIECES, () => [{ cursor: "piece-1" }, end(EndReason.SOURCE_FAILED)]);
    await read(failing, { resume: { tries: 2 } });
    expect(failing.requests).toHaveLength(102);
  });

  it.each([{}, { cursor: "piece-1" }])(
    "counts a heartbeat (%o) as progress while it waits for output and only the connection is cut",
    async (heartbeat) => {
      const quiet = () =>
        scriptedLog(["a\n", "b\n"], (next, call) => (next === 1 && call < 200 ? [heartbeat] : undefined));
      const followed = await read(quiet(), { resume: { tries: 2 } });
      expect([followed.text, followed.error]).toEqual(["a\nb\n", undefined]);
      expect(followed.waited).toEqual(Array.from({ length: 199 }, () => 250));
    },
  );

  it("does not count a heartbeat as progress if there is nothing to wait for, or the source fails", async () => {
    const plain = scriptedLog(["a\n", "b\n"], (next) => (next === 1 ? [{}] : undefined));
    const cut = await read(plain, { resume: { tries: 2 } }, { request: { follow: false } });
    expect([cut.text, cut.waited]).toEqual(["a\n", [250, 500]]);
    const stalled = scriptedLog(["a\n", "b\n"], (next) =>
      next === 1 ? [{}, end(EndReason.SOURCE_STALLED)] : undefined,
    );
    const given = await read(stalled, { resume: { tries: 2 } });
    expect([given.text, given.waited]).toEqual(["a\n", [250, 500]]);
  });

  it("does not count a first heartbeat as progress: a slow log starts with one", async () => {
    async function* getAnalysisRunLogs() {
      yield {};
      gone();
    }
    const transport = createRouterTransport(({ service }) => service(AnalysisRunLogService, { getAnalysisRunLogs }));
    const { error, waited } = await read({ transport }, { resume: { tries: 2 } });
    expect([error, waited]).toMatchObject([{ code: Code.Unavailable }, [250, 500]]);
  });

  it("is resumed behind its last cursor where chunks of all pods have none, without repeating any", async () => {
    let sent = 0;
    const log = scriptedLog(PIECES, (next, call) => {
      if (call > 1 || next !== 2) return undefined;
      return (function* () {
        for (const chunk of ["ee\n", "vier"]) {
          sent += 1;
          yield { chunk };
        }
        gone();
      })();
    });
    const { text, error, kinds } = await read(log, {}, { request: { allPods: true } });
    expect([text, error, sent]).toEqual([PIECES.join(""), undefined, 2]);
    expect(log.requests.map(({ cursor }) => cursor)).toEqual(["", "piece-2"]);
    expect(kinds.filter((kind) => kind === "chunk").length).toBe(5);
  });

  it("gives what came without a cursor where it fails", async () => {
    const log = scriptedLog(PIECES, (next) => (next === 1 ? [{ chunk: "two\n" }] : undefined));
    const { text, error } = await read(log, { resume: { tries: 0 } }, { request: { allPods: true } });
    expect([text, error instanceof ConnectError]).toEqual(["one\ntwo\n", true]);
  });

  it("fails, rather than repeat a chunk, after a chunk without a cursor", async () => {
    const log = scriptedLog(PIECES, (next, call) => {
      if (call > 1 || next < 2) return undefined;
      return [{ chunk: "three\n" }];
    });
    const { text, error } = await read(log);
    expect(text).toBe("one\ntwo\nthrthree\n");
    expect(error).toMatchObject({ code: Code.Unavailable });
    expect(log.requests).toHaveLength(1);
  });

  it("is not resumed with `resume: false`", async () => {
    const log = scriptedLog(PIECES, (next) => (next === 2 ? gone() : undefined));
    const client = createTaffrailClient({ baseUrl: "http://unused", transport: log.transport });
    const reading = async (): Promise<void> => {
      for await (const _ of client.getAnalysisRunLogs(REQUEST, { resume: false }));
    };
    await expect(reading()).rejects.toMatchObject({ rawMessage: "gone" });
    expect(log.requests).toHaveLength(1);
  });
});

describe("a token that expires during a stream", () => {
  const token = () => "fresh";
  const unauthenticated = (): never => {
    throw new ConnectError("expired", Code.Unauthenticated);
  };
  function* expired() {
    yield end(EndReason.TOKEN_EXPIRED);
    unauthenticated();
  }

  it("is renewed, and the log resumes at the same position", async () => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 2 ? expired() : undefined));
    const { text, error, kinds } = await read(log, {}, { token });
    expect([text, error]).toEqual([PIECES.join(""), undefined]);
    expect(kinds.filter((kind) => kind !== "chunk")).toEqual(["origin", "resumed", "end"]);
    expect(log.requests.map(({ cursor }) => cursor)).toEqual(["", "piece-2"]);
    expect(log.sent).toEqual([0, 1, 2, 3, 4]);
  });

  it("is renewed each time there was progress in between, even if only a heartbeat", async () => {
    const log = scriptedLog(PIECES, (_, call, sent) => {
      if (call < 5 && sent === 1) return expired();
      return undefined;
    });
    expect(await read(log, {}, { token })).toMatchObject({ text: PIECES.join(""), error: undefined });
    const quiet = scriptedLog(PIECES, (next, call) => (next === 2 && call < 5 ? [{}, ...expiredOnly()] : undefined));
    expect(await read(quiet, {}, { token })).toMatchObject({ text: PIECES.join(""), error: undefined });
    expect(quiet.requests).toHaveLength(5);
    function* expiredOnly() {
      yield end(EndReason.TOKEN_EXPIRED);
    }
  });

  it("is renewed only once without progress, and the end is yielded before the error", async () => {
    const log = scriptedLog(PIECES, (next) => (next === 2 ? expired() : undefined));
    const { events, error, waited } = await read(log, {}, { token });
    expect(events.at(-1)).toMatchObject({ kind: "end", end: { reason: EndReason.TOKEN_EXPIRED }, cursor: "piece-2" });
    expect(error).toMatchObject({ code: Code.Unauthenticated });
    expect([log.requests.length, waited]).toEqual([2, [250]]);
  });

  it("ends the log if the new token is refused", async () => {
    const log = scriptedLog(
      PIECES,
      (next) => (next === 2 ? expired() : undefined),
      (_, call) => (call === 2 ? unauthenticated() : undefined),
    );
    expect((await read(log, {}, { token })).error).toMatchObject({ code: Code.Unauthenticated });
    expect(log.requests).toHaveLength(2);
  });

  it("ends the log if the token is constant, or no tries are configured", async () => {
    for (const [given, tries] of [
      ["always the same", 8],
      [token, 0],
    ] as const) {
      const log = scriptedLog(PIECES, (next) => (next === 2 ? expired() : undefined));
      const { events, error } = await read(log, { resume: { tries } }, { token: given });
      expect(events.at(-1)).toMatchObject({ kind: "end", end: { reason: EndReason.TOKEN_EXPIRED } });
      expect(error).toMatchObject({ code: Code.Unauthenticated });
      expect(log.requests).toHaveLength(1);
    }
  });
});

describe("a log that has not begun", () => {
  it("is retried three times while its server is Unavailable", async () => {
    const late = scriptedLog(PIECES, undefined, (_, call) => (call < 3 ? gone() : undefined));
    const { text, kinds, waited } = await read(late);
    expect([text, waited]).toEqual([PIECES.join(""), [250, 500]]);
    expect(kinds.filter((kind) => kind !== "chunk")).toEqual(["origin", "end"]);
    const never = scriptedLog(PIECES, undefined, gone);
    expect((await read(never)).error).toMatchObject({ code: Code.Unavailable });
    expect(never.requests).toHaveLength(4);
  });

  it.each([Code.Unknown, Code.DeadlineExceeded, Code.Internal, Code.NotFound])(
    "is not retried after an error with code %i",
    async (code) => {
      const log = scriptedLog(PIECES, undefined, () => {
        throw new ConnectError("no", code);
      });
      expect((await read(log)).error).toMatchObject({ code });
      expect(log.requests).toHaveLength(1);
    },
  );

  it("is read from the beginning if it breaks before its first chunk", async () => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 0 ? gone() : undefined));
    const { text, kinds } = await read(log);
    expect(text).toBe(PIECES.join(""));
    expect(kinds.filter((kind) => kind !== "chunk")).toEqual(["origin", "resumed", "end"]);
  });

  it("is retried with the cursor of the request", async () => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 3 ? gone() : undefined));
    const client = createTaffrailClient({ baseUrl: "http://unused", transport: log.transport });
    const texts: string[] = [];
    const request = { ...REQUEST, cursor: "piece-3" };
    for await (const event of client.getAnalysisRunLogs(request, { resume: { timer: fakeTimer().timer } }))
      if (event.kind === "chunk") texts.push(Buffer.from(event.bytes).toString());
    expect(texts).toEqual(["vier ä\n", "five"]);
    expect(log.requests.map(({ cursor }) => cursor)).toEqual(["piece-3", "piece-3"]);
  });
});

describe("a stream's state", () => {
  it("is reported at each change", async () => {
    const waiting = { event: { case: "notice", value: { kind: NoticeKind.WAITING, message: "the pod is pulled" } } };
    const log = scriptedLog(["a\n", "b\n"], (next, call) => {
      if (call === 1 && next === 0) return [waiting, {}, waiting, {}, { chunk: "a\n", cursor: "piece-1" }, {}];
      if (call === 2) gone();
      return undefined;
    });
    const { states } = await read(log);
    expect(states).toMatchObject([
      { kind: "connecting" },
      { kind: "streaming" },
      { kind: "waiting", for: "log", message: "the pod is pulled" },
      { kind: "waiting", for: "log" },
      { kind: "streaming" },
      { kind: "waiting", for: "server", tries: 1, of: 8, delayMs: 250, error: { code: Code.Unavailable } },
      { kind: "resuming", tries: 1, of: 8 },
      { kind: "streaming" },
      { kind: "waiting", for: "server", tries: 2, delayMs: 500, error: { rawMessage: "gone" } },
      { kind: "resuming", tries: 2 },
      { kind: "streaming" },
      { kind: "ended" },
    ]);
  });

  it("is `ended` when the reader leaves the loop", async () => {
    const kinds: string[] = [];
    const client = createTaffrailClient({ baseUrl: "http://unused", transport: scriptedLog(PIECES).transport });
    const onState = ({ kind }: LogState): void => void kinds.push(kind);
    for await (const _ of client.getAnalysisRunLogs(REQUEST, { onState })) break;
    expect(kinds).toEqual(["connecting", "streaming", "ended"]);
  });
});

describe("a silent connection", () => {
  it("counts as broken and is closed", async () => {
    const { timer, passLong, waited } = fakeTimer();
    const asked = createGate();
    const left = createGate();
    const breakOnce = (next: number, call: number) => (call === 1 && next === 2 ? gone() : undefined);
    const log = scriptedLog(PIECES, breakOnce, async ({ signal }, call) => {
      if (call !== 2) return;
      signal.addEventListener("abort", () => left.open());
      asked.open();
      await left.opened;
    });
    const reading = read(log, { resume: { timer } });
    await asked.opened;
    passLong();
    await left.opened;
    expect((await reading).text).toBe(PIECES.join(""));
    expect(waited).toHaveLength(2);
    expect(log.sent).toEqual([0, 1, 2, 3, 4]);
  });
});

describe("aborting", () => {
  it("ends the wait for the next try at once, with Canceled", async () => {
    const log = scriptedLog(PIECES, (next) => (next === 2 ? gone() : undefined));
    const readerAbort = new AbortController();
    const onState = (state: LogState): void => {
      if (state.kind === "waiting") readerAbort.abort();
    };
    const { error } = await read(log, { signal: readerAbort.signal, onState, resume: { timer: () => () => {} } });
    expect(error).toMatchObject({ code: Code.Canceled });
    expect(log.requests).toHaveLength(1);
  });
});

it("breaks in any order yield what a direct read yields, and nothing is sent twice", { timeout: 30_000 }, async () => {
  const breaks = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 12 });
  const pieces = fc.array(fc.constantFrom("a", "\n", "b\n", "ä\n\n", "line\nhalf"), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(pieces, breaks, async (text, after) => {
      const log = scriptedLog(text, (_, call, sent) => (after[call - 1] === sent ? [] : undefined));
      const result = await read(log, { resume: { tries: 40 } });
      expect([result.text, result.error]).toEqual([text.join(""), undefined]);
      expect(log.sent).toEqual(text.map((_, index) => index));
    }),
    { numRuns: 150 },
  );
});

describe("a caller whose token is no longer accepted", () => {
  function* expired() {
    yield end(EndReason.TOKEN_EXPIRED);
    throw new ConnectError("expired", Code.Unauthenticated);
  }
  const refused = (): never => {
    throw new ConnectError("who?", Code.Unauthenticated);
  };

  it("signs in, however long that takes, and the log resumes at the same position", async () => {
    const log = scriptedLog(
      PIECES,
      (next, call) => (call === 2 && next === 2 ? expired() : undefined),
      (_, call) => (call === 1 || call === 3 ? refused() : undefined),
    );
    let signIns = 0;
    const states: LogState[] = [];
    const client = createTaffrailClient({
      baseUrl: "http://x",
      transport: log.transport,
      signedOut: async () => {
        signIns += 1;
      },
    });
    let text = "";
    const kinds: string[] = [];
    for await (const event of client.getAnalysisRunLogs(REQUEST, { onState: (state) => states.push(state) })) {
      kinds.push(event.kind);
      if (event.kind === "chunk") text += new TextDecoder().decode(event.bytes);
    }
    expect([text, signIns]).toEqual([PIECES.join(""), 3]);
    expect(log.requests.map(({ cursor }) => cursor)).toEqual(["", "", "piece-2", "piece-2"]);
    expect(kinds.filter((kind) => kind !== "chunk")).toEqual(["origin", "resumed", "end"]);
    expect(states.filter((state) => state.kind === "waiting")).toEqual(
      [1, 2, 3].map(() => ({ kind: "waiting", for: "sign-in" })),
    );
  });

  it("ends the log by leaving the sign-in", async () => {
    const log = scriptedLog(PIECES, undefined, refused);
    const readerAbort = new AbortController();
    const client = createTaffrailClient({
      baseUrl: "http://x",
      transport: log.transport,
      signedOut: (signal) => {
        readerAbort.abort();
        return Promise.reject(signal.reason);
      },
    });
    const reading = async (): Promise<void> => {
      for await (const _ of client.getAnalysisRunLogs(REQUEST, { signal: readerAbort.signal }));
    };
    await expect(reading()).rejects.toMatchObject({ code: Code.Canceled });
    expect(log.requests).toHaveLength(1);
  });
});
