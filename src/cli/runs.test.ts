import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";
import { DEMO_CLUSTER } from "../demo/config.ts";
import { type KubeObject, loadObjects } from "../demo/objects.ts";

const RUNS = loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), new Date()).filter(
  ({ kind, metadata }) => kind === "AnalysisRun" && metadata.namespace === "guestbook",
).length;

let gateway: DemoGateway;
beforeAll(async () => {
  gateway = await startDemoGateway();
});
afterAll(() => gateway.close());

const runs = (args: readonly string[] = [], token = "demo-viewer"): Promise<CliResult> =>
  runInProcess(["runs", "-n", "guestbook", "--server", gateway.url, ...args], { env: { TAFFRAIL_TOKEN: token } });

describe("taffrail runs", () => {
  it("prints a table, newest first", async () => {
    const { code, out, said } = await runs();
    expect([code, said]).toEqual([0, []]);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(1 + RUNS);
    expect(lines[0]).toMatch(/^PHASE +AGE +STAGE +NAME +WHY$/);
    expect(lines[1]).toMatch(/^Running +\d+s +dev +dev\.01kkh78mj0ybmgq052an9t2aa5\.dd78add$/);
    expect(out).toMatch(
      /^Failed +6m +uat +uat\.01kkh640p0djp1kn96jm9eekvv\.00d90e5 +job failed: The job of robot failed, attempt 2 of 2\.$/m,
    );
    expect(out).toMatch(/^Successful +5h +- +guestbook-ui-7d9c5b8f64-12-2$/m);
    expect(out).toMatch(/^Failed +3d +uat/m);
    for (const line of lines) expect(line).toBe(line.trimEnd());
  });

  it("prints names only, for other programs", async () => {
    const { out } = await runs(["-o", "name", "--failed", "--stage", "uat"]);
    expect(out).toMatch(/^(uat\.\w+\.\w+\n){2,}$/);
    expect(out.startsWith("uat.01kkh640p0djp1kn96jm9eekvv.00d90e5\n")).toBe(true);
  });

  it("prints JSON as the API has it", async () => {
    const { out } = await runs(["-o", "json", "--stage", "perf", "--failed"]);
    expect(JSON.parse(out)).toEqual({
      analysisRuns: [
        expect.objectContaining({
          namespace: "guestbook",
          name: "perf.01kkha46801gmbjhs2nxjbjdmq.00d90e5",
          phase: "ANALYSIS_PHASE_FAILED",
          createTime: expect.stringMatching(/Z$/),
        }),
      ],
    });
  });

  it("says so if there are none", async () => {
    const { code, out, said } = await runs(["--stage", "gone"]);
    expect(code).toBe(0);
    expect(out).toBe("PHASE  AGE  STAGE  NAME  WHY\n");
    expect(said).toEqual(["note: project guestbook has no matching runs"]);
  });

  it("says so if there are more", async () => {
    for (let index = 0; index < 60; index += 1) {
      const metadata = { name: `many-${index}`, namespace: "guestbook", labels: { "kargo.akuity.io/stage": "many" } };
      gateway.kubernetes.put({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata });
    }
    const { out, said } = await runs(["--stage", "many", "-o", "name"]);
    expect(out.trimEnd().split("\n")).toHaveLength(50);
    expect(said).toEqual(["note: older runs are not shown; narrow the list with --stage or --failed"]);
  });

  it("filters by Freight and by time of creation", async () => {
    const { out } = await runs(["-o", "name", "--freight", "a2da5121224c5815d273adf9a3d5aa5132eb2dc3"]);
    expect(out).toBe("dev.01kkh78mj0ybmgq052an9t2aa5.dd78add\n");
    const recent = (await runs(["--since", "1d", "--stage", "uat"])).out;
    expect(recent).toContain("uat.01kkh640p0djp1kn96jm9eekvv.00d90e5");
    expect(recent).not.toMatch(/ \d+d /);
    expect(await runs(["--since", "soon"])).toMatchObject({ code: 2, out: "" });
  });

  it("prints each change once with --watch, until it is interrupted", async () => {
    const leave = new AbortController();
    const put = (phase: string) =>
      gateway.kubernetes.put({
        apiVersion: "argoproj.io/v1alpha1",
        kind: "AnalysisRun",
        metadata: { name: "watched", namespace: "guestbook", labels: { "kargo.akuity.io/stage": "watched" } },
        status: { phase },
      } as KubeObject);
    put("Running");
    const steps = [
      () => put("Failed"),
      () =>
        gateway.kubernetes.remove({
          apiVersion: "argoproj.io/v1alpha1",
          kind: "AnalysisRun",
          metadata: { name: "watched", namespace: "guestbook" },
        }),
      () => leave.abort(),
    ];
    const { code, out } = await runInProcess(
      ["runs", "-n", "guestbook", "--server", gateway.url, "--stage", "watched", "--watch"],
      {
        env: { TAFFRAIL_TOKEN: "demo-viewer" },
        signal: leave.signal,
        onPiece: () => steps.shift()?.(),
      },
    );
    expect(code).toBe(130);
    expect(
      out
        .trimEnd()
        .split("\n")
        .map((line) =>
          line
            .split(/ +/)
            .filter((cell) => !/^\d+s$/.test(cell))
            .join(" "),
        ),
    ).toEqual([
      "PHASE AGE STAGE NAME WHY",
      "Running watched watched",
      "Failed watched watched cause unknown: The run does not report which metric decided.",
      "deleted watched watched",
    ]);
  });

  it("exits with status 4 if it is refused, and with 2 for wrong usage", async () => {
    expect(await runs([], "demo-outsider")).toMatchObject({ code: 4, out: "" });
    expect(await runs(["-o", "yaml"])).toMatchObject({ code: 2, out: "" });
    expect(await runs(["--stage", "Not A Stage"])).toMatchObject({ code: 2, out: "" });
  });
});
