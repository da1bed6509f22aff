import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { DEMO_CLUSTER } from "../demo/config.ts";
import { loadObjects } from "../demo/objects.ts";
import { createLeftOutCounts } from "./bounds.ts";
import { parseRun, parseRunSummary, parseVersionedSummary } from "./parse-run.ts";

const OBJECTS = loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), new Date("2026-03-12T14:00:00Z"));
const UID = "1c5989f1-ba2d-4e83-858b-fed0a712755f";

function demoRun(name: string): unknown {
  const found = OBJECTS.find(({ kind, metadata }) => kind === "AnalysisRun" && metadata.name === name);
  if (found === undefined) throw new Error(`The demo has no run ${name}.`);
  return found;
}

interface Parts {
  readonly metadata?: object;
  readonly spec?: unknown;
  readonly status?: unknown;
}

const object = ({ metadata = {}, ...rest }: Parts = {}): unknown => ({
  metadata: { name: "run", namespace: "shop", uid: UID, creationTimestamp: "2026-03-12T14:00:00Z", ...metadata },
  ...rest,
});
const job = (containers: readonly object[], more: object = {}, template: object = {}): object => ({
  job: { spec: { template: { ...template, spec: { containers, ...more } } } },
});
const withResult = (result: object): unknown =>
  object({
    spec: { metrics: [{ name: "smoke", provider: job([{ name: "main" }]) }] },
    status: { phase: "Failed", metricResults: [{ name: "smoke", ...result }] },
  });
const measurement = (
  number: number | undefined,
  phase: string,
  finishedAt: string | null = "2026-03-12T14:00:00Z",
) => ({
  phase,
  startedAt: "2026-03-12T13:59:00Z",
  ...(finishedAt !== null && { finishedAt }),
  ...(number !== undefined && {
    metadata: { "job-name": `${UID}.smoke.${number}`, "job-namespace": "shop" },
  }),
});
const numbers = (result: object): readonly number[] | undefined =>
  parseRun(withResult(result)).metrics[0]?.attempts.map((each) => each.number);

