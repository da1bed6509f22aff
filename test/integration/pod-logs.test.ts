import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AnalysisRunLogService,
  ContainerState,
  EndReason,
  SelectionReason,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { podName, running, terminated, waiting } from "../fakes/pods.ts";
import { refuses, sends } from "../fakes/scripted-store.ts";
import { analysisRun, TOKENS } from "./objects.ts";
import { logRequests, says, usePodWorld } from "./pod-world.ts";
import { as, readLog } from "./read-log.ts";

describe("the source that answers", () => {
  const world = usePodWorld();

  it("is the pod while the attempt runs, even if the archive has a log", async () => {
    const run = world().addRun({ running: true });
    const pod = world().addPod(run);
    world().archive(run, sends("archived\n"));
    const { text, origin, end } = await world().read(run);
    expect(text).toBe("live log of aaaaa\n");
    expect(origin).toMatchObject({
      source: "pods",
      live: true,
      podName: pod,
      podReason: SelectionReason.ONLY,
      podNames: [pod],
      previous: false,
    });
    expect(end?.reason).toBe(EndReason.CAUGHT_UP);
  });

  it("is the archive once the attempt has ended, since the kubelet may have rotated the log", async () => {
    const run = world().addRun();
    const pod = world().addPod(run, { phase: "Failed", containers: { main: terminated(1) } });
    world().archive(run, sends("archived\n"));
    const { text, origin, end } = await world().read(run);
    expect(text).toBe("archived\n");
    expect(origin).toMatchObject({ source: "archive", live: false, podName: pod });
    expect(end?.reason).toBe(EndReason.COMPLETE);
    expect(logRequests(world().api.requests)).toEqual([]);
  });

  it("is the pod if the archive has no log, without proof that the log is complete", async () => {
    const run = world().addRun();
    world().addPod(run, { phase: "Failed", containers: { main: terminated(1) } });
    const { text, origin, end } = await world().read(run);
    expect(text).toBe("live log of aaaaa\n");
    expect(origin).toMatchObject({ source: "pods", live: true });
    expect(end?.reason).toBe(EndReason.SOURCE_ENDED);
  });

  it("is the archive if the pod vanishes after the list, or its node has lost the log", async () => {
    for (const answer of [
      says(404, 'pods "x" not found'),
      sends("unable to retrieve container logs for containerd://0f"),
    ]) {
      const run = world().addRun({ running: true });
      world().addPod(run, {}, answer);
      world().archive(run, sends("archived\n"));
      expect(await world().read(run)).toMatchObject({ text: "archived\n", origin: { source: "archive" } });
    }
  });

  it("is none if neither has the log, and the error reports both", async () => {
    const { error } = await world().read(world().addRun());
    expect(error).toMatchObject({ code: "NotFound", reason: "LOG_NOT_FOUND" });
    expect(error?.sources).toMatchObject([
      { source: "archive", outcome: "SOURCE_OUTCOME_NOT_FOUND" },
      { source: "pods", outcome: "SOURCE_OUTCOME_NOT_FOUND" },
    ]);
  });
});

