import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AnalysisRunChangeKind,
  AnalysisRunLogService,
  AnalysisRunSummarySchema,
  type WatchAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { fakeTimer } from "../../test/fakes/timers.ts";
import { createTaffrailClient, type TaffrailClientOptions } from "./client.ts";
import type { WatchState } from "./resuming-runs.ts";

type Message = MessageInitShape<typeof WatchAnalysisRunsResponseSchema>;
type Call = (context: { readonly signal: AbortSignal }) => AsyncGenerator<Message>;

const run = (name: string, second = 1) =>
  create(AnalysisRunSummarySchema, { name, uid: `uid-${name}`, createTime: timestampFromMs(second * 1_000) });
const list = (...names: readonly string[]): Message => ({
  event: { case: "list", value: { analysisRuns: names.map((name) => run(name)) } },
});
const added = (name: string): Message => ({
  event: { case: "changes", value: { changes: [{ kind: AnalysisRunChangeKind.ADDED, analysisRun: run(name) }] } },
});
const cut = () => new ConnectError("cut", Code.Unavailable);
const denied = () => new ConnectError("no", Code.PermissionDenied);

/** Watches a server that answers with these calls and denies all later ones. No time passes. */
async function watch(
  calls: readonly Call[],
  { tries, ...options }: { tries?: number } & Partial<TaffrailClientOptions> = {},
) {
  let made = 0;
  const { timer, waited, passLong } = fakeTimer();
  const transport = createRouterTransport(({ service }) => {
    service(AnalysisRunLogService, {
      async *watchAnalysisRuns(_request, context) {
        const call = calls[made];
        made += 1;
        if (call === undefined) throw denied();
        yield* call(context);
      },
    });
  });
  const client = createTaffrailClient({ baseUrl: "http://unused", transport, ...options });
  const seen: string[] = [];
  const states: WatchState[] = [];
  let error: ConnectError | undefined;
  try {
    const resume = { timer, random: () => 1, ...(tries !== undefined && { tries }) };
    const watched = client.watchRuns(
      { namespace: "shop" },
      {
        resume,
        onState: (state) => {
          states.push(state);
          if (state.kind === "streaming") silences.shift()?.(passLong);
        },
      },
    );
    for await (const { runs, changes } of watched) {
      const what = changes?.map((each) => `${each.kind} ${each.run.name}`).join(", ") ?? "first";
      seen.push(`${what}: ${runs.map(({ name }) => name).join(" ")}`);
    }
  } catch (reason) {
    error = ConnectError.from(reason);
  }
  return { seen, states: states.map(({ kind }) => kind), error, made, waited };
}

/** Called when the next stream has begun. */
const silences: ((pass: () => void) => void)[] = [];

describe("runs that are watched over several calls", () => {
  it("are yielded at first, then with each change, and after a break with what has changed meanwhile", async () => {
    const { seen, states, error } = await watch([
      async function* () {
        yield list("a", "b");
        yield {};
        yield added("c");
        throw cut();
      },
      async function* () {
        yield list("c", "d");
        // Without an end: the stream broke off.
      },
    ]);
    expect(seen).toEqual(["first: a b", "added c: a b c", "left a, left b, added d: c d"]);
    expect(error?.code).toBe(Code.PermissionDenied);
    expect(states).toEqual([
      "connecting",
      "streaming",
      "waiting",
      "resuming",
      "streaming",
      "waiting",
      "resuming",
      "ended",
    ]);
  });

  it("are not yielded again if nothing has changed during a break", async () => {
    const same: Call = async function* () {
      yield list("a");
      throw cut();
    };
    expect((await watch([same, same, same])).seen).toEqual(["first: a"]);
  });

  it("are requested ever more slowly while calls bring only their list, but never given up", async () => {
    const short: Call = async function* () {
      yield list("a");
      throw cut();
    };
    const long: Call = async function* () {
      yield list("a");
      yield {};
      throw cut();
    };
    const { waited, made } = await watch([...Array(10).fill(short), long, short], { tries: 2 });
    expect(made).toBe(13);
    expect(waited).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 250, 500]);
  });

  it("are given up after the configured tries without a list, or three before the first one", async () => {
    const failing: Call = async function* () {
      throw cut();
      // biome-ignore lint/correctness/noUnreachable: makes a generator of it.
      yield {};
    };
    const first = await watch(Array(20).fill(failing), { tries: 8 });
    expect([first.made, first.error?.code]).toEqual([4, Code.Unavailable]);
    const begun: Call = async function* () {
      yield list();
    };
    expect((await watch([begun, ...Array(20).fill(failing)], { tries: 8 })).made).toBe(9);
    expect((await watch([begun, ...Array(20).fill(failing)], { tries: 0 })).made).toBe(1);
  });

  it("are requested again when the connection times out", async () => {
    const gone = createGate();
    silences.push((pass) => setImmediate(pass));
    const { seen } = await watch([
      async function* (context) {
        context.signal.addEventListener("abort", () => gone.open());
        yield list("a");
        await gone.opened;
      },
      async function* () {
        yield list("b");
      },
    ]);
    expect(seen).toEqual(["first: a", "left a, added b: b"]);
  });

  it("are requested again after each sign-in", async () => {
    const expired = () => new ConnectError("who?", Code.Unauthenticated);
    let signIns = 0;
    const signedOut = async (): Promise<void> => {
      signIns += 1;
    };
    const { seen, states } = await watch(
      [
        async function* () {
          throw expired();
          // biome-ignore lint/correctness/noUnreachable: makes a generator of it.
          yield {};
        },
        async function* () {
          yield list("a");
          throw expired();
        },
        async function* () {
          yield list("a", "b");
        },
      ],
      { signedOut },
    );
    expect(seen).toEqual(["first: a", "added b: a b"]);
    expect(signIns).toBe(2);
    expect(states.filter((kind) => kind === "waiting")).toHaveLength(3);
  });

  it("are given up if a renewed token expires without progress", async () => {
    const expiring: Call = async function* () {
      throw new ConnectError("who?", Code.Unauthenticated);
      // biome-ignore lint/correctness/noUnreachable: makes a generator of it.
      yield {};
    };
    const begun: Call = async function* () {
      yield list("a");
      throw new ConnectError("who?", Code.Unauthenticated);
    };
    const { made, error } = await watch([begun, begun, expiring, begun], { token: () => "new" });
    expect([made, error?.code]).toEqual([3, Code.Unauthenticated]);
    expect((await watch([begun, begun])).made).toBe(1);
  });

  it("abort their call when the loop is left", async () => {
    const gone = createGate();
    const transport = createRouterTransport(({ service }) => {
      service(AnalysisRunLogService, {
        async *watchAnalysisRuns(_request, context) {
          context.signal.addEventListener("abort", () => gone.open());
          yield list("a");
          await gone.opened;
        },
      });
    });
    const client = createTaffrailClient({ baseUrl: "http://unused", transport });
    for await (const { runs } of client.watchRuns({ namespace: "shop" })) {
      expect(runs).toHaveLength(1);
      break;
    }
    await gone.opened;
  });
});
