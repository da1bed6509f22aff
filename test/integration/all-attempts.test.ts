import { describe, expect, it } from "vitest";
import { AttemptRule, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { running, terminated } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { type LiveRun, useLiveWorld } from "./live-world.ts";

const AT = "2026-01-01T00:00:02Z";
const ALL = { attempt: { case: "attemptRule", value: AttemptRule.ALL } } as const;
const rule = (value: AttemptRule) => ({ attempt: { case: "attemptRule", value } }) as const;
const numbered = (value: number) => ({ attempt: { case: "attemptNumber", value } }) as const;

/** As many measurements as Argo Rollouts keeps, up to this number. All have failed except the last, which runs. */
const attemptsTo = (last: number) =>
  Array.from({ length: Math.min(10, last) }, (_, index) => last - Math.min(10, last) + 1 + index).map((number) => ({
    number,
    phase: number === last ? "Running" : "Failed",
  }));
const over = (last: number) => ({
  phase: "Failed",
  attempts: attemptsTo(last).map(({ number }) => ({ number, phase: "Failed" })),
});

/** Makes a pod of a finished attempt, with a log of two lines. */
function endedPod(run: LiveRun, attempt: number): string {
  const name = run.pod({ phase: "Failed", containers: { main: terminated(1) } }, attempt);
  run.log(name).append(AT, `attempt ${attempt}\nhas failed\n`);
  return name;
}

const textOf = (...attempts: readonly number[]): string =>
  attempts.map((attempt) => `attempt ${attempt}\nhas failed\n`).join("");

describe("all attempts", () => {
  const world = useLiveWorld();

  it("sends them in order, each after a notice and with its number on every chunk", async () => {
    const run = world().addRun(over(3));
    for (const attempt of [1, 2, 3]) endedPod(run, attempt);
    const read = run.read(ALL);
    await read.done;
    expect(read.text()).toBe(textOf(1, 2, 3));
    expect(read.said()).toEqual([1, 2, 3].map((each) => `Attempt ${each} of the metric "checks".`));
    expect(read.messages.map(({ event, attempt }) => event.case ?? attempt)).toEqual([
      "notice",
      "origin",
      1,
      "notice",
      2,
      "notice",
      3,
      "end",
    ]);
    // Pods do not prove completeness; the line count covers all attempts.
    expect(read.end()).toMatchObject({ reason: EndReason.SOURCE_ENDED, lines: 6n });
  });

  it("keeps their numbers although a run keeps only ten, and reports that older ones are gone", async () => {
    const run = world().addRun(over(12));
    for (let attempt = 1; attempt <= 12; attempt += 1) endedPod(run, attempt);
    const kept = Array.from({ length: 10 }, (_, index) => index + 3);
    const all = run.read(ALL);
    await all.done;
    expect(all.text()).toBe(textOf(...kept));
    expect(all.said()[0]).toBe(
      'Attempt 3 of the metric "checks". Attempts 1 to 2 are no longer recorded: a run keeps only its newest attempts.',
    );
    const third = run.read(numbered(3));
    await third.done;
    expect([third.text(), third.origin()?.attempt]).toEqual([textOf(3), 3]);
    const second = run.read(numbered(2));
    await second.done;
    expect(second.error).toMatchObject({ code: "NotFound", reason: "ATTEMPT_NOT_FOUND", available: kept.map(String) });
  });

  it("follows new attempts until the metric has ended", async () => {
    const run = world().addRun({ attempts: [], initialDelay: "30s" });
    const read = run.read({ ...ALL, follow: true });
    await read.untilSaid("until 00:00:30 UTC");
    for (const attempt of [1, 2]) {
      run.put({ attempts: attemptsTo(attempt) });
      const name = run.pod({}, attempt);
      run.log(name).append(AT, `attempt ${attempt}\n`);
      await read.until(`attempt ${attempt}\n`);
      run.log(name).append(AT, "has failed\n");
      run.pod({ phase: "Failed", containers: { main: terminated(1) } }, attempt);
      run.put({ attempts: over(attempt).attempts });
      if (attempt === 1) await read.untilSaid('The metric "checks" may be measured again.');
    }
    run.put(over(2));
    await read.done;
    expect(read.text()).toBe(textOf(1, 2));
    expect(read.notices().filter((kind) => kind === NoticeKind.ATTEMPT_BEGINS)).toHaveLength(2);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    expect(read.error).toBeUndefined();
  });

  it("ends when the metric ends without another attempt", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(AT, "attempt 1\nhas failed\n");
    const read = run.read({ ...ALL, follow: true });
    await read.until("failed\n");
    run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    run.put({ attempts: over(1).attempts });
    await read.untilSaid("may be measured again");
    run.put(over(1));
    await read.done;
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("ends when the run is deleted while it waits for another attempt", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(AT, "attempt 1\n");
    const read = run.read({ ...ALL, follow: true });
    await read.until("attempt 1\n");
    run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    run.put({ attempts: over(1).attempts });
    await read.untilSaid("may be measured again");
    run.remove();
    await read.done;
    expect(read.notices().at(-1)).toBe(NoticeKind.RUN_DELETED);
    expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
  });

  it("says why an attempt has no log; where none has one, fails with the first reason", async () => {
    const run = world().addRun({
      phase: "Failed",
      attempts: [
        { number: 1, phase: "Error", job: false },
        { number: 2, phase: "Failed" },
        { number: 3, phase: "Failed" },
      ],
    });
    const nothing = run.read(ALL);
    await nothing.done;
    expect(nothing.error?.reason).toBe("JOB_NOT_CREATED");
    endedPod(run, 3);
    const read = run.read(ALL);
    await read.done;
    expect(read.text()).toBe(textOf(3));
    expect(read.notices()).toEqual([
      NoticeKind.ATTEMPT_BEGINS,
      NoticeKind.ATTEMPT_LEFT_OUT,
      NoticeKind.ATTEMPT_BEGINS,
      NoticeKind.ATTEMPT_LEFT_OUT,
      NoticeKind.ATTEMPT_BEGINS,
    ]);
    expect(read.said()[1]).toBe("Attempt 1: Attempt 1 ended before there was a Job.");
    expect(read.said()[3]).toContain("Attempt 2: No log:");
  });

  it("fails as a single attempt does where nothing was measured", async () => {
    const run = world().addRun({ attempts: [] });
    const early = run.read(ALL);
    await early.done;
    expect(early.error).toMatchObject({ code: "FailedPrecondition", reason: "JOB_NOT_STARTED" });
    run.put({ attempts: [], phase: "Failed" });
    const late = run.read({ ...ALL, follow: true });
    await late.done;
    expect(late.error?.reason).toBe("ATTEMPT_NOT_FOUND");
  });

  it("resumes after every message, with a different container chosen in each attempt", async () => {
    const containers = ["main", "proxy"];
    const run = world().addRun({ ...over(2), containers });
    const first = run.pod({ phase: "Failed", containers: { main: terminated(0), proxy: terminated(1) } }, 1);
    const second = run.pod({ phase: "Failed", containers: { main: terminated(1), proxy: terminated(0) } }, 2);
    run.log(first, "proxy").append(AT, "proxy of 1\nfails\n");
    run.log(second, "main").append(AT, "main of 2\nfails\n");
    const whole = "proxy of 1\nfails\nmain of 2\nfails\n";
    const direct = run.read(ALL);
    await direct.done;
    expect(direct.text()).toBe(whole);
    let before = "";
    let tried = 0;
    for (const { chunk, cursor } of direct.messages) {
      before += chunk;
      if (cursor === "") continue;
      const rest = run.read({ ...ALL, cursor });
      await rest.done;
      expect(before + rest.text()).toBe(whole);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(2);
  });

  it("selects the last attempt, or the newest that failed", async () => {
    const run = world().addRun({ attempts: attemptsTo(3) });
    for (const attempt of [1, 2]) endedPod(run, attempt);
    const name = run.pod({ containers: { main: running() } }, 3);
    run.log(name).append(AT, "third\n");
    const [last, failed] = [run.read(rule(AttemptRule.LAST)), run.read(rule(AttemptRule.FAILED))];
    await Promise.all([last.done, failed.done]);
    expect([last.text(), last.end()?.reason]).toEqual(["third\n", EndReason.CAUGHT_UP]);
    expect([failed.text(), failed.origin()?.attempt]).toEqual([textOf(2), 2]);
  });
});

describe("all attempts from an archive", () => {
  const world = useLiveWorld(["archive"]);

  it("is complete only where every attempt is", async () => {
    const run = world().addRun(over(2));
    for (const attempt of [1, 2]) world().store.answer(run.archivePath("main", attempt), sends(textOf(attempt)));
    const complete = run.read(ALL);
    await complete.done;
    expect([complete.text(), complete.end()?.reason]).toEqual([textOf(1, 2), EndReason.COMPLETE]);
    world().store.answer(run.archivePath("main", 1), (response) => response.writeHead(404).end());
    const lost = run.read(ALL);
    await lost.done;
    expect([lost.text(), lost.end()?.reason]).toEqual([textOf(2), EndReason.SOURCE_ENDED]);
  });
});
