import { timestampDate } from "@bufbuild/protobuf/wkt";
import { ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, EndReason, SourceChainSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "../../src/client/describe-error.ts";
import { refuses, sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { useWorld } from "./world.ts";

/** When the Jobs of these tests ended, and when their clock begins. */
const ENDED = Date.parse("2026-01-01T00:05:00Z");
const DAY_MS = 86_400_000;

describe.each(PROTOCOLS)("a log that no source has, over $name", (protocol) => {
  const world = useWorld({ config: { retentionDays: 14, follow: { poll: "1ms" } } });

  /** Reads a log that the store does not have, so long after the Job's end. */
  async function readAfter(ms: number) {
    world().clock.advance(ENDED + ms - world().clock.now());
    const { namespace, name } = world().addLog(refuses(404));
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const reading = (async () => {
      for await (const _ of client.getAnalysisRunLogs({ namespace, name }, as(TOKENS.reader)));
    })();
    const error = ConnectError.from(await reading.catch((caught: unknown) => caught));
    const [chain] = error.findDetails(SourceChainSchema);
    const [source] = chain?.attempts ?? [];
    return {
      ...describeError(error),
      jobName: chain?.jobName,
      times: [chain?.jobEndTime, chain?.retryTime, chain?.keptUntilTime].map((each) => each && timestampDate(each)),
      settle: source?.settle?.seconds,
    };
  }
  const KEPT_UNTIL = new Date(ENDED + 14 * DAY_MS);

  it("may still come soon after the Job's end, and the failure says until when", async () => {
    const { reason, message, next, jobName, times, settle, retryAt } = await readAfter(8_000);
    expect([reason, message, next]).toEqual([
      "LOG_NOT_FOUND",
      'No log: source "archive" answered 404. The Job ended 8 s ago, and its log may come until 2026-01-01T00:05:30Z.',
      "Try again then, or wait for it: 22 s (wait, --wait).",
    ]);
    expect(jobName).toMatch(/^[-0-9a-f]{36}\.\w+\.1$/);
    expect(times).toEqual([new Date(ENDED), new Date(ENDED + 30_000), KEPT_UNTIL]);
    expect([settle, retryAt]).toEqual([30n, ENDED + 30_000]);
  });

  it("is awaited with `wait` after the Job's end, without follow", async () => {
    world().clock.advance(ENDED + 8_000 - world().clock.now());
    const [missing, late] = [refuses(404), sends("stored late\n")];
    let asked = 0;
    const { namespace, name } = world().addLog((response, request) => {
      asked += 1;
      (asked < 3 ? missing : late)(response, request);
    });
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const request = { namespace, name, wait: { seconds: 60n } };
    let text = "";
    let end: EndReason | undefined;
    for await (const { chunk, event } of client.getAnalysisRunLogs(request, as(TOKENS.reader))) {
      text += chunk;
      if (event.case === "end") end = event.value.reason;
    }
    expect({ text, end, asked }).toEqual({ text: "stored late\n", end: EndReason.SOURCE_ENDED, asked: 3 });
  });

  it("was not stored, or no longer is, some time later", async () => {
    const { message, times, retryAt } = await readAfter(2 * DAY_MS);
    expect(message).toBe('No log: source "archive" answered 404.');
    expect([times, retryAt]).toEqual([[new Date(ENDED), undefined, KEPT_UNTIL], undefined]);
  });

  it("is no longer kept after the retention", async () => {
    const { message, next } = await readAfter(20 * DAY_MS);
    expect([message, next]).toEqual([
      'No log: source "archive" answered 404. The Job ended 20 d ago, and logs are kept for 14 days.',
      "The log is no longer kept. An operator can keep logs for longer.",
    ]);
  });
});
