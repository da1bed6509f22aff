import { toBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  type AnalysisRun,
  AnalysisRunLogService,
  GetAnalysisRunResponseSchema,
  ListAnalysisRunsResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { HOSTILE_PARTS, hostileRun, OBJECT_BYTES } from "../fakes/hostile-runs.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

/** The default maximum message size of gRPC clients. */
const CLIENTS_TAKE = 4 * 1024 * 1024;
const UID = "00000000-0000-4000-8000-00000000bbbb";
const REF = { namespace: "shop", name: "any", uid: UID };
const LOG = "what the job wrote\n";
/** Each part alone comes first: a property that fails names the smallest choice of parts. */
const RUNS = Number(process.env.HOSTILE_RUNS ?? 40);

const world = useWorld({
  config: {
    limits: { callsPerCaller: 1_000_000 },
    links: ["${{ jobName }}/${{ container }}", "${{ promotion }}/${{ arg('a') }}", "${{ label('label7') }}"].map(
      (path, index) => ({ title: `Report ${index}`, url: `https://reports.example.com/${path}` }),
    ),
  },
});

const part = fc.constantFrom(...HOSTILE_PARTS);
/** Up to three parts, and how they share the bytes. */
const choice = fc
  .array(fc.tuple(part, fc.integer({ min: 1, max: 9 })), { minLength: 1, maxLength: 3 })
  .map((shares) => {
    const all = shares.reduce((sum, [, share]) => sum + share, 0);
    return shares.map(([each, share]) => ({ part: each, bytes: (OBJECT_BYTES * share) / all }));
  });

function expectBounded(run: AnalysisRun | undefined): void {
  const attempts = run?.metrics.flatMap((metric) => metric.attempts) ?? [];
  expect(run?.metrics.length).toBeLessThanOrEqual(200);
  expect(attempts.length).toBeLessThanOrEqual(2_000);
  expect(run?.metrics.flatMap(({ containers }) => containers).length).toBeLessThanOrEqual(2_000);
  expect(attempts.flatMap(({ links }) => links).length).toBeLessThanOrEqual(4_096);
}

it("keeps no call from its answer, nor anybody else from theirs, whatever its author put into it", async () => {
  const other = world().addLog(sends(LOG));
  world().store.answer(`/hidden-shelf/shop/${UID}.checks.1/main.log`, sends(LOG));
  await fc.assert(
    fc.asyncProperty(choice, fc.constantFrom(...PROTOCOLS), async (parts, protocol) => {
      world().cluster.put(hostileRun(REF, parts));
      const transport = world().transport(protocol);
      const client = createClient(AnalysisRunLogService, transport);
      const get = (name: string) => client.getAnalysisRun({ namespace: "shop", name }, as(TOKENS.reader));
      const raw = async (name: string) => {
        const headers = { authorization: `Bearer ${TOKENS.reader}` };
        return (await fetch(`${world().url}/raw/shop/${name}`, { headers })).text();
      };
      const [run, list, log, text, otherRun, otherLog] = await Promise.all([
        get(REF.name),
        client.listAnalysisRuns({ namespace: "shop" }, as(TOKENS.reader)),
        // The metric is one of those that are read, since it failed; its container is there, or the call says which are.
        readLog(transport, { namespace: "shop", name: REF.name, metricName: "checks" }),
        raw(REF.name),
        get(other.name),
        readLog(transport, other),
      ]);
      expectBounded(run.analysisRun);
      expect(toBinary(GetAnalysisRunResponseSchema, run).length).toBeLessThan(CLIENTS_TAKE);
      expect(toBinary(ListAnalysisRunsResponseSchema, list).length).toBeLessThan(100_000);
      expect(list.analysisRuns.map(({ name }) => name)).toContain(REF.name);
      if (log.error === undefined) expect(log.text).toBe(LOG);
      else expect(log.error.whole.length).toBeLessThan(4096);
      expect(text.length).toBeLessThan(8192);
      expect(otherRun.analysisRun?.metrics).toHaveLength(1);
      expect(otherLog.text).toBe(LOG);
    }),
    {
      numRuns: RUNS,
      examples: HOSTILE_PARTS.map((each, index) => [
        [{ part: each, bytes: OBJECT_BYTES }],
        PROTOCOLS[index % PROTOCOLS.length] as (typeof PROTOCOLS)[number],
      ]),
    },
  );
}, 120_000);
