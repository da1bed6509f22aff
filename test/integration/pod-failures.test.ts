import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { waiting } from "../fakes/pods.ts";
import { type Answer, hangs, refuses, sends, sendsThenHangs, sendsThenResets } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { logRequests, says, usePodWorld } from "./pod-world.ts";
import { as, readLog } from "./read-log.ts";

/** Matches what a caller must not see of the cluster or the store. */
const SECRETS = /127\.0\.0|10\.0\.0|localhost|node-1|token-of-gateway|https?:\/\//i;

describe("a log that does not exist yet", () => {
  const world = usePodWorld();

  it.each([
    ["ImagePullBackOff", { containers: { main: waiting("ImagePullBackOff") } }],
    ["PodInitializing", { containers: { main: waiting("PodInitializing") } }],
    [
      "Unschedulable",
      {
        containers: { main: undefined },
        spec: {},
        status: {
          conditions: [
            { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3, see 10.0.0.1" },
          ],
        },
      },
    ],
  ])("is reported as waiting for the container, with the reason: %s", async (reason, pod) => {
    const run = world().addRun({ running: true });
    world().addPod(run, { phase: "Pending", ...pod });
    const { error, headers } = await world().read(run);
    expect(error).toMatchObject({
      code: "FailedPrecondition",
      reason: "LOG_NOT_YET",
      message: `No log: source "pods" has no log yet: the container waits to be started (${reason}); source "archive" answered 404.`,
      next: "Try again when the container has started.",
    });
    expect(`${error?.whole} ${headers}`).not.toMatch(SECRETS);
    expect(logRequests(world().api.requests)).toEqual([]);
  });

  it("is reported as such if only the kubelet knows", async () => {
    const run = world().addRun({ running: true });
    world().addPod(run, {}, says(400, 'container "main" in pod is waiting to start: ContainerCreating on node-1'));
    expect((await world().read(run)).error).toMatchObject({ code: "FailedPrecondition", reason: "LOG_NOT_YET" });
  });

  it("is read from the archive if that has it anyway", async () => {
    const run = world().addRun({ running: true });
    world().addPod(run, { containers: { main: waiting("ImagePullBackOff") } });
    world().archive(run, sends("archived\n"));
    expect((await world().read(run)).text).toBe("archived\n");
  });

  it("is NOT_FOUND once the pod or the attempt has ended", async () => {
    const evicted = world().addRun({ running: true });
    world().addPod(evicted, { phase: "Failed", status: { reason: "Evicted" }, containers: { main: undefined } });
    const given = world().addRun();
    world().addPod(given, { containers: { main: waiting("ImagePullBackOff") } });
    for (const [run, why] of [
      [evicted, "no longer has the log: Kubernetes evicted the pod (Evicted)"],
      [given, "has no log: the container was never started (ImagePullBackOff)"],
    ] as const) {
      const { error } = await world().read(run);
      expect(error).toMatchObject({ code: "NotFound", reason: "LOG_NOT_FOUND" });
      expect(error?.message).toContain(`source "pods" ${why}`);
    }
  });
});

describe("a failing API server", () => {
  const world = usePodWorld({ sources: ["pods"] });
  const readWith = (answer: Answer) => {
    const run = world().addRun({ running: true });
    world().addPod(run, {}, answer);
    return world().read(run);
  };

  it.each<[string, Answer, string, string]>([
    ["403", says(403, 'pods "x" is forbidden, says node-1'), "Internal", "BACKEND_REFUSED"],
    ["500", says(500, 'Get "https://10.0.0.1:10250/…": dial tcp: refused'), "Unavailable", "SOURCE_UNAVAILABLE"],
    ["a page", refuses(502), "Unavailable", "SOURCE_UNAVAILABLE"],
    ["a reset", (response) => response.socket?.resetAndDestroy(), "Unavailable", "SOURCE_UNAVAILABLE"],
  ])("with %s, before the log: is reported without its address", async (_what, answer, code, reason) => {
    const { error, headers } = await readWith(answer);
    expect(error).toMatchObject({ code, reason });
    expect(`${error?.whole} ${headers}`).not.toMatch(SECRETS);
    // The log has the details for operators.
    const entry = world().log.find(({ reference }) => reference === error?.reference);
    expect(JSON.stringify(entry)).toMatch(/answered|closed/);
  });

  it("in the middle of the log: is reported after what was read, as an incomplete end", async () => {
    const { text, end, error, headers } = await readWith(sendsThenResets("2026-01-01T00:00:00.000000000Z half\n"));
    expect(text).toBe("half\n");
    expect(end?.reason).toBe(EndReason.SOURCE_FAILED);
    expect(error).toMatchObject({ code: "Unavailable", reason: "SOURCE_FAILED" });
    expect(`${error?.whole} ${headers}`).not.toMatch(SECRETS);
  });

  it.each<[string, Answer]>([
    ["the wait for headers", hangs],
    ["the middle of the log", sendsThenHangs("half\n")],
  ])("loses its connection when the caller leaves in %s", async (_what, answer) => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const run = world().addRun({ running: true });
    world().addPod(run, {}, (response, request) => {
      response.once("close", ended.resolve);
      answer(response, request);
      begun.resolve();
    });
    const leave = new AbortController();
    const reading = readLog(world().transport, run, { ...as(TOKENS.reader), signal: leave.signal });
    await begun.promise;
    leave.abort();
    expect((await reading).error?.code).toBe("Canceled");
    await ended.promise;
  });
});