describe("the pods that are read", () => {
  const world = usePodWorld({ sources: ["pods"] });

  it("are only the run's own", async () => {
    const run = world().addRun({ running: true });
    const other = world().addRun({ running: true });
    const made = { uid: run.uid, job: run.job };
    const { cluster } = world();
    world().addPod(other);
    world().addPod({ ...run, uid: other.uid }, { suffix: "label" });
    world().addPod({ ...run, job: other.job }, { suffix: "owner" });
    world().addPod(run, { namespace: "elsewhere", suffix: "place" });
    const stranger = podName({ ...made, suffix: "plain" });
    cluster.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: stranger, namespace: "shop", labels: { "analysisrun.argoproj.io/uid": run.uid } },
      spec: { nodeName: "node-1", containers: [{ name: "main" }] },
      status: { phase: "Running", containerStatuses: [{ name: "main", ...running() }] },
    });
    expect((await world().read(run)).error?.reason).toBe("LOG_NOT_FOUND");
    expect((await world().read(run, { podName: stranger })).error?.reason).toBe("LOG_NOT_FOUND");
    const own = world().addPod(run, { suffix: "owned" });
    expect((await world().read(run)).origin?.podNames).toEqual([own]);
    expect((await world().read(run, { podName: stranger })).error).toMatchObject({
      reason: "POD_NOT_FOUND",
      available: [own],
    });
    expect(logRequests(world().api.requests)).toHaveLength(1);
  });

  it("are those of the attempt's Job, even if the run has others", async () => {
    const run = world().addRun({ running: true });
    world().addPod(run);
    world().addPod({ ...run, job: run.job.replace(/1$/, "2") }, { suffix: "other" });
    expect((await world().read(run)).text).toBe("live log of aaaaa\n");
  });

  it("are not listed before the caller may read the run", async () => {
    const run = world().addRun({ running: true });
    world().addPod(run);
    const refused = await readLog(world().transport, run, as(TOKENS.stranger));
    expect(refused.error?.reason).toBe("ACCESS_DENIED");
    expect(world().api.requests.filter((each) => each.includes("/pods"))).toEqual([]);
  });

  it("are the newest of a retried Job, or the named one", async () => {
    const run = world().addRun();
    const [first, second, third] = ["first", "secnd", "third"].map((suffix, index) =>
      world().addPod(run, { suffix, createdAt: `2026-01-01T00:0${index}:00Z`, containers: { main: terminated(1) } }),
    );
    const newest = await world().read(run);
    expect(newest.text).toBe("live log of third\n");
    expect(newest.origin).toMatchObject({
      podName: third,
      podReason: SelectionReason.LAST,
      podNames: [first, second, third],
    });
    const named = await world().read(run, { podName: first ?? "" });
    expect(named.text).toBe("live log of first\n");
    expect(named.origin).toMatchObject({ podName: first, podReason: SelectionReason.NAMED });
    const gone = await world().read(run, { podName: "gone" });
    expect(gone.error).toMatchObject({ code: "NotFound", reason: "POD_NOT_FOUND", available: [first, second, third] });
  });
});

describe("the selected container and restart", () => {
  const world = usePodWorld();
  const containers = ["main", "proxy"];
  const asked = () => logRequests(world().api.requests).map((each) => each.split("?")[1]);

  it("is the container that failed by its exit code", async () => {
    const run = world().addRun({ containers });
    world().addPod(run, {
      phase: "Failed",
      containers: { main: terminated(0), proxy: terminated(137, undefined, "OOMKilled") },
    });
    expect((await world().read(run)).origin).toMatchObject({
      containerName: "proxy",
      containerReason: SelectionReason.FAILED,
    });
    expect(asked()).toEqual(["container=proxy&timestamps=true"]);
  });

  it("is the previous restart while the container waits for the next", async () => {
    const run = world().addRun({ containers, running: true });
    world().addPod(run, { containers: { main: running(), proxy: waiting("CrashLoopBackOff", 2) } });
    expect((await world().read(run)).origin).toMatchObject({ containerName: "proxy", previous: true, live: true });
    expect(asked()).toEqual(["container=proxy&previous=true&timestamps=true"]);
  });

  it("is not reported as the previous restart if the archive answers", async () => {
    const run = world().addRun({ running: true });
    world().addPod(run, { containers: { main: waiting("CrashLoopBackOff", 2) } }, refuses(404));
    world().archive(run, sends("archived\n"));
    expect((await world().read(run)).origin).toMatchObject({ source: "archive", previous: false });
  });
});

