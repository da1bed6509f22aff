import { describe, expect, it } from "vitest";
import { AttemptRule } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hangs, sends } from "../fakes/scripted-store.ts";
import { jobName } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { SECRETS, useWorld } from "./world.ts";

/** Metric names that an AnalysisRun may contain. */
const ODD_NAMES = [
  "../../other?x=#",
  "a%2Fb",
  "..",
  ".",
  "größe 😀",
  'say "hi"',
  "a\nb",
  "${{ token }}",
  "x".repeat(1000),
];

describe.each(PROTOCOLS)("names over $name", (protocol) => {
  const world = useWorld();
  const byMetric = useWorld({
    config: {
      sources: [
        {
          name: "archive",
          http: { url: "http://127.0.0.1:1/hidden-shelf/${{ metricName }}/${{ container }}.log" },
        },
      ],
    },
  });
  const read = (request: Parameters<typeof readLog>[1]) => readLog(world().transport(protocol), request);

  it("of metrics are free text, and the error for an unknown one lists those that exist", async () => {
    const ref = world().addLog(sends("first\n"), [{ name: "checks" }, { name: "größe 😀" }]);
    for (const metricName of ODD_NAMES.filter((each) => each !== "größe 😀")) {
      const { error } = await read({ ...ref, metricName });
      expect(error).toMatchObject({ code: "NotFound", reason: "METRIC_NOT_FOUND" });
      expect(error?.available).toEqual(["checks", "größe 😀"]);
      expect(error?.message).not.toContain("\n");
    }
  });

  it.each(ODD_NAMES.map((name) => ({ name })))(
    "of metrics may be $name if the URL does not contain them",
    async ({ name: metricName }) => {
      const ref = world().addLog(sends("odd\n"), [{ name: metricName }]);
      const { text, origin } = await read({ ...ref, metricName });
      expect(text).toBe("odd\n");
      expect(origin?.metricName).toBe(metricName);
    },
  );

  it.each(ODD_NAMES.slice(0, 4))("of metrics such as %j never reach the store in a URL", async (name) => {
    const { error } = await readLog(byMetric().transport(protocol), byMetric().addLog(hangs, [{ name }]));
    expect(error).toMatchObject({ code: "NotFound", reason: "LOG_NOT_FOUND" });
    expect(error?.sources).toMatchObject([{ outcome: "SOURCE_OUTCOME_VALUE_REFUSED" }]);
    expect(error?.whole).not.toMatch(SECRETS);
  });

  it("of containers: the error for an unknown one lists those that exist", async () => {
    const ref = world().addLog(sends("main\n"), [{ containers: ["main", "proxy"] }]);
    const { error } = await read({ ...ref, containerName: "robot" });
    expect(error).toMatchObject({ code: "NotFound", reason: "CONTAINER_NOT_FOUND" });
    expect(error?.available).toEqual(["main", "proxy"]);
    expect((await read({ ...ref, containerName: "main" })).text).toBe("main\n");
  });

  it("of attempts are numbers, and the error for an unknown one lists those that exist", async () => {
    const ref = world().addLog(sends("once\n"));
    const attempt = (value: number) => ({ ...ref, attempt: { case: "attemptNumber", value } as const });
    expect((await read(attempt(1))).text).toBe("once\n");
    const { error } = await read(attempt(2));
    expect(error).toMatchObject({ code: "NotFound", reason: "ATTEMPT_NOT_FOUND" });
    expect(error?.available).toEqual(["1"]);
    for (const value of [AttemptRule.LAST, AttemptRule.FAILED]) {
      expect((await read({ ...ref, attempt: { case: "attemptRule", value } })).text).toBe("once\n");
    }
  });

  it.each([
    ["no project", { namespace: "" }],
    ["no run", { name: "" }],
    ["a project with a slash", { namespace: "shop/../x" }],
    ["a project of dots", { namespace: ".." }],
    ["a project with capitals", { namespace: "Shop" }],
    ["a project of 64 characters", { namespace: "x".repeat(64) }],
    ["a run with a slash", { name: "uat/run" }],
    ["a run with a space", { name: "uat run" }],
    ["a run with an encoded slash", { name: "uat%2Frun" }],
    ["a run with an empty part", { name: "uat..run" }],
    ["a run of 254 characters", { name: "x".repeat(254) }],
    ["a metric of 1,001 characters", { metricName: "x".repeat(1001) }],
    ["a container with a slash", { containerName: "../main" }],
    ["a container with capitals", { containerName: "Main" }],
    ["an attempt 0", { attempt: { case: "attemptNumber", value: 0 } as const }],
    ["an attempt rule that is none", { attempt: { case: "attemptRule", value: 9 as AttemptRule } as const }],
  ])("that Kubernetes does not allow are rejected: %s", async (_, wrong) => {
    const asked = world().store.asked.length;
    const { error } = await read({ ...world().addLog(hangs), ...wrong });
    expect(error).toMatchObject({ code: "InvalidArgument", reason: "REQUEST_INVALID" });
    expect(error?.next).toMatch(/^Correct the request/);
    expect(error?.message).not.toMatch(/regex|\[|`/);
    expect(world().store.asked.length).toBe(asked);
  });

  it.each([
    ["of another run's uid", { name: jobName("11111111-0000-4000-8000-000000000001", "checks"), namespace: "shop" }],
    ["of no uid", { name: "payroll", namespace: "shop" }],
    ["in another project", { name: "", namespace: "elsewhere" }],
    ["with a name that steps out of its folder", { name: "/../../payroll.1", namespace: "shop" }],
  ])("of Jobs in a run's status count only for its own Jobs: one %s is rejected", async (_, job) => {
    const probe = world().addLog(hangs);
    const next = Number(probe.name.slice("uat.run-".length)) + 1;
    const uid = `00000000-0000-4000-8000-${String(next).padStart(12, "0")}`;
    const name = job.name === "" || job.name.startsWith("/") ? `${uid}.checks${job.name || ".1"}` : job.name;
    const asked = world().store.asked.length;
    const { error } = await read(world().addLog(hangs, [{ job: { ...job, name } }]));
    expect(error).toMatchObject({ code: "NotFound", reason: "JOB_NOT_OF_RUN" });
    expect(error?.whole).not.toContain("payroll");
    expect(world().store.asked.length).toBe(asked);
  });
});