describe("a run that Kargo created", () => {
  it("is parsed completely", () => {
    expect(parseRun(demoRun("uat.01kkh640p0djp1kn96jm9eekvv.00d90e5"))).toEqual({
      namespace: "guestbook",
      name: "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5",
      uid: UID,
      stage: "uat",
      phase: "Failed",
      message: 'Metric "robot" assessed Failed due to failed (2) > failureLimit (1)',
      leftOut: createLeftOutCounts(),
      createdAt: "2026-03-12T13:53:45Z",
      startedAt: "2026-03-12T13:53:46Z",
      endedAt: "2026-03-12T13:58:03Z",
      promotion: "uat.01kkhfv9m0gjzdzsp5bfn49f8d.15e565e",
      freightCollection: "00d90e5c019e02baeb37d2ced97be719b4291d9b",
      freight: ["15e565e7544f949723e56ef6e6c084c798ab9f60"],
      rollout: undefined,
      revision: undefined,
      labels: expect.objectContaining({ team: "storefront" }),
      annotations: expect.objectContaining({}),
      args: { "base-url": "http://guestbook.uat.svc" },
      terminate: false,
      metrics: [
        {
          name: "robot",
          provider: "job",
          phase: "Failed",
          message: "",
          dryRun: false,
          containers: [{ name: "robot", init: false }],
          lifetime: {
            restartPolicy: "Never",
            activeDeadlineSeconds: undefined,
            ttlSecondsAfterFinished: undefined,
            backoffLimit: 0,
          },
          defaultContainer: undefined,
          initialDelayMs: 0,
          measuring: {
            successCondition: "",
            failureCondition: "",
            failureLimit: 1,
            inconclusiveLimit: 0,
            consecutiveErrorLimit: 4,
            consecutiveSuccessLimit: 0,
            count: 2,
            intervalMs: 5_000,
          },
          counts: expect.objectContaining({ successful: 0, failed: 2, error: 0 }),
          attempts: [
            {
              number: 1,
              phase: "Failed",
              message: "",
              value: "",
              startedAt: "2026-03-12T13:53:46Z",
              endedAt: "2026-03-12T13:55:44Z",
              claimedJob: { namespace: "guestbook", name: `${UID}.robot.1` },
            },
            expect.objectContaining({ number: 2, claimedJob: { namespace: "guestbook", name: `${UID}.robot.2` } }),
          ],
        },
        expect.objectContaining({
          name: "error-rate",
          provider: "web",
          measuring: expect.objectContaining({ successCondition: "result < 1", count: 1 }),
          counts: expect.objectContaining({ successful: 1, failed: 0 }),
          containers: [],
          attempts: [expect.objectContaining({ number: 1, value: "0.2", claimedJob: undefined })],
        }),
      ],
    });
  });

  it("has no promotion when a Stage was verified again", () => {
    expect(parseRun(demoRun("perf.01kkh7tyg0vmqd5102exw9r6qm.00d90e5"))).toMatchObject({
      stage: "perf",
      promotion: undefined,
      phase: "Pending",
      endedAt: undefined,
      metrics: [{ name: "load", phase: "Unknown", attempts: [], containers: [{ name: "load" }] }],
    });
  });

  it("may verify several Freight", () => {
    expect(parseRun(demoRun("prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9")).freight).toEqual([
      "b3624493a50ff4deade5018dd85b72d015ce9f2a",
      "5d43e1db9597a0446b229e90d0a94de403e80916",
    ]);
  });

  it("names init containers first, and the pods' default container", () => {
    expect(parseRun(demoRun("dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f")).metrics[0]).toMatchObject({
      containers: [
        { name: "seed-database", init: true },
        { name: "proxy", init: false },
        { name: "tests", init: false },
      ],
      defaultContainer: "tests",
    });
  });

  it("takes the Stage's name from the annotation, since the label may be truncated", () => {
    const whole = `stage-${"a".repeat(80)}`;
    const metadata = {
      labels: { "kargo.akuity.io/stage": "stage-aaaa-1234567" },
      annotations: { "kargo.akuity.io/stage": whole },
    };
    expect(parseRun(object({ metadata })).stage).toBe(whole);
    expect(parseRunSummary(object({ metadata }))?.stage).toBe(whole);
  });

  it("has no Stage if its names are empty", () => {
    const empty = { "kargo.akuity.io/stage": "" };
    expect(parseRun(object({ metadata: { labels: empty, annotations: empty } })).stage).toBeUndefined();
    expect(
      parseRun(object({ metadata: { labels: { "kargo.akuity.io/stage": "uat" }, annotations: empty } })).stage,
    ).toBe("uat");
  });
});

describe("a run of a plain Rollout", () => {
  it("has a Rollout and a revision, and none of Kargo's fields", () => {
    expect(parseRun(demoRun("guestbook-ui-7d9c5b8f64-12-2"))).toMatchObject({
      stage: undefined,
      promotion: undefined,
      freight: [],
      freightCollection: undefined,
      rollout: "guestbook-ui",
      revision: "12",
    });
  });

  it("has neither if its owners are of other API groups", () => {
    const run = parseRun(
      object({
        metadata: {
          annotations: { "rollout.argoproj.io/revision": "3" },
          ownerReferences: [
            { apiVersion: "example.com/v1", kind: "Rollout", name: "not-argo" },
            { apiVersion: "argoproj.io.example.com/v1", kind: "Rollout", name: "nearly-argo" },
            { apiVersion: "example.com/v1", kind: "Freight", name: "not-kargo" },
          ],
        },
      }),
    );
    expect(run).toMatchObject({ rollout: undefined, revision: undefined, freight: [] });
  });
});