describe("the run as a tree", () => {
  const world = usePodWorld();
  const tree = async (run: { namespace: string; name: string }) => {
    const client = createClient(AnalysisRunLogService, world().transport);
    return (await client.getAnalysisRun({ namespace: run.namespace, name: run.name }, as(TOKENS.reader))).analysisRun;
  };

  it("lists each attempt's pods and container statuses, and selects by them", async () => {
    const run = world().addRun({ containers: ["main", "proxy"] });
    const [first, second] = ["first", "secnd"].map((suffix, index) =>
      world().addPod(run, {
        suffix,
        createdAt: `2026-01-01T00:0${index}:00Z`,
        phase: "Failed",
        containers: { main: terminated(0), proxy: terminated(3) },
      }),
    );
    const told = await tree(run);
    expect(told?.metrics[0]?.attempts[0]?.pods).toMatchObject([
      { name: first },
      {
        name: second,
        phase: "Failed",
        containers: [
          { name: "main", state: ContainerState.TERMINATED, exitCode: 0 },
          { name: "proxy", state: ContainerState.TERMINATED, exitCode: 3, reason: "Error", restarts: 0 },
        ],
      },
    ]);
    expect(told?.defaultSelection).toMatchObject({ containerName: "proxy", podName: second });
  });

  it("lists no pod of a Job with the same name in another namespace", async () => {
    const run = world().addRun();
    const { uid, job, namespace, name } = run;
    const metrics = ["shop", "elsewhere"].map((each) => ({ name: each, job: { name: job, namespace: each } }));
    world().cluster.put(analysisRun({ uid, namespace, name, metrics }));
    const here = world().addPod(run, { suffix: "heree" });
    const there = world().addPod(run, { suffix: "there", namespace: "elsewhere" });
    const told = await tree(run);
    const podsOf = (index: number) => told?.metrics[index]?.attempts[0]?.pods.map((pod) => pod.name);
    expect([podsOf(0), podsOf(1)]).toEqual([[here], [there]]);
    expect((await world().read(run, { metricName: "elsewhere" })).text).toBe("live log of there\n");
  });

  it("limits how often a Job's pods are repeated if thousands of measurements name it", async () => {
    const run = world().addRun();
    const names = Array.from({ length: 6 }, (_, index) => world().addPod(run, { suffix: `pod-${index}` }));
    const { namespace, name, uid, job } = run;
    const object = analysisRun({ namespace, name, uid, metrics: [{}] });
    const measurements = Array.from({ length: 5_000 }, () => ({
      phase: "Failed",
      metadata: { "job-name": job, "job-namespace": namespace },
    }));
    world().cluster.put({ ...object, status: { phase: "Failed", metricResults: [{ name: "checks", measurements }] } });
    const told = await tree(run);
    const attempts = told?.metrics[0]?.attempts ?? [];
    expect(told?.leftOut).toMatchObject({ attempts: 4_000, pods: 5_000 });
    expect(attempts.at(-1)?.pods.map((pod) => pod.name)).toEqual(names);
    expect(attempts.flatMap(({ pods }) => pods)).toHaveLength(1_000);
  });

  it("lists no pods if the cluster has none left", async () => {
    const told = await tree(world().addRun());
    expect(told?.metrics[0]?.attempts[0]?.pods).toEqual([]);
    expect(told?.defaultSelection).toMatchObject({ containerName: "main", podName: "" });
  });
});

describe("a gateway without a source of kind kubernetes", () => {
  const world = usePodWorld({ sources: ["archive"] });

  it("never asks for pods", async () => {
    const run = world().addRun({ running: true });
    world().addPod(run);
    world().archive(run, sends("archived\n"));
    const { text, origin } = await world().read(run, { podName: "whatever" });
    expect(text).toBe("archived\n");
    expect(origin).toMatchObject({ podName: "", podNames: [], podReason: SelectionReason.UNSPECIFIED });
    const client = createClient(AnalysisRunLogService, world().transport);
    const { analysisRun } = await client.getAnalysisRun(
      { namespace: run.namespace, name: run.name },
      as(TOKENS.reader),
    );
    expect(analysisRun?.metrics[0]?.attempts[0]?.pods).toEqual([]);
    expect(world().api.requests.length).toBeGreaterThan(0);
    expect(world().api.requests.filter((each) => each.includes("/pods"))).toEqual([]);
  });
});
