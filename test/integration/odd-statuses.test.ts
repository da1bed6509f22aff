import { toBinary, toJson } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunLogService,
  AnalysisRunSchema,
  type AnalysisRunSummary,
  Verdict,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { whyText } from "../../src/cli/run-words.ts";
import { causeOf } from "../../src/client/cause.ts";
import { withoutEmphasis } from "../../src/client/emphasis.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { headline } from "../../src/ui/run/headline.ts";
import { reasons } from "../../src/ui/run/reasons.ts";
import { en } from "../../src/ui/text/en.ts";
import { TOKENS } from "./objects.ts";
import { usePodWorld } from "./pod-world.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, readLog, toldError } from "./read-log.ts";

// Statuses that nobody writes on purpose: each field is right, missing, or odd. None may break an answer, and nothing
// that is told may contradict them.

const world = usePodWorld({ sources: ["pods"] });
let json: ReturnType<(typeof PROTOCOLS)[number]["open"]>;
beforeAll(() => {
  const protocol = PROTOCOLS.find(({ name }) => name.includes("JSON"));
  if (protocol === undefined) throw new Error("There is no protocol with JSON.");
  json = protocol.open(world().url);
});
afterAll(() => json.close());

const SEED = Number(process.env.SWEEP_SEED ?? 1);
const UID = "00000000-0000-4000-8000-00000000cccc";
const NAME = "uat.odd";

const PHASES = ["Pending", "Running", "Successful", "Failed", "Error", "Inconclusive"];
const TIMES = ["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"];
const ODD_TIMES = [
  null,
  "",
  "soon",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59Z",
  "+012345-01-01T00:00:00Z",
  "-000001-01-01T00:00:00Z",
];
const MESSAGES = [
  "",
  "metric terminated",
  "Run Terminated",
  "Job has reached the specified backoff limit",
  "Job was active longer than specified deadline",
  'Metric "it" assessed Failed due to failed (9999999999) > failureLimit (1)',
  'Metric "it" assessed Failed due to failed (2) > failureLimit (1)',
  "Analysis spec invalid: x",
  "exceeded quota: jobs",
  `**/*.robot ${"x".repeat(488)}\u{1f600}${"x".repeat(2_000)}\n\u202e`,
];
const NUMBERS = [0, 1, 3, -1, 1.5, 2 ** 31, 2 ** 53, -(2 ** 31) - 1];

const from = (...values: readonly unknown[]) => fc.constantFrom(...values);
/** Mostly the first kind of values. */
const mostly = (usual: fc.Arbitrary<unknown>, odd: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 8, arbitrary: usual }, { weight: 1, arbitrary: odd });
const phase = mostly(from(...PHASES), from("", "Odd", null));
const time = mostly(from(...TIMES), from(...ODD_TIMES));
const message = mostly(from(...MESSAGES), from(null));
const number = from(...NUMBERS, null);
/** A record in which all keys may be missing, apart from these. */
const some = (shape: Record<string, fc.Arbitrary<unknown>>, requiredKeys: readonly string[] = []) =>
  fc.record(shape, { requiredKeys: [...requiredKeys] });
/** What has no place in a Kubernetes object. */
const junk = from(null, [], {}, 7, "x", true, [null], [7], [[]]);

const ODD_JOBS = from(
  { "job-name": `${UID}.it.999999999` },
  { "job-name": "stranger.it.1", "job-namespace": "shop" },
  { "job-name": "", "job-namespace": "" },
  {},
);
/** A measurement, a metric's result and a run's status whose phases mostly agree. */
const measurement = (usual: string) =>
  some(
    {
      phase: mostly(from(usual), phase),
      message,
      value: from("", "5", "[0.31]", "x".repeat(9_000)),
      startedAt: time,
      finishedAt: time,
      metadata: mostly(from({ "job-name": `${UID}.it.1`, "job-namespace": "shop" }), ODD_JOBS),
    },
    ["phase", "metadata"],
  );
const COUNTERS = ["count", "successful", "failed", "inconclusive", "error", "consecutiveError"];
const result = (usual: string) =>
  some(
    {
      name: mostly(from("it"), from("rate", "other", "")),
      phase: mostly(from(usual), phase),
      message,
      dryRun: mostly(from(false), from(true)),
      measurements: fc.array(measurement(usual), { maxLength: 3 }),
      ...Object.fromEntries(COUNTERS.map((name) => [name, number])),
    },
    ["name", "phase", "measurements"],
  );