describe("attempts", () => {
  it("keep their numbers when Argo Rollouts has dropped older ones", () => {
    const measurements = [5, 6, 7].map((number) => measurement(number, "Failed"));
    expect(numbers({ count: 7, failed: 7, measurements })).toEqual([5, 6, 7]);
  });

  it("without a Job are numbered by the count of those that finished before", () => {
    const measurements = [measurement(5, "Failed"), measurement(undefined, "Error"), measurement(7, "Failed")];
    expect(numbers({ count: 6, error: 1, measurements })).toEqual([5, 6, 7]);
    expect(numbers({ count: 2, error: 5, measurements: [measurement(undefined, "Error")] })).toEqual([7]);
  });

  it("that are running without a Job yet have the next number", () => {
    expect(
      numbers({ count: 1, error: 1, measurements: [measurement(2, "Error"), measurement(undefined, "Running", null)] }),
    ).toEqual([2, 3]);
    expect(numbers({ measurements: [measurement(undefined, "Pending", null)] })).toEqual([1]);
  });

  it("have a number of at least one, whatever the counters say", () => {
    for (const counters of [{}, { count: 0 }, { count: -5, error: -5 }, { count: 1.5 }, { count: null, error: null }]) {
      expect(numbers({ ...counters, measurements: [measurement(undefined, "Error")] })).toEqual([1]);
    }
  });

  it.each([
    ["x.smoke.0", 4],
    ["x.smoke.01", 4],
    ["x.smoke.12", 12],
    ["x.smoke", 4],
    ["x.smoke.1234567890", 4],
    ["x.smoke.-3", 4],
    ["", 4],
  ])("take their number from a Job's name such as %j: %i", (name, number) => {
    const one = { phase: "Failed", finishedAt: "t", metadata: { "job-name": name, "job-namespace": "shop" } };
    expect(numbers({ count: 4, measurements: [one] })).toEqual([number]);
  });

  it("claim a Job where its name is said: of older controllers, which name no namespace, in the run's own", () => {
    const job = { "job-name": "a" };
    const claims = [
      {},
      { "job-namespace": "b" },
      job,
      { ...job, "job-namespace": "" },
      { ...job, "job-namespace": "b" },
    ];
    expect(
      claims.map(
        (metadata) => parseRun(withResult({ measurements: [{ metadata }] })).metrics[0]?.attempts[0]?.claimedJob,
      ),
    ).toEqual([
      undefined,
      undefined,
      { namespace: "shop", name: "a" },
      { namespace: "shop", name: "a" },
      { namespace: "b", name: "a" },
    ]);
  });

  it("have the counts of Argo Rollouts, however many are recorded", () => {
    const counts = (result: object) => parseRun(withResult(result)).metrics[0]?.counts;
    const all = { successful: 3, failed: 20, inconclusive: 1, error: 4, consecutiveError: 2, consecutiveSuccess: 1 };
    expect(counts({ ...all, measurements: [measurement(20, "Failed")] })).toEqual(all);
    expect(counts({ measurements: [measurement(undefined, "Running", null)] })).toBeUndefined();
    const odd = { successful: "3", failed: 1, inconclusive: -1, error: null, consecutiveError: 1.5 };
    const none = { successful: 0, inconclusive: 0, error: 0, consecutiveError: 0, consecutiveSuccess: 0 };
    expect(counts(odd)).toEqual({ ...none, failed: 1 });
  });

  it("keep their numbers if only the newest are read", () => {
    const measurements = Array.from({ length: 10_000 }, () => measurement(undefined, "Failed"));
    const attempts = parseRun(withResult({ count: 10_000, measurements })).metrics[0]?.attempts;
    expect(attempts?.map(({ number }) => number)).toEqual(Array.from({ length: 1_000 }, (_, index) => 9_001 + index));
  });
});

