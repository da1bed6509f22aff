import { createClient, type Transport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { KargoService } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { useWorld } from "./world.ts";

interface Call {
  readonly signal: AbortSignal;
  readonly headers: Headers;
  readonly onHeader: (headers: Headers) => void;
}

interface Stream {
  readonly name: string;
  open(
    transport: Transport,
    ref: { readonly namespace: string; readonly name: string },
    call: Call,
  ): AsyncIterable<unknown>;
}

const STREAMS: readonly Stream[] = [
  {
    name: "GetAnalysisRunLogs",
    open: (transport, ref, call) => createClient(AnalysisRunLogService, transport).getAnalysisRunLogs(ref, call),
  },
  {
    name: "Kargo's GetAnalysisRunLogs",
    open: (transport, ref, call) => createClient(KargoService, transport).getAnalysisRunLogs(ref, call),
  },
  {
    name: "WatchAnalysisRuns",
    open: (transport, { namespace }, call) =>
      createClient(AnalysisRunLogService, transport).watchAnalysisRuns({ namespace }, call),
  },
  { name: "the health watch", open: (transport, _ref, call) => createClient(Health, transport).watch({}, call) },
];

describe.each(PROTOCOLS)("a stream by $name", ({ open }) => {
  const world = useWorld();

  it.each(STREAMS)("tells proxies to hand on each message of $name at once", async (stream) => {
    const { transport, close } = open(`http://127.0.0.1:${world().port}`);
    const { headers } = as(TOKENS.reader);
    const leaving = new AbortController();
    let received: Headers | undefined;
    const onHeader = (each: Headers): void => {
      received = each;
    };
    const ref = world().addLog(sends("a log\n"));
    const messages = stream.open(transport, ref, { signal: leaving.signal, headers: new Headers(headers), onHeader });
    for await (const _ of messages) break;
    leaving.abort();
    close();
    expect(received?.get("x-accel-buffering")).toBe("no");
    expect(received?.get("cache-control")).toBe("no-store, no-transform");
  });
});
