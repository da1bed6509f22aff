import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AnalysisRunLogService,
  EndReason,
  type GetAnalysisRunLogsResponse,
  NoticeKind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

const GRPC = PROTOCOLS[0] as (typeof PROTOCOLS)[number];
const at = (time: string) => ({ seconds: BigInt(Date.parse(time) / 1000), nanos: 0 }) as never;
const ROBOT = "Login :: a visitor signs in\n------\nRedeem a voucher | FAIL |\n";

describe("a log whose lines are selected by time", () => {
  const waits = createWaits();
  const world = useWorld({ wait: waits.wait });
  const read = (log: string, request: object) =>
    readLog(world().transport(GRPC), { ...world().addLog(sends(log)), ...request });

  it.each([
    ["since", { since: at("2026-01-01T00:01:00Z") }, ""],
    ["until", { until: at("2026-01-01T00:01:00Z") }, ROBOT],
    ["since and a pattern", { since: at("2026-01-01T00:01:00Z"), grep: { pattern: "FAIL" } }, ""],
  ])("says so with %s if none of its lines has a time", async (_, request, text) => {
    const log = await read(ROBOT, request);
    expect(log.text).toBe(text);
    expect(log.notices).toMatchObject([{ kind: NoticeKind.NO_LINE_TIMES }]);
    expect(log.end?.reason).toBe(EndReason.COMPLETE);
  });

  it.each([
    ["one line has one", `${ROBOT}2026-01-01 00:00:30 x\n`, { since: at("2026-01-01T00:01:00Z") }],
    ["it ends with one, without a line feed", `2026-01-01 00:00:30 x`, { since: at("2026-01-01T00:01:00Z") }],
    ["it has no lines", "", { since: at("2026-01-01T00:01:00Z") }],
    ["no times are asked for", ROBOT, { grep: { pattern: "FAIL" } }],
  ])("does not say so if %s", async (_, log, request) => {
    expect((await read(log, request)).notices).toEqual([]);
  });

  it("says so once while it is followed, in a silence", async () => {
    const leaving = new AbortController();
    const client = createClient(AnalysisRunLogService, world().transport(GRPC));
    const stream = client.getAnalysisRunLogs(
      {
        ...world().addLog(sendsThenHangs(ROBOT), [{ running: true }]),
        follow: true,
        since: at("2026-01-01T00:01:00Z"),
      },
      { ...as(TOKENS.reader), signal: leaving.signal },
    );
    const messages = stream[Symbol.asyncIterator]();
    const inSilence = async (): Promise<GetAnalysisRunLogsResponse["event"] | undefined> => {
      const next = messages.next();
      for (let tick = 0; tick < 3; tick += 1) {
        await waits.until((ms) => ms === 5_000);
        waits.pass((ms) => ms === 5_000);
      }
      return (await next).value?.event;
    };
    expect((await messages.next()).value?.event.case).toBe("origin");
    expect(await inSilence()).toMatchObject({ case: "notice", value: { kind: NoticeKind.NO_LINE_TIMES } });
    expect(await inSilence()).toMatchObject({ case: undefined });
    const next = errorOf(messages.next());
    leaving.abort();
    expect(await next).toMatchObject({ code: "Canceled" });
  });

  it("has the year of its attempt's end, also over New Year", async () => {
    const log = "Dec 31 23:59:59 host app: before\nJan  1 00:02:00 host app: after\n";
    const { text } = await read(log, { since: at("2026-01-01T00:01:00Z") });
    expect(text).toBe("Jan  1 00:02:00 host app: after\n");
    const before = await read(log, { until: at("2026-01-01T00:01:00Z") });
    expect(before.text).toBe("Dec 31 23:59:59 host app: before\n");
    expect(before.end?.reason).toBe(EndReason.UNTIL_REACHED);
  });

  it("is read in the layouts of Spark and of a zone's name", async () => {
    const spark = "26/01/01 00:00:01 INFO executor.Task: started\n26/01/01 00:03:01 ERROR executor.Task: lost\n";
    expect((await read(spark, { since: at("2026-01-01T00:01:00Z") })).text).toBe(spark.slice(spark.indexOf("\n") + 1));
    const pacific = "2025-12-31 16:00:01 PST [7] LOG:  up\n2025-12-31 16:03:01 PST [7] ERROR:  down\n";
    expect((await read(pacific, { since: at("2026-01-01T00:01:00Z") })).text).toBe(
      pacific.slice(pacific.indexOf("\n") + 1),
    );
  });
});