describe("arguments", () => {
  const args = [
    { name: "suite", value: "smoke" },
    { name: "a.b", value: "dotted" },
    { name: "secret", valueFrom: { secretKeyRef: { name: "s", key: "k" } } },
  ];
  const first = (metric: object, status: object = {}) =>
    parseRun(object({ spec: { args, metrics: [metric] }, status })).metrics[0];

  it("have their value, unless it comes from elsewhere", () => {
    expect(parseRun(object({ spec: { args } })).args).toEqual({ suite: "smoke", "a.b": "dotted" });
  });

  it.each([
    ["{{args.suite}}-tests", "smoke-tests"],
    ["{{ args.suite }}", "smoke"],
    ["{{args.a.b}}-x", "dotted-x"],
    ["a-{{args.suite}}-{{args.suite}}", "a-smoke-smoke"],
  ])("are filled into names of containers and metrics and the default container: %j becomes %j", (text, filled) => {
    const template = { metadata: { annotations: { "kubectl.kubernetes.io/default-container": text } } };
    const metric = first({ name: text, provider: job([{ name: text }], {}, template) });
    expect(metric).toMatchObject({
      name: filled,
      containers: [{ name: filled, init: false }],
      defaultContainer: filled,
    });
  });

  it("are filled into a metric's initial delay", () => {
    const delay = (initialDelay: unknown, value = "1m30s") =>
      parseRun(object({ spec: { args: [{ name: "delay", value }], metrics: [{ name: "a", initialDelay }] } }))
        .metrics[0]?.initialDelayMs;
    expect(delay("{{ args.delay }}")).toBe(90_000);
    expect(delay("5m")).toBe(300_000);
    // Argo Rollouts cannot parse these either.
    for (const odd of [undefined, null, "", "soon", "{{args.delay", 30, {}]) expect(delay(odd)).toBe(0);
  });

  it("are filled into a metric's name, by which its result is found", () => {
    const status = { metricResults: [{ name: "smoke", phase: "Failed", measurements: [{ phase: "Failed" }] }] };
    expect(first({ name: "{{args.suite}}", provider: job([]) }, status)).toMatchObject({
      name: "smoke",
      phase: "Failed",
      attempts: [{ phase: "Failed" }],
    });
  });

  it("are filled into a metric's conditions and limits", () => {
    const metric = { name: "a", failureLimit: "{{args.n}}", successCondition: "result < {{args.n}}" };
    const run = parseRun(object({ spec: { args: [{ name: "n", value: "3" }], metrics: [metric] } }));
    expect(run.metrics[0]?.measuring).toMatchObject({ failureLimit: 3, successCondition: "result < 3" });
  });

  it.each(["{{args.secret}}", "{{args.toString}}", "{{args.__proto__}}", "{{suite}}", "{{args.suite"])(
    "that have no value stay placeholders, which name no container: %s",
    (text) => {
      const template = { metadata: { annotations: { "kubectl.kubernetes.io/default-container": text } } };
      const metric = first({ name: text, provider: job([{ name: text }], {}, template) });
      expect(metric).toMatchObject({ name: text, containers: [], defaultContainer: undefined });
    },
  );

  it("are filled in up to 262,144 characters in total, and further placeholders are kept", () => {
    const successCondition = "{{args.long}}".repeat(3);
    const metrics = Array.from({ length: 100 }, (_, index) => ({ name: `m-${index}`, successCondition }));
    const run = parseRun(object({ spec: { args: [{ name: "long", value: "x".repeat(1_000) }], metrics } }));
    const filled = run.metrics.flatMap(({ measuring }) => measuring.successCondition.match(/x{1000}/g) ?? []);
    expect(filled).toHaveLength(262);
  });

  it("are filled in fast, whatever the text", () => {
    const began = performance.now();
    for (const text of ["{{args.".repeat(20_000), `{{${" ".repeat(100_000)}`, `{{args.${"a".repeat(100_000)}`]) {
      const metric = first({ name: "a", successCondition: text });
      expect(metric?.measuring.successCondition).toBe(`${text.slice(0, 3_999)}…`);
    }
    expect(performance.now() - began).toBeLessThan(1_000);
  });
});