const template = some({
  restartPolicy: from("Never", "OnFailure", 7),
  containers: from([{ name: "main" }], [{ name: "main" }, { name: "side" }], []),
});
const job = {
  spec: {
    backoffLimit: 2,
    template: { spec: { restartPolicy: "Never", containers: [{ name: "main" }, { name: "side" }] } },
  },
};
const oddJob = some({
  spec: some({ backoffLimit: number, activeDeadlineSeconds: number, template: some({ spec: template }) }),
});
const metric = fc.record({
  name: mostly(from("it"), from("rate", "{{args.name}}", undefined)),
  provider: mostly(from({ job }), fc.oneof(some({ job: oddJob }), from({ web: {} }, {}, null))),
  count: from(undefined, 1, 3, "-7", "x", null),
  interval: from(undefined, "", "10s", "9999999h", "x"),
  initialDelay: from(undefined, "", "9999999h"),
});
const run = fc.constantFrom(...PHASES).chain((usual) =>
  fc.record({
    spec: some(
      {
        metrics: mostly(fc.array(metric, { minLength: 1, maxLength: 3 }), from([])),
        terminate: mostly(from(false), from(true, "yes")),
        dryRun: mostly(from(undefined), from([{ metricName: "it" }], [{ metricName: "(" }], null)),
      },
      ["metrics"],
    ),
    status: some(
      {
        phase: mostly(from(usual), phase),
        message,
        startedAt: time,
        completedAt: time,
        metricResults: mostly(fc.array(result(usual), { minLength: 1, maxLength: 3 }), from([])),
      },
      ["phase", "metricResults"],
    ),
  }),
);

const terminatedState = some({
  exitCode: number,
  reason: from("Error", "OOMKilled", "ContainerStatusUnknown", "StartError", "Odd", ""),
  message: mostly(from("", "why"), junk),
  startedAt: time,
  finishedAt: time,
});
const status = mostly(
  some({
    name: mostly(from("main", "side", "nobody"), junk),
    restartCount: number,
    started: mostly(from(true, false), junk),
    state: mostly(
      some({
        waiting: some({ reason: from("ImagePullBackOff", "CrashLoopBackOff", "ContainerCreating", "", "Odd") }),
        running: some({ startedAt: time }),
        terminated: terminatedState,
      }),
      junk,
    ),
    lastState: mostly(some({ terminated: terminatedState }), junk),
  }),
  junk,
);
const pod = fc.record({
  job: mostly(from(`${UID}.it.1`), from(`${UID}.it.999999999`, "stranger.it.1")),
  owner: mostly(from("Job"), from("ReplicaSet")),
  uid: mostly(from(UID), from("another")),
  createdAt: from(...TIMES),
  deletedAt: time,
  index: from(undefined, "0", "1", "-1", "99999999999"),
  status: some({
    phase: mostly(from("Pending", "Running", "Succeeded", "Failed", "Unknown"), junk),
    reason: mostly(from("", "Evicted", "DeadlineExceeded", "Odd"), junk),
    message: mostly(message, junk),
    conditions: mostly(
      fc.array(
        mostly(
          some({
            type: from("DisruptionTarget", "PodScheduled"),
            status: mostly(from("True", "False"), junk),
            reason: from("PreemptionByScheduler", "Unschedulable", "TerminationByKubelet"),
            message: mostly(from("why"), junk),
          }),
          junk,
        ),
        { maxLength: 2 },
      ),
      junk,
    ),
    containerStatuses: mostly(fc.array(status, { maxLength: 3 }), junk),
    initContainerStatuses: junk,
  }),
});

function podNamed(name: string, made: Record<string, unknown>): KubeObject {
  const { job, owner, uid, createdAt, deletedAt, index, status } = made;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "shop",
      creationTimestamp: String(createdAt),
      deletionTimestamp: deletedAt,
      labels: { "analysisrun.argoproj.io/uid": uid },
      ...(index !== undefined && { annotations: { "batch.kubernetes.io/job-completion-index": index } }),
      ownerReferences: [{ apiVersion: "batch/v1", kind: owner, name: job }],
    },
    spec: { nodeName: "node-1", containers: [{ name: "main" }, { name: "side" }] },
    status,
  } as KubeObject;
}

const ENDED: readonly AnalysisPhase[] = [
  AnalysisPhase.SUCCESSFUL,
  AnalysisPhase.FAILED,
  AnalysisPhase.ERROR,
  AnalysisPhase.INCONCLUSIVE,
];

