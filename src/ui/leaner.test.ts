import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { build, type Rolldown } from "vite";
import { beforeAll, expect, it } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import {
  AnalysisPhase,
  GetAnalysisRunLogsResponseSchema,
  GetAnalysisRunResponseSchema,
  GetStatusResponseSchema,
  ListAnalysisRunsRequestSchema,
  SourceChainSchema,
  SourceOutcome,
  WatchAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { leaner } from "../../vite-leaner.ts";

/** The page's version of the contract and of the protobuf library. */
interface Lean {
  readonly fromBinary: typeof fromBinary;
  readonly toBinary: typeof toBinary;
  readonly schemas: Readonly<Record<string, DescMessage>>;
}

const ROOT = new URL("../../", import.meta.url).pathname;
const ENTRY = `${ROOT}lean-entry.ts`;
const CODE = `
  import * as errors from "./gen/google/rpc/error_details_pb.ts";
  import * as contract from "./gen/taffrail/v1/analysis_run_logs_pb.ts";
  export { fromBinary, toBinary } from "@bufbuild/protobuf";
  export const schemas = { ...errors, ...contract };`;

let lean: Lean;
beforeAll(async () => {
  const entry = {
    name: "entry",
    resolveId: (id: string) => (id.endsWith("lean-entry.ts") ? ENTRY : undefined),
    load: (id: string) => (id === ENTRY ? CODE : undefined),
  };
  const built = await build({
    root: ROOT,
    configFile: false,
    logLevel: "silent",
    plugins: [entry, leaner()],
    build: { write: false, minify: false, lib: { entry: ENTRY, formats: ["es"] } },
  });
  const [first] = (built as Rolldown.RolldownOutput[])[0]?.output ?? [];
  lean = (await import(`data:text/javascript;base64,${Buffer.from(first?.code ?? "").toString("base64")}`)) as Lean;
});

const time = timestampFromMs(1_700_000_000_123);
const summary = { name: "a", phase: AnalysisPhase.FAILED, createTime: time, freightNames: ["f", "g"], version: "7" };
const container = { name: "c", exitCode: 0, init: true };

function sample<M extends DescMessage>(schema: M, init: MessageInitShape<M>): [string, DescMessage, Message] {
  return [schema.name, schema, create(schema, init)];
}

it.each([
  sample(ErrorInfoSchema, { reason: "A", domain: "taffrail", metadata: { next: "Wait.", reference: "3f9c1a" } }),
  sample(GetAnalysisRunLogsResponseSchema, {
    chunk: "wörd\n",
    offset: 2n ** 40n,
    event: { case: "origin", value: { attempts: [1, 2, 300], live: true } },
    lineRuns: [{ firstLine: 3n, count: 4, context: true }],
  }),
  sample(GetAnalysisRunResponseSchema, {
    analysisRun: {
      summary,
      metrics: [
        {
          name: "m",
          failureLimit: -1,
          count: 0,
          interval: durationFromMs(90_000),
          attempts: [{ number: 1, pods: [{ name: "p", containers: [container] }] }],
        },
      ],
    },
  }),
  sample(ListAnalysisRunsRequestSchema, { phases: [AnalysisPhase.FAILED, AnalysisPhase.ERROR], since: time }),
  sample(WatchAnalysisRunsResponseSchema, {
    event: { case: "list", value: { analysisRuns: [summary], more: true } },
  }),
  sample(GetStatusResponseSchema, { sources: [{ name: "s", successRate: 0.5 }] }),
  sample(SourceChainSchema, { attempts: [{ source: "s", outcome: SourceOutcome.NOT_FOUND, httpStatus: 404 }] }),
])("encodes and decodes %s like the full library", (name, schema, message) => {
  const own = lean.schemas[`${name}Schema`] as DescMessage;
  const bytes = toBinary(schema, message);
  const read = lean.fromBinary(own, bytes);
  expect(JSON.stringify(read, plain)).toBe(JSON.stringify(fromBinary(schema, bytes), plain));
  expect(Buffer.from(lean.toBinary(own, read)).equals(bytes)).toBe(true);
});

function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
