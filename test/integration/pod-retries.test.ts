import { describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { running, terminated, waiting } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import type { CollectedLog } from "./collect-log.ts";
import { type LiveRun, useLiveWorld } from "./live-world.ts";

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const FAILED = { phase: "Failed", containers: { main: terminated(1) } };
const SECOND = { suffix: "bbbbb", createdAt: "2026-01-01T00:01:00Z" };
const THIRD = { suffix: "ccccc", createdAt: "2026-01-01T00:02:00Z" };
const RESTARTED = {
  restartCount: 1,
  lastState: { terminated: { exitCode: 1, reason: "Error", startedAt: at(1), finishedAt: at(9) } },
};

/** Resumes after each message of a log, and expects the same text. */
async function expectResumable(run: LiveRun, direct: CollectedLog): Promise<void> {
  const whole = direct.text();
  let before = "";
  let tried = 0;
  for (const { chunk, cursor } of direct.messages) {
    before += chunk;
    if (cursor === "") continue;
    const rest = run.read({ follow: true, cursor });
    await rest.done;
    expect(before + rest.text()).toBe(whole);
    expect(rest.end()?.reason).toBe(direct.end()?.reason);
    tried += 1;
  }
  expect(tried).toBeGreaterThan(2);
}

describe("the pods of one Job", () => {
  const world = useLiveWorld();

  it("are followed one after another, each to its end, with a notice between them", async () => {
    const run = world().addRun();
    const first = run.pod();
    run.log(first).append(at(2), "first\n");
    const read = run.read({ follow: true });
    await read.until("first\n");
    // The second pod starts and ends in the meantime.
    const second = run.pod({ ...SECOND, ...FAILED });
    run.log(second).append(at(3), "second\n");
    const third = run.pod(THIRD);
    run.log(third).append(at(4), "third\n");
    run.log(first).append(at(5), "last words of the first\n");
    run.pod(FAILED);
    await read.until("third\n");
    run.pod({ ...THIRD, ...FAILED });
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("first\nlast words of the first\nsecond\nthird\n");
    expect(read.notices()).toEqual([NoticeKind.POD_CHANGED, NoticeKind.POD_CHANGED]);
    expect(read.said()).toEqual([
      `The container "main" was started again in pod ${second}; its log follows.`,
      `The container "main" was started again in pod ${third}; its log follows.`,
    ]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    await expectResumable(run, read);
  });

  it("are awaited, including one that has not started", async () => {
    const run = world().addRun();
    run.log(run.pod()).append(at(2), "first\n");
    const read = run.read({ follow: true });
    await read.until("first\n");
    run.pod(FAILED);
    const second = run.pod({ ...SECOND, phase: "Pending", containers: { main: waiting("ContainerCreating") } });
    await read.untilSaid("is being created");
    run.log(second).append(at(3), "second\n");
    run.pod(SECOND);
    await read.until("second\n");
    run.pod({ ...SECOND, ...FAILED });
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("first\nsecond\n");
    expect(read.notices()).toEqual([NoticeKind.POD_CHANGED, NoticeKind.WAITING]);
  });

  it("are not followed if the request names one", async () => {
    const run = world().addRun();
    const first = run.pod();
    run.log(first).append(at(2), "first\n");
    const read = run.read({ follow: true, podName: first });
    await read.until("first\n");
    run.pod(FAILED);
    run.log(run.pod({ ...SECOND, ...FAILED })).append(at(3), "second\n");
    run.put(OVER);
    await read.done;
    expect([read.text(), read.notices(), read.end()?.reason]).toEqual(["first\n", [], EndReason.COMPLETE]);
  });

  it("are reported as removed if one was not read to its end", async () => {
    const run = world().addRun();
    const first = run.pod();
    run.log(first).append(at(2), "first\n");
    const read = run.read({ follow: true });
    await read.until("first\n");
    run.log(run.pod(SECOND)).append(at(3), "second\n");
    run.removePod(first);
    run.log(first).cut("ends");
    await read.until("second\n");
    run.pod({ ...SECOND, ...FAILED });
    run.put(OVER);
    await read.done;
    expect(read.said()).toEqual([
      expect.stringContaining("its log follows. The previous pod was removed, so its last lines may be missing."),
    ]);
  });
});

describe("a container that restarts in its pod", () => {
  const world = useLiveWorld();

  it("is followed through each restart, to the end of each log", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(at(2), "run 0\n");
    const read = run.read({ follow: true });
    await read.until("run 0\n");
    const before = run.log(name, "main", true);
    before.append(at(2), "run 0\n");
    before.append(at(3), "last words of run 0\n");
    run.log(name).append(at(3), "last words of run 0\n");
    await read.until("last words");
    // The stream waits without polling: all that exists has been read.
    run.pod({ containers: { main: { ...waiting("CrashLoopBackOff", 1), restartCount: 0 } } });
    run.log(name).cut("ends");
    await world().waits.until((ms) => ms >= 15_000);
    run.log(name).rotate(0);
    run.log(name).append(at(20), "run 1\n");
    run.pod({ containers: { main: { ...running(), ...RESTARTED } } });
    await read.until("run 1\n");
    run.pod({ phase: "Failed", containers: { main: { ...terminated(1), ...RESTARTED } } });
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("run 0\nlast words of run 0\nrun 1\n");
    expect(read.notices()).toEqual([NoticeKind.POD_CHANGED]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    await expectResumable(run, read);
  });
});

describe("an object that vanishes in mid-stream", () => {
  const world = useLiveWorld();

  it("is reported if it is the run", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(at(2), "one\n");
    const read = run.read({ follow: true });
    await read.until("one\n");
    run.remove();
    run.removePod(name);
    run.log(name).cut("ends");
    await read.done;
    expect([read.notices(), read.end()?.reason]).toEqual([[NoticeKind.RUN_DELETED], EndReason.SOURCE_ENDED]);
    expect(read.error).toBeUndefined();
  });

  it("is reported if it is the run and the connection breaks", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(at(2), "one\n");
    const read = run.read({ follow: true });
    await read.until("one\n");
    run.remove();
    run.log(name).cut("breaks");
    await world().waits.until((ms) => ms === 500);
    world().waits.pass((ms) => ms === 500);
    await read.done;
    expect([read.notices(), read.end()?.reason]).toEqual([[NoticeKind.RUN_DELETED], EndReason.SOURCE_ENDED]);
  });

  it("is awaited if it is the Job, until Argo Rollouts has noticed too", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(at(2), "one\n");
    const read = run.read({ follow: true });
    await read.until("one\n");
    run.removePod(name);
    run.log(name).cut("ends");
    await read.untilSaid("The Job of attempt 1 no longer has a pod.");
    run.put({ phase: "Error", attempts: [{ number: 1, phase: "Error" }] });
    await read.done;
    expect([read.notices(), read.end()?.reason]).toEqual([[NoticeKind.WAITING], EndReason.SOURCE_ENDED]);
    expect(read.text()).toBe("one\n");
  });

  it("is not assumed to be a log's beginning if the first line is only late", async () => {
    const run = world().addRun({ ...OVER });
    run.log(run.pod(FAILED)).append("2026-01-01T00:20:00Z", "late\nlater\n");
    const read = run.read();
    await read.done;
    expect(read.messages.map(({ event }) => event.case ?? "chunk")).toEqual(["origin", "chunk", "end"]);
    expect([read.text(), read.end()?.headMissing]).toEqual(["late\nlater\n", false]);
  });

  it("is reported as lost lines if a cursor proves it, at the end and after the next cursor", async () => {
    const run = world().addRun({ ...OVER });
    const log = run.log(run.pod(FAILED));
    log.append("2026-01-01T00:10:00Z", "line 1\n");
    const first = run.read();
    await first.done;
    for (let minute = 11; minute < 14; minute += 1) log.append(`2026-01-01T00:${minute}:00Z`, `line ${minute}\n`);
    log.rotate(2);
    const cursor = first.messages.findLast(({ chunk }) => chunk !== "")?.cursor ?? "";
    const read = run.read({ cursor, limitLines: 2n });
    await read.done;
    expect([read.notices(), read.text()]).toEqual([[NoticeKind.LINES_LOST], "line 12\n"]);
    expect(read.end()?.headMissing).toBe(true);
    const rest = run.read({ cursor: read.messages.at(-1)?.cursor ?? "" });
    await rest.done;
    expect([rest.text(), rest.end()?.headMissing]).toEqual(["line 13\n", true]);
  });
});

describe("a pod that is gone while its job continues", () => {
  const world = useLiveWorld(["pods", "archive"]);
  const isPoll = (ms: number): boolean => ms === 2_000;

  it("is reported once, however often its archive is polled", async () => {
    const run = world().addRun();
    const pod = run.pod();
    run.log(pod).append(at(2), "first\n");
    const read = run.read({ follow: true });
    await read.until("first\n");
    world().store.answer(run.archivePath(), sends("first\n"));
    run.removePod(pod);
    run.log(pod).cut("ends");
    for (let poll = 0; poll < 3; poll += 1) {
      await world().waits.until(isPoll);
      world().waits.pass(isPoll);
    }
    world().store.answer(run.archivePath(), sends("first\nsecond\n"));
    await world().waits.until(isPoll);
    world().waits.pass(isPoll);
    await read.until("second\n");
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("first\nsecond\n");
    expect(read.notices()).toEqual([NoticeKind.SOURCE_CHANGED]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });
});
