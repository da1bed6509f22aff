import type { DescMethodServerStreaming } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  GetAnalysisRunLogsRequestSchema,
  GetAnalysisRunLogsResponseSchema,
  KargoService,
} from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends, sendsThenResets } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { type LogRef, useWorld } from "./world.ts";

const LOG = "Größe 😀\nsecond line";

describe.each(PROTOCOLS)("a client that knows only Kargo's messages, over $name", (protocol) => {
  const world = useWorld();

  /** Reads from Kargo's own service. */
  async function byKargo(ref: LogRef & { metricName?: string; containerName?: string }, token: string = TOKENS.reader) {
    const chunks: string[] = [];
    const client = createClient(KargoService, world().transport(protocol));
    for await (const { chunk } of client.getAnalysisRunLogs(ref, as(token))) chunks.push(chunk);
    return chunks;
  }

  /** Reads from Taffrail's service, with Kargo's messages. */
  async function byTaffrail(ref: LogRef): Promise<string> {
    const method: DescMethodServerStreaming<
      typeof GetAnalysisRunLogsRequestSchema,
      typeof GetAnalysisRunLogsResponseSchema
    > = {
      ...AnalysisRunLogService.method.getAnalysisRunLogs,
      input: GetAnalysisRunLogsRequestSchema,
      output: GetAnalysisRunLogsResponseSchema,
    };
    const inputs = (async function* () {
      yield ref;
    })();
    const { headers } = as(TOKENS.reader);
    const answer = await world().transport(protocol).stream(method, undefined, undefined, headers, inputs);
    let text = "";
    for await (const { chunk } of answer.message) text += chunk;
    return text;
  }

  it("prints the log with Taffrail's service", async () => {
    expect(await byTaffrail(world().addLog(sends(LOG)))).toBe(LOG);
  });

  it("prints the log with Kargo's service, in messages that hold only log", async () => {
    const chunks = await byKargo(world().addLog(sends(LOG)));
    expect(chunks.join("")).toBe(LOG);
    expect(chunks).not.toContain("");
  });

  it("may name the metric and the container", async () => {
    const ref = world().addLog(sends(LOG), [{ containers: ["main", "proxy"] }, { name: "other" }]);
    expect((await byKargo({ ...ref, metricName: "checks", containerName: "main" })).join("")).toBe(LOG);
  });

  it("gets the log as far as it was read, then the error", async () => {
    const chunks: string[] = [];
    const client = createClient(KargoService, world().transport(protocol));
    const reading = async (): Promise<void> => {
      const ref = world().addLog(sendsThenResets("half\n"));
      for await (const { chunk } of client.getAnalysisRunLogs(ref, as(TOKENS.reader))) chunks.push(chunk);
    };
    const error = ConnectError.from(await reading().catch((reason: unknown) => reason));
    expect(chunks.join("")).toBe("half\n");
    expect(error.code).toBe(Code.Unavailable);
  });

  it("is denied like any other client", async () => {
    const ref = world().addLog(sends(LOG));
    const codeOf = async (reading: Promise<unknown>) =>
      ConnectError.from(await reading.catch((reason: unknown) => reason)).code;
    expect(await codeOf(byKargo(ref, TOKENS.stranger))).toBe(Code.PermissionDenied);
    expect(await codeOf(byKargo({ ...ref, name: "uat.none" }))).toBe(Code.NotFound);
    expect(await codeOf(byKargo({ ...ref, name: "" }))).toBe(Code.InvalidArgument);
    expect(await codeOf(byKargo({ ...ref, metricName: "none" }))).toBe(Code.NotFound);
  });
});