describe("dry runs", () => {
  const dryRuns = (dryRun: unknown, results: readonly object[] = []) =>
    parseRun(
      object({
        spec: {
          dryRun,
          args: [{ name: "next", value: "robot-next" }],
          metrics: [{ name: "smoke" }, { name: "robot-next" }],
        },
        status: { metricResults: results },
      }),
    )
      .metrics.filter((metric) => metric.dryRun)
      .map(({ name }) => name);

  it.each<[unknown, readonly string[]]>([
    [undefined, []],
    [[{ metricName: "robot-next" }], ["robot-next"]],
    [[{ metricName: ".*" }], ["smoke", "robot-next"]],
    [[{ metricName: "{{args.next}}" }], ["robot-next"]],
    [[{ metricName: "ok" }], ["smoke"]],
    [[{ metricName: "(" }, {}, { metricName: "" }, { metricName: 7 }], []],
    [[{ metricName: "x".repeat(1_000) }], []],
  ])("are those that the specification names by regular expressions: %j", (dryRun, names) => {
    expect(dryRuns(dryRun)).toEqual(names);
  });

  it("are those of the result, if it says so", () => {
    const results = [
      { name: "smoke", dryRun: true },
      { name: "robot-next", dryRun: false },
    ];
    expect(dryRuns([{ metricName: "robot-next" }], results)).toEqual(["smoke"]);
  });
});

describe("optional fields", () => {
  it("are missing in a run that was just created", () => {
    expect(parseRun(object())).toMatchObject({
      phase: "Unknown",
      message: "",
      startedAt: undefined,
      labels: {},
      annotations: {},
      args: {},
      freight: [],
      metrics: [],
    });
  });

  it("may be null", () => {
    const nothing = { labels: null, annotations: null, ownerReferences: null };
    expect(parseRun(object({ metadata: nothing, spec: null, status: null }))).toMatchObject({ metrics: [] });
    expect(
      parseRun(object({ spec: { metrics: null, args: null }, status: { metricResults: null, phase: null } })),
    ).toMatchObject({ metrics: [], phase: "Unknown" });
    expect(
      parseRun(withResult({ phase: null, measurements: null, count: null, dryRun: null, message: null })).metrics[0],
    ).toMatchObject({ phase: "Unknown", attempts: [], dryRun: false, message: "" });
    expect(parseRun(object({ spec: { metrics: [{ name: "a", provider: null }] } })).metrics[0]).toMatchObject({
      provider: "",
      containers: [],
    });
  });

  it("include a metric's result, if another metric failed first", () => {
    const run = parseRun(
      object({
        spec: {
          metrics: [
            { name: "smoke", provider: job([{ name: "main" }]) },
            { name: "load", provider: job([{ name: "main" }]) },
          ],
        },
        status: { phase: "Failed", metricResults: [{ name: "smoke", phase: "Failed" }] },
      }),
    );
    expect(run.metrics.map(({ name, phase }) => [name, phase])).toEqual([
      ["smoke", "Failed"],
      ["load", "Unknown"],
    ]);
  });

  it.each([null, {}, { spec: null }, { spec: { template: {} } }, { spec: { template: { spec: null } } }, "rubbish", 7])(
    "include a Job's pod template: %j",
    (provider) => {
      const run = parseRun(object({ spec: { metrics: [{ name: "a", provider: { job: provider } }] } }));
      expect(run.metrics[0]).toMatchObject({ provider: "job", containers: [], defaultContainer: undefined });
    },
  );

  it("include a known phase", () => {
    for (const phase of ["Rubbish", "failed", "", 7, {}, null]) {
      const run = parseRun(
        object({
          spec: { metrics: [{ name: "smoke", provider: job([]) }] },
          status: { phase, metricResults: [{ name: "smoke", phase, measurements: [{ phase }] }] },
        }),
      );
      expect([run.phase, run.metrics[0]?.phase, run.metrics[0]?.attempts[0]?.phase]).toEqual([
        "Unknown",
        "Unknown",
        "Unknown",
      ]);
      expect(parseRunSummary(object({ status: { phase } }))?.phase).toBe("Unknown");
    }
  });
});

