import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { AttemptRule, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type MadePod, running, terminated, waiting } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { useLiveWorld } from "./live-world.ts";

const AT = "2026-01-01T00:00:02Z";
const CREATING = { phase: "Pending", containers: { main: waiting("ContainerCreating") } };
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const NO_NODE = { phase: "Pending", spec: {}, containers: { main: undefined } };
const UNSCHEDULABLE = {
  type: "PodScheduled",
  status: "False",
  reason: "Unschedulable",
  message: "0/3 nodes are available: 3 Insufficient cpu.",
};

describe("a followed log that has not begun", () => {
  const world = useLiveWorld();

  it("is awaited from before its run begins, with one notice for each state", async () => {
    const run = world().addRun({ startedAt: undefined, attempts: [], initialDelay: "90s" });
    const read = run.read({ follow: true });
    await read.untilSaid("The run has not begun yet.");
    run.put({ attempts: [], initialDelay: "90s" });
    await read.untilSaid("until 00:01:30 UTC");
    run.put({ attempts: [{ number: 1, job: false }] });
    await read.untilSaid("Attempt 1 has not created its Job yet.");
    run.put();
    await read.untilSaid("has no pod yet");
    const name = run.pod(NO_NODE);
    await read.untilSaid(`The pod "${name}" is not scheduled yet.`);
    run.pod(CREATING);
    await read.untilSaid('The container "main" is being created.');
    run.log(name).append(AT, "begun\n");
    run.pod();
    await read.until("begun\n");
    run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("begun\n");
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    expect(new Set(read.notices())).toEqual(new Set([NoticeKind.WAITING]));
    expect(read.said()).toEqual([
      "Waiting. The run has not begun yet.",
      'Waiting. The metric "checks" is not measured until 00:01:30 UTC (its initial delay).',
      "Waiting. Attempt 1 has not created its Job yet.",
      "Waiting. The Job of attempt 1 has no pod yet.",
      `Waiting. The pod "${name}" is not scheduled yet.`,
      'Waiting. The container "main" is being created.',
    ]);
    // The notices precede the origin, which reports the selection and so cannot be sent before it is made.
    expect(read.messages.findIndex(({ event }) => event.case === "origin")).toBe(6);
  });

  it.each<[string, Partial<MadePod>, string]>([
    [
      "its pod is scheduled",
      { ...NO_NODE, status: { conditions: [UNSCHEDULABLE] } },
      "is not scheduled yet (Unschedulable): 0/3 nodes are available: 3 Insufficient cpu.",
    ],
    [
      "its image is pulled",
      { ...CREATING, containers: { main: waiting("ImagePullBackOff") } },
      'The image of the container "main" could not be pulled (ImagePullBackOff): nothing to be had from 10.0.0.1:5000.',
    ],
    ["its container is created", CREATING, 'The container "main" is being created.'],
    [
      "its Secret exists",
      { ...CREATING, containers: { main: waiting("CreateContainerConfigError") } },
      'The container "main" could not be started (CreateContainerConfigError)',
    ],
    [
      "the preceding init containers have ended",
      {
        phase: "Pending",
        initContainers: { seed: running(), more: waiting("PodInitializing") },
        containers: { main: waiting("PodInitializing") },
      },
      'The container "main" is waiting for the init container "seed" to finish.',
    ],
    [
      "the image of a preceding init container is pulled",
      {
        phase: "Pending",
        initContainers: { seed: waiting("ErrImagePull") },
        containers: { main: waiting("PodInitializing") },
      },
      'The image of the init container "seed" could not be pulled (ErrImagePull)',
    ],
  ])("begins by itself once %s", async (_what, before, said) => {
    const run = world().addRun();
    const name = run.pod(before);
    const read = run.read({ follow: true, containerName: "main" });
    await read.untilSaid(said);
    // Waiting for a container polls nothing: its pod is watched.
    expect(world().waits.pending.filter((ms) => ms < 5_000)).toEqual([]);
    run.log(name).append(AT, "begun\n");
    run.pod({ initContainers: { seed: terminated(0), more: terminated(0) } });
    await read.until("begun\n");
    run.pod({ phase: "Succeeded", containers: { main: terminated(0) } });
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("begun\n");
    expect(read.said()).toHaveLength(1);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("may be that of an init container, a sidecar or a later attempt", async () => {
    const specs = [{ name: "seed" }, { name: "proxy", restartPolicy: "Always" }];
    const state = { initContainers: specs };
    const run = world().addRun(state);
    const pending = { phase: "Pending", containers: { main: waiting("PodInitializing") } };
    const spec = { nodeName: "node-1", initContainers: specs };
    const name = run.pod({
      ...pending,
      spec,
      initContainers: { seed: waiting("PodInitializing"), proxy: waiting("PodInitializing") },
    });
    const seed = run.read({ follow: true, containerName: "seed" });
    const proxy = run.read({ follow: true, containerName: "proxy" });
    const main = run.read({ follow: true, containerName: "main" });
    const next = run.read({ follow: true, attempt: { case: "attemptNumber", value: 2 } });
    await seed.untilSaid('The init container "seed" is being created.');
    await proxy.untilSaid('The init container "seed" is being created.');
    await next.untilSaid("there is no attempt 2");
    run.log(name, "seed").append(AT, "sown\n");
    run.pod({ ...pending, spec, initContainers: { seed: running(), proxy: waiting("PodInitializing") } });
    await seed.until("sown\n");
    await proxy.untilSaid('is waiting for the init container "seed" to finish');
    run.log(name, "proxy").append(AT, "listening\n");
    run.pod({ ...pending, spec, initContainers: { seed: terminated(0), proxy: { ...running(), started: false } } });
    await proxy.until("listening\n");
    await main.untilSaid('is waiting for the sidecar "proxy" to start');
    run.log(name).append(AT, "tested\n");
    run.pod({ spec, initContainers: { seed: terminated(0), proxy: running() } });
    await main.until("tested\n");
    const ended = { seed: terminated(0), proxy: terminated(0) };
    run.pod({ phase: "Failed", spec, initContainers: ended, containers: { main: terminated(1) } });
    run.put({ ...state, attempts: [{ number: 1, phase: "Failed" }, { number: 2 }] });
    const again = run.pod({ suffix: "bbbbb" }, 2);
    run.log(again).append(AT, "tested again\n");
    await next.until("tested again\n");
    run.pod({ suffix: "bbbbb", phase: "Failed", containers: { main: terminated(1) } }, 2);
    run.put({ ...state, phase: "Failed", attempts: [1, 2].map((number) => ({ number, phase: "Failed" })) });
    for (const read of [seed, proxy, main, next]) {
      await read.done;
      expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    }
    expect([seed, proxy, main, next].map((read) => read.text())).toEqual([
      "sown\n",
      "listening\n",
      "tested\n",
      "tested again\n",
    ]);
  });

  it("is awaited no longer than requested, and the error says what it waits for", async () => {
    const run = world().addRun({ attempts: [], initialDelay: "1h" });
    const created = world().addRun();
    created.pod(CREATING);
    const reads = [run, created].map((each) => each.read({ wait: durationFromMs(7_000) }));
    await reads[0]?.untilSaid("until 01:00:00 UTC");
    await reads[1]?.untilSaid("is being created");
    await world().waits.until((ms) => ms === 7_000, 2);
    world().clock.time += 7_000;
    world().waits.pass((ms) => ms === 7_000);
    for (const read of reads) await read.done;
    expect(reads.map(({ error }) => [error?.code, error?.reason])).toEqual([
      ["FailedPrecondition", "JOB_NOT_STARTED"],
      ["FailedPrecondition", "LOG_NOT_YET"],
    ]);
    expect(reads[0]?.error?.message).toContain("until 01:00:00 UTC");
  });

  it("is NOT_FOUND once its run is deleted, whatever it waits for", async () => {
    const begins = world().addRun({ startedAt: undefined, attempts: [] });
    const starts = world().addRun();
    starts.pod(CREATING);
    const reads = [begins, starts].map((run) => run.read({ follow: true }));
    await reads[0]?.untilSaid("has not begun");
    await reads[1]?.untilSaid("is being created");
    begins.remove();
    starts.remove();
    for (const read of reads) {
      await read.done;
      expect(read.error).toMatchObject({ code: "NotFound", reason: "RUN_NOT_FOUND" });
    }
  });

  it("ends with an error if the run ends before the metric is measured or the container is started", async () => {
    const begins = world().addRun({ attempts: [], initialDelay: "10m" });
    const starts = world().addRun();
    starts.pod({ ...CREATING, containers: { main: waiting("ImagePullBackOff") } });
    const reads = [begins, starts].map((run) => run.read({ follow: true }));
    await reads[0]?.untilSaid("until 00:10:00 UTC");
    await reads[1]?.untilSaid("could not be pulled");
    begins.put({ phase: "Failed", attempts: [] });
    starts.put(OVER);
    for (const read of reads) await read.done;
    expect(reads.map(({ error }) => error?.reason)).toEqual(["ATTEMPT_NOT_FOUND", "LOG_NOT_FOUND"]);
    expect(reads[1]?.error?.message).toContain("the container was never started (ImagePullBackOff)");
  });
});

describe("a follow that waits for longer than this server allows", () => {
  const HOUR = 3_600_000;
  const world = useLiveWorld(["pods", "archive"], { limits: { wait: "1h" } });
  /** Lets an hour pass, and everything that is waited for. */
  const passHour = (): void => {
    world().clock.time += HOUR;
    world().waits.pass((ms) => ms === HOUR || ms === 2_000);
  };

  it("for a Job, its pod or a container ends with an error that names the limit", async () => {
    const job = world().addRun({ attempts: [], initialDelay: "30h" });
    const pod = world().addRun();
    const container = world().addRun();
    container.pod(CREATING);
    const reads = [job, pod, container].map((run) => run.read({ follow: true, containerName: "main" }));
    await reads[0]?.untilSaid("Waiting.");
    await reads[1]?.untilSaid("has no pod yet");
    await reads[2]?.untilSaid("is being created");
    await world().waits.until((ms) => ms === HOUR, 2);
    await world().waits.until((ms) => ms === 2_000);
    passHour();
    for (const read of reads) await read.done;
    expect(reads.map(({ error }) => error?.reason)).toEqual(["JOB_NOT_STARTED", "LOG_NOT_FOUND", "LOG_NOT_YET"]);
    for (const { error } of reads) expect(error?.message).toContain("at most 1 h (limits.wait)");
  });

  it("for the next attempt ends with SERVER_LIMIT_REACHED and a cursor", async () => {
    const run = world().addRun({ attempts: [{ number: 1, phase: "Failed" }] });
    world().store.answer(run.archivePath(), sends("first\n"));
    const read = run.read({ follow: true, attempt: { case: "attemptRule", value: AttemptRule.ALL } });
    await read.untilSaid("may be measured again");
    await world().waits.until((ms) => ms === HOUR);
    passHour();
    await read.done;
    expect(read.end()).toMatchObject({ reason: EndReason.SERVER_LIMIT_REACHED });
    expect(read.error).toMatchObject({ code: "ResourceExhausted", reason: "LIMIT_REACHED" });
    expect(read.error?.message).toContain("at most 1 h (limits.wait)");
    expect(read.messages.at(-1)?.cursor).not.toBe("");
  });

  it("begins anew after each log: a long job's archive is awaited as long as any", async () => {
    const run = world().addRun();
    const pod = run.pod();
    run.log(pod).append(AT, "live\n");
    const read = run.read({ follow: true });
    await read.until("live\n");
    world().clock.time += 5 * HOUR;
    run.removePod(pod);
    run.log(pod).cut("ends");
    await read.untilSaid("Waiting.");
    world().store.answer(run.archivePath(), sends("live\nand the rest\n"));
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("live\nand the rest\n");
  });
});
