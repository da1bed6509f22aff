import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Duration, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { HandlerContext } from "@connectrpc/connect";
import type { GetStatusRequest, GetStatusResponseSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { deniedStatus } from "../access/access.ts";
import { hashOf, settingsOf } from "../config/settings.ts";
import type { SourceHealth } from "../telemetry/source-health.ts";
import { VERSION } from "../version.ts";
import { callerOf } from "./caller-context.ts";
import { OUTCOMES } from "./errors.ts";
import { given } from "./given.ts";
import type { Services } from "./services.ts";

/** Returns the state of this server, for operators. */
export async function getStatus(
  services: Services,
  _request: GetStatusRequest,
  { values }: HandlerContext,
): Promise<MessageInitShape<typeof GetStatusResponseSchema>> {
  const { access, config, streams, clock, counters, sources, ownRights } = services;
  if (!(await access.mayExplain(callerOf(values)))) throw deniedStatus();
  // The rest of the status matters most when the cluster cannot be reached.
  const rights = await ownRights().catch(() => []);
  const settings = settingsOf(config);
  return {
    version: VERSION,
    startTime: timestampFromMs(counters.startedAt),
    uptime: duration(clock.now() - counters.startedAt),
    openStreams: streams.size,
    streamLimit: config.limits.streams,
    streamLimitPerCaller: config.limits.streamsPerCaller,
    sentBytes: BigInt(counters.sentBytes),
    sources: sources.map(({ name, kind, openLimit }) => ({
      name,
      kind,
      openLimit,
      ...healthMessage(counters.source(name).read()),
    })),
    settings: settings.map((each) => ({ ...each })),
    settingsHash: hashOf(settings),
    rights: rights.map((each) => ({ ...each })),
    refusals: counters.refusals.read().map(({ count, ...each }) => ({ ...each, count: BigInt(count) })),
  };
}

function healthMessage({ firstByteMs, lastSuccessAt, lastFailure, ...health }: SourceHealth) {
  return {
    fetches: BigInt(health.fetches),
    successes: BigInt(health.successes),
    ...given("successRate", health.successRate),
    ...given("firstByteP50", firstByteMs && duration(firstByteMs.p50)),
    ...given("firstByteP95", firstByteMs && duration(firstByteMs.p95)),
    ...given("lastSuccessTime", lastSuccessAt === undefined ? undefined : timestampFromMs(lastSuccessAt)),
    ...given(
      "lastFailure",
      lastFailure && {
        time: timestampFromMs(lastFailure.at),
        outcome: OUTCOMES[lastFailure.outcome],
        httpStatus: lastFailure.httpStatus ?? 0,
        message: lastFailure.message,
      },
    ),
    notFound: health.notFound.map(({ fromMs, toMs, count }) => ({
      ...given("from", fromMs === undefined ? undefined : duration(fromMs)),
      ...given("to", toMs === undefined ? undefined : duration(toMs)),
      count: BigInt(count),
    })),
    open: health.open,
  };
}

function duration(ms: number): Pick<Duration, "seconds" | "nanos"> {
  const whole = Math.max(0, Math.round(ms));
  return { seconds: BigInt(Math.floor(whole / 1_000)), nanos: (whole % 1_000) * 1_000_000 };
}