/** Writes a run and its pods, and checks what is told of them. */
async function check(made: object, pods: readonly object[]): Promise<void> {
  world().cluster.put({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: { name: NAME, namespace: "shop", uid: UID, labels: { "kargo.akuity.io/stage": "uat" } },
    ...made,
  } as KubeObject);
  for (let index = 0; index < 4; index += 1) {
    const own = pods[index];
    const name = `${UID}.it.1-${index}`;
    if (own === undefined)
      world().cluster.remove({ apiVersion: "v1", kind: "Pod", metadata: { name, namespace: "shop" } });
    else world().cluster.put(podNamed(name, own as Record<string, unknown>));
  }
  // Both encodings: JSON cannot say every time and number that the binary one can.
  for (const transport of [world().transport, json.transport]) {
    const client = createClient(AnalysisRunLogService, transport);
    const { analysisRun } = await client.getAnalysisRun({ namespace: "shop", name: NAME }, as(TOKENS.reader));
    if (analysisRun === undefined) throw new Error("There is no run in the answer.");
    expect(toBinary(AnalysisRunSchema, analysisRun).length).toBeLessThan(200_000);
    toJson(AnalysisRunSchema, analysisRun);
    checkSummary(analysisRun.summary);
    const cause = causeOf(analysisRun);
    const told = [headline(cause, en, "en"), ...reasons(cause, analysisRun, en, 0, "en").map(withoutEmphasis)];
    expect(told.join(" ")).not.toMatch(/undefined|null|NaN|\0|\[object/);
    expect(told.every((each) => each !== "" && each.length < 3_000)).toBe(true);
    const { cause: own } = analysisRun;
    const deciding = analysisRun.metrics.filter(({ name }) => name !== "" && name === own?.metricName);
    expect(deciding.every(({ dryRun }) => dryRun) && deciding.length > 0).toBe(false);
    const hasEnded = ENDED.includes(analysisRun.summary?.phase ?? 0);
    // Something explains each run that has ended without passing, and nothing of it still waits.
    if (hasEnded) expect(own === undefined).toBe(analysisRun.summary?.verdict === Verdict.PASSED);
    if (hasEnded) expect(told.join(" ")).not.toMatch(/is waiting|waits for/);
    if (own?.podName) expect(podNames(analysisRun.metrics)).toContain(own.podName);
  }
  const { analysisRuns } = await createClient(AnalysisRunLogService, json.transport).listAnalysisRuns(
    { namespace: "shop" },
    as(TOKENS.reader),
  );
  checkSummary(analysisRuns.find(({ name }) => name === NAME));
  const read = await readLog(json.transport, { namespace: "shop", name: NAME }).catch((error: unknown) => ({
    error: toldError(error),
  }));
  expect(read.error?.reason ?? "").not.toMatch(/INTERNAL|REQUEST_INVALID/);
}

it("is told within bounds, without a contradiction, whatever a run and its pods say", () =>
  fc.assert(fc.asyncProperty(run, fc.array(pod, { maxLength: 4 }), check), {
    seed: SEED,
    numRuns: Number(process.env.ODD_RUNS ?? 40),
  }));

const metrics = [{ name: "it", provider: { job } }];
const measured = { phase: "Failed", metadata: { "job-name": `${UID}.it.1`, "job-namespace": "shop" } };
const failed = (parts: object = {}, measurement: object = {}) => ({
  spec: { metrics },
  status: {
    phase: "Failed",
    metricResults: [{ name: "it", phase: "Failed", measurements: [{ ...measured, ...measurement }], ...parts }],
  },
});
const ended = (parts: object, status: object = {}) => ({
  job: `${UID}.it.1`,
  owner: "Job",
  uid: UID,
  createdAt: TIMES[0],
  status: {
    phase: "Failed",
    containerStatuses: [{ name: "main", restartCount: 0, state: { terminated: { exitCode: 1, ...parts } } }],
    ...status,
  },
});

it.each<[string, object, readonly object[]]>([
  ["an exit code of more than 32 bits", failed(), [ended({ exitCode: 2 ** 31 })]],
  ["half an exit code", failed(), [ended({ exitCode: 1.5 })]],
  ["a time after the year 9999", failed(), [ended({ finishedAt: "+012345-01-01T00:00:00Z" })]],
  ["conditions that are none", failed(), [ended({}, { conditions: [7, { type: "PodScheduled", status: true }] })]],
  ["no list of statuses", failed(), [ended({}, { containerStatuses: {} })]],
  ["a time that is null", failed(), [ended({ startedAt: null, finishedAt: null })]],
  ["a number of an attempt beyond 32 bits", failed({ count: 2 ** 31 - 1, error: 2 ** 31 - 1 }, { metadata: {} }), []],
  ["a limit beyond 32 bits", failed({ message: "assessed Failed due to failed (9999999999) > failureLimit (1)" }), []],
  ["a message that would be cut inside a character", failed({}, { message: `${"x".repeat(499)}\u{1f600}` }), []],
  [
    "a run that lasted for thousands of years",
    {
      spec: { metrics, terminate: true },
      status: {
        phase: "Successful",
        message: "Run Terminated",
        startedAt: "0001-01-01T00:00:00Z",
        completedAt: "+012345-01-01T00:00:00Z",
        metricResults: [
          {
            name: "it",
            phase: "Successful",
            measurements: [{ ...measured, phase: "Successful", message: "metric terminated" }],
          },
        ],
      },
    },
    [],
  ],
])("is told in every encoding, whatever stands there: %s", (_, made, pods) => check(made, pods));

function checkSummary(summary: AnalysisRunSummary | undefined): void {
  if (summary === undefined) throw new Error("The run is not listed.");
  expect(whyText(summary)).not.toMatch(/undefined|null|NaN|\[object/);
  expect(whyText(summary).length).toBeLessThan(1_000);
}

function podNames(
  metrics: readonly { readonly attempts: readonly { readonly pods: readonly { readonly name: string }[] }[] }[],
) {
  return metrics.flatMap(({ attempts }) => attempts.flatMap(({ pods }) => pods.map(({ name }) => name)));
}