describe("an object that is not a run", () => {
  const inMetric = (metric: unknown) => object({ spec: { metrics: [metric] } });
  it.each([
    ["the object", null],
    ["the object", []],
    ["metadata", {}],
    ["metadata.name", object({ metadata: { name: 7 } })],
    ["metadata.namespace", object({ metadata: { namespace: null } })],
    ["metadata.uid", object({ metadata: { uid: undefined } })],
    ["metadata.creationTimestamp", object({ metadata: { creationTimestamp: {} } })],
    ["metadata.labels", object({ metadata: { labels: { a: 1 } } })],
    ["metadata.annotations", object({ metadata: { annotations: [] } })],
    ["metadata.ownerReferences[].name", object({ metadata: { ownerReferences: [{ apiVersion: "a", kind: "b" }] } })],
    ["spec", object({ spec: 7 })],
    ["spec.args[].name", object({ spec: { args: [{ value: "x" }] } })],
    ["spec.args[].value", object({ spec: { args: [{ name: "a", value: 1 }] } })],
    ["spec.metrics", object({ spec: { metrics: [7] } })],
    ["spec.metrics[].name", inMetric({ name: 7 })],
    ["spec.metrics[].provider", inMetric({ name: "a", provider: "job" })],
    ["status.message", object({ status: { message: 7 } })],
    ["status.startedAt", object({ status: { startedAt: 7 } })],
    ["status.metricResults", object({ status: { metricResults: {} } })],
    ["status.metricResults[].dryRun", withResult({ dryRun: "true" })],
    ["status.metricResults[].measurements[].metadata", withResult({ measurements: [{ metadata: { "job-name": 1 } }] })],
    ["status.metricResults[].measurements[].finishedAt", withResult({ measurements: [{ finishedAt: 1 }] })],
  ])("is refused, and the error names the invalid field: %s", (path, rubbish) => {
    expect(() => parseRun(rubbish)).toThrow(new RegExp(`^${path.replace(/[[\].]/g, "\\$&")} is not `));
  });
});

describe("a summary", () => {
  it("has the fields of a list", () => {
    expect(parseRunSummary(demoRun("dev.01kkh78mj0ybmgq052an9t2aa5.dd78add"))).toEqual({
      namespace: "guestbook",
      name: "dev.01kkh78mj0ybmgq052an9t2aa5.dd78add",
      stage: "dev",
      phase: "Running",
      createdAt: "2026-03-12T13:59:38Z",
      startedAt: "2026-03-12T13:59:38Z",
      endedAt: undefined,
      uid: expect.stringMatching(/^[-0-9a-f]{36}$/),
      message: "",
      freightCollection: "dd78addeceec281ee8641581aa3969e64cc28ad6",
      freight: ["a2da5121224c5815d273adf9a3d5aa5132eb2dc3"],
    });
  });

  it("has a verdict and its cause, as far as the object tells them", () => {
    expect(parseRunSummary(demoRun("uat.01kkh640p0djp1kn96jm9eekvv.00d90e5"))?.verdict).toMatchObject({
      result: "failed",
      cause: { kind: undefined, reason: "job-failed", metric: "robot", attempt: 2, limit: { counted: 2 } },
      failedDryRuns: [],
    });
  });

  it("has the object's version only if a single run is read or watched", () => {
    const versioned = object({ metadata: { resourceVersion: "7" } });
    expect([parseVersionedSummary(versioned)?.version, parseRun(versioned).version]).toEqual(["7", "7"]);
    expect(parseRunSummary(versioned)).not.toHaveProperty("version");
    for (const odd of [7, null, ""]) {
      expect(parseVersionedSummary(object({ metadata: { resourceVersion: odd } }))).toEqual(parseRunSummary(object()));
    }
  });

  it("has only the beginning of the message", () => {
    const message = "x".repeat(1_000);
    expect(parseRunSummary(object({ status: { message } }))?.message).toBe(message.slice(0, 500));
  });

  it.each([null, undefined, 7, "text", {}, { metadata: {} }, { metadata: { name: "a" } }])(
    "is undefined for an object that is not a run: %j",
    (rubbish) => {
      expect(parseRunSummary(rubbish)).toBeUndefined();
    },
  );

  it("is parsed even if the rest of the run is invalid", () => {
    const status = { metricResults: "rubbish", message: 7 };
    expect(parseRunSummary(object({ spec: 7, status }))).toMatchObject({ name: "run", message: "" });
  });
});
