import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { AttemptRule, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type MadePod, running, terminated, waiting } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { seeded } from "../fakes/seeded.ts";
import type { CollectedLog } from "./collect-log.ts";
import { impatiently, type LiveRun, useLiveWorld } from "./live-world.ts";
import { grep } from "./made-log.ts";

const at = (second: number, nanos = 0): string =>
  `2026-01-01T00:00:${String(second).padStart(2, "0")}.${String(nanos).padStart(9, "0")}Z`;
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const ALL = { allPods: true };
const FOLLOWED = { allPods: true, follow: true };

/** The lines that were received, each prefixed with its pod's suffix, index and container. */
function linesOf({ messages }: Pick<CollectedLog, "messages">): readonly string[] {
  const lines: string[] = [];
  let open = "";
  for (const { chunk, podName, completionIndex, containerName } of messages) {
    if (chunk === "") continue;
    const label = `${podName.slice(-5)} ${completionIndex ?? "-"} ${containerName}`;
    for (const line of chunk.split(/(?<=\n)/)) {
      if (open === label) lines[lines.length - 1] += line;
      else lines.push(`${label}: ${line}`);
      open = line.endsWith("\n") ? "" : label;
    }
  }
  return lines;
}

/** A pod that is over. */
const ended = (suffix: string, exitCode = 0, more: Partial<MadePod> = {}): Partial<MadePod> => ({
  suffix,
  phase: exitCode === 0 ? "Succeeded" : "Failed",
  containers: { main: terminated(exitCode) },
  ...more,
});

/** Makes the pods of an Indexed Job, which wrote in turns, and returns their lines in order. */
function shards(run: LiveRun, count = 3, lines = 6): readonly string[] {
  const pods = Array.from({ length: count }, (_, index) =>
    run.pod(ended(`sh${String(index).padStart(3, "0")}`, index === 1 ? 1 : 0, { index })),
  );
  const expected: string[] = [];
  for (let line = 0; line < lines; line += 1) {
    for (const [index, pod] of pods.entries()) {
      const text = `shard ${index} line ${line} Größe\n`;
      run.log(pod).append(at(line + 1, index), text);
      expected.push(`sh${String(index).padStart(3, "0")} ${index} main: ${text}`);
    }
  }
  return expected;
}

describe("all pods of a Job", () => {
  const world = useLiveWorld();
  it("are merged by time; each chunk names its pod, index and container", async () => {
    const run = world().addRun(OVER);
    const expected = shards(run);
    const read = run.read(ALL);
    await read.done;
    expect(linesOf(read)).toEqual(expected);
    expect(read.origin()).toMatchObject({ podName: "", containerName: "" });
    expect(read.origin()?.podNames.map((each) => each.slice(-5))).toEqual(["sh000", "sh001", "sh002"]);
    expect(read.end()).toMatchObject({ reason: EndReason.SOURCE_ENDED, lines: BigInt(expected.length) });
  });

  it("are read with all their containers, if requested, and else with the one that explains each", async () => {
    const run = world().addRun({ ...OVER, containers: ["main", "proxy"], initContainers: [{ name: "seed" }] });
    const fine = { seed: terminated(0) };
    const both = { main: terminated(0), proxy: terminated(0) };
    const first = run.pod({ suffix: "aaaaa", phase: "Succeeded", initContainers: fine, containers: both });
    const none = { main: waiting("PodInitializing"), proxy: waiting("PodInitializing") };
    const second = run.pod({
      suffix: "bbbbb",
      phase: "Failed",
      initContainers: { seed: terminated(1), "istio-init": terminated(0) },
      containers: none,
    });
    let second0 = 1;
    for (const [pod, names] of [
      [first, ["seed", "main", "proxy"]],
      [second, ["seed", "istio-init"]],
    ] as const) {
      for (const name of names) run.log(pod, name).append(at(second0++), `${name}\n`);
    }
    const explaining = run.read(ALL);
    await explaining.done;
    expect(linesOf(explaining)).toEqual(["aaaaa - main: main\n", "bbbbb - seed: seed\n"]);
    const named = run.read({ ...ALL, containerName: "seed" });
    await named.done;
    expect(linesOf(named)).toEqual(["aaaaa - seed: seed\n", "bbbbb - seed: seed\n"]);
    const all = run.read({ ...ALL, allContainers: true });
    await all.done;
    expect(linesOf(all)).toEqual([
      "aaaaa - seed: seed\n",
      "aaaaa - main: main\n",
      "aaaaa - proxy: proxy\n",
      "bbbbb - seed: seed\n",
      "bbbbb - istio-init: istio-init\n",
    ]);
    expect(all.said()).toEqual([
      expect.stringMatching(/^bbbbb\/main: No log: .+never started/),
      expect.stringMatching(/^bbbbb\/proxy: No log: .+never started/),
    ]);
  });

  it("may be restricted: tail, grep and times apply to each log, limits to all of them", async () => {
    const run = world().addRun(OVER);
    const expected = shards(run);
    const lines = async (request: Parameters<LiveRun["read"]>[0]) => {
      const read = run.read({ ...ALL, ...request });
      await read.done;
      return linesOf(read);
    };
    expect(await lines({ tailLines: 2n })).toEqual(expected.slice(-6));
    expect(await lines({ grep: grep("shard 1 .* [2-4]") })).toEqual(
      expected.filter((each) => /shard 1 .* [2-4]/.test(each)),
    );
    expect(await lines({ limitLines: 4n })).toEqual(expected.slice(0, 4));
    const time = (second: number) => ({
      $typeName: "google.protobuf.Timestamp" as const,
      seconds: BigInt(Date.parse(at(second)) / 1_000),
      nanos: 0,
    });
    expect(await lines({ since: time(3), until: time(5) })).toEqual(expected.slice(6, 12));
  });

  it.each([1, 2, 3, 4, 5, 6])("lose and repeat no line wherever they are cut and resumed (seed %i)", async (seed) => {
    const random = seeded(seed);
    const run = world().addRun(OVER);
    const expected = shards(run, seed % 2 === 0 ? 12 : 2 + Math.floor(random() * 4), 8);
    const requests = [
      {},
      { follow: true },
      { tailLines: 5n },
      { grep: grep("line [1357]", { before: 1 }) },
      { timestamps: true },
    ];
    const request = { ...ALL, ...requests[seed % requests.length] };
    const direct = run.read(request);
    await direct.done;
    const whole = linesOf(direct);
    if (seed % requests.length < 2) expect(whole).toEqual(expected);
    expect(whole.length).toBeGreaterThan(5);
    const got: CollectedLog["messages"][number][] = [];
    let cursor = "";
    for (let turn = 0; turn < 500; turn += 1) {
      const limit =
        random() < 0.5
          ? { limitBytes: BigInt(1 + Math.floor(random() * 60)) }
          : { limitLines: BigInt(1 + Math.floor(random() * 4)) };
      const part = run.read({ ...request, ...limit, cursor });
      await part.done;
      // Some are cut behind any of their messages.
      const cuts = part.messages.flatMap((each, index) => (each.cursor === "" || each.chunk === "" ? [] : [index]));
      const cut = random() < 0.4 ? cuts[Math.floor(random() * cuts.length)] : undefined;
      got.push(...part.messages.slice(0, cut === undefined ? undefined : cut + 1));
      cursor = part.messages[cut ?? part.messages.length - 1]?.cursor ?? "";
      if (cut === undefined && part.end()?.reason !== EndReason.LIMIT_REACHED) break;
    }
    expect(linesOf({ messages: got })).toEqual(whole);
  });

  it("that come later are taken in by a follow, with all their containers, until the job has ended", async () => {
    const run = world().addRun();
    const read = run.read({ ...FOLLOWED, allContainers: true });
    await read.untilSaid("Waiting. The Job of attempt 1 has no pod yet.");
    const first = run.pod({ suffix: "aaaaa", index: 0, containers: { main: running(), "istio-proxy": running() } });
    run.log(first).append(at(1), "one\n");
    run.log(first, "istio-proxy").append(at(2), "listening\n");
    await impatiently(world().waits, read.until("listening\n"));
    run.pod(ended("aaaaa", 1, { index: 0, containers: { main: terminated(1), "istio-proxy": terminated(0) } }));
    const second = run.pod({ suffix: "bbbbb", index: 0, createdAt: at(20) });
    run.log(second).append(at(21), "two\n");
    await impatiently(world().waits, read.until("two\n"));
    const third = run.pod({ suffix: "ccccc", index: 1, createdAt: at(22) });
    run.log(third).append(at(23), "three\n");
    await impatiently(world().waits, read.until("three\n"));
    run.pod(ended("bbbbb", 0, { index: 0, createdAt: at(20) }));
    run.pod(ended("ccccc", 0, { index: 1, createdAt: at(22) }));
    run.put({ phase: "Successful", attempts: [{ number: 1, phase: "Successful" }] });
    await impatiently(world().waits, read.done);
    expect(linesOf(read)).toEqual([
      "aaaaa 0 main: one\n",
      "aaaaa 0 istio-proxy: listening\n",
      "bbbbb 0 main: two\n",
      "ccccc 1 main: three\n",
    ]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    expect(read.notices()).not.toContain(NoticeKind.POD_CHANGED);
  });

  it("that are created while nobody reads are read in full by a follow of last lines that is resumed", async () => {
    const run = world().addRun();
    const first = run.pod({ suffix: "aaaaa" });
    const quiet = run.pod({ suffix: "bbbbb" });
    run.log(first).append(at(1), "before\n");
    run.log(quiet).append(at(1), "before\n");
    const follow = run.read({ ...FOLLOWED, tailLines: 0n });
    await impatiently(
      world().waits,
      world().waits.until((ms) => ms === 250),
    );
    run.log(first).append(at(2), "after\n");
    await impatiently(world().waits, follow.until("after\n"));
    const cursor = follow.messages.findLast((each) => each.cursor !== "")?.cursor ?? "";
    run.log(quiet).append(at(3), "meanwhile\n");
    const third = run.pod({ suffix: "ccccc" });
    run.log(third).append(at(4), "new\n");
    const resumed = run.read({ ...FOLLOWED, tailLines: 0n, cursor });
    await impatiently(world().waits, resumed.until("new\n"));
    await impatiently(world().waits, resumed.until("meanwhile\n"));
    expect(linesOf(resumed).toSorted()).toEqual(["bbbbb - main: meanwhile\n", "ccccc - main: new\n"]);
    for (const suffix of ["aaaaa", "bbbbb", "ccccc"]) run.pod(ended(suffix));
    run.put(OVER);
    await impatiently(world().waits, Promise.all([follow.done, resumed.done]));
  });

  it("that are deleted while they are followed end, and the log is not called complete", async () => {
    const run = world().addRun();
    const [first, second] = [run.pod({ suffix: "aaaaa" }), run.pod({ suffix: "bbbbb" })];
    run.log(first).append(at(1), "one\n");
    run.log(second).append(at(2), "two\n");
    const read = run.read(FOLLOWED);
    await impatiently(world().waits, read.until("two\n"));
    run.removePod(first);
    run.log(first).cut("ends");
    run.log(second).append(at(3), "three\n");
    await impatiently(world().waits, read.until("three\n"));
    run.pod(ended("bbbbb"));
    run.put({ phase: "Successful", attempts: [{ number: 1, phase: "Successful" }] });
    await impatiently(world().waits, read.done);
    expect(read.text()).toBe("one\ntwo\nthree\n");
    expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
  });

  it("are awaited as long as requested", async () => {
    const run = world().addRun();
    const read = run.read({ ...ALL, wait: durationFromMs(60_000) });
    await read.untilSaid("has no pod yet");
    const [first, second] = [run.pod({ suffix: "aaaaa" }), run.pod({ suffix: "bbbbb" })];
    run.log(first).append(at(2), "two\n");
    run.log(second).append(at(1), "one\n");
    await read.done;
    expect(read.end()?.reason).toBe(EndReason.CAUGHT_UP);
  });

  it("that are running are read on from the end of an earlier call", async () => {
    const run = world().addRun();
    const [first, second] = [run.pod({ suffix: "aaaaa" }), run.pod({ suffix: "bbbbb" })];
    run.log(first).append(at(1), "one\n");
    run.log(second).append(at(2), "two\n");
    const earlier = run.read(ALL);
    await earlier.done;
    expect(earlier.end()?.reason).toBe(EndReason.CAUGHT_UP);
    run.log(second).append(at(3), "three\n");
    run.log(first).append(at(4), "four\n");
    const later = run.read({ ...ALL, cursor: earlier.messages.at(-1)?.cursor ?? "" });
    await later.done;
    expect(linesOf(later)).toEqual(["bbbbb - main: three\n", "aaaaa - main: four\n"]);
  });

  it("of all attempts follow one another", async () => {
    const run = world().addRun({
      phase: "Failed",
      attempts: [
        { number: 1, phase: "Failed" },
        { number: 2, phase: "Failed" },
      ],
    });
    for (const attempt of [1, 2]) {
      for (const index of [0, 1]) {
        const pod = run.pod(ended(`pod${attempt}${index}`, 1, { index }), attempt);
        run.log(pod).append(at(10 - attempt, index), `attempt ${attempt}, shard ${index}\n`);
      }
    }
    const direct = run.read({ ...ALL, attempt: { case: "attemptRule", value: AttemptRule.ALL } });
    await direct.done;
    expect(
      direct.messages.flatMap(({ chunk, attempt, completionIndex }) => (chunk ? [[attempt, completionIndex]] : [])),
    ).toEqual([
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
    for (const [index, { cursor }] of direct.messages.entries()) {
      if (cursor === "") continue;
      const rest = run.read({ ...ALL, attempt: { case: "attemptRule", value: AttemptRule.ALL }, cursor });
      await rest.done;
      const before = direct.messages.slice(0, index + 1);
      expect(linesOf({ messages: [...before, ...rest.messages] })).toEqual(linesOf(direct));
    }
  });

  it("are refused together with one pod", async () => {
    const run = world().addRun(OVER);
    shards(run);
    const read = run.read({ ...ALL, podName: "some-pod" });
    await read.done;
    expect(read.error).toMatchObject({ code: "InvalidArgument", reason: "REQUEST_INVALID" });
  });

  it("do not include pods of another Job, or without the run's label", async () => {
    const run = world().addRun(OVER);
    const expected = shards(run);
    const stranger = world().addRun(OVER);
    const other = run.pod({ ...ended("other"), job: `${run.uid}.checks.2` });
    const unlabelled = run.pod({ ...ended("fakes"), uid: stranger.uid });
    for (const each of [other, unlabelled]) run.log(each).append(at(1), "secret\n");
    const read = run.read(ALL);
    await read.done;
    expect(linesOf(read)).toEqual(expected);
  });
});

describe("a Job of 500 pods", () => {
  const world = useLiveWorld();

  it("is read as far as 50 logs go, those that failed first; the others are named, within bounds", async () => {
    const run = world().addRun(OVER);
    for (let index = 0; index < 500; index += 1) {
      const suffix = `p${String(index).padStart(4, "0")}`;
      const pod = run.pod(ended(suffix, index === 321 ? 1 : 0, { index }));
      run.log(pod).append(at(index % 60), `line of ${index}\n`);
    }
    const read = run.read(ALL);
    await read.done;
    const lines = linesOf(read);
    expect(lines.length).toBe(50);
    expect(lines).toContain("p0321 321 main: line of 321\n");
    const [notice] = read.messages.flatMap(({ event }) => (event.case === "notice" ? [event.value] : []));
    expect(notice).toMatchObject({ kind: NoticeKind.PODS_LEFT_OUT, pods: 450 });
    expect(notice?.podNames.length).toBe(50);
    expect(notice?.message).toMatch(/Not read: .+ and 430 more\.$/);
    expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
  });
});

describe("a follow of 60 pods", () => {
  const world = useLiveWorld();

  it("reads 50 of them, names the others, and reads these when others have ended", async () => {
    const run = world().addRun();
    const suffixOf = (index: number): string => `q${String(index).padStart(4, "0")}`;
    const all = Array.from({ length: 60 }, (_, index) => index);
    for (const index of all) {
      run.log(run.pod({ suffix: suffixOf(index), index })).append(at(index % 60), `line of ${index}\n`);
    }
    const read = run.read(FOLLOWED);
    for (const index of all.slice(0, 50)) await impatiently(world().waits, read.until(`line of ${index}\n`));
    const notices = read.messages.flatMap(({ event }) => (event.case === "notice" ? [event.value] : []));
    expect(notices).toMatchObject([{ kind: NoticeKind.PODS_LEFT_OUT, pods: 10 }]);
    expect(notices[0]?.message).toMatch(/ Read when others have ended: \S+-q0050, .+-q0059\.$/);
    expect(read.text()).not.toContain("line of 50\n");
    for (const index of all.slice(0, 20)) run.pod(ended(suffixOf(index), 0, { index }));
    for (const index of all.slice(50)) await impatiently(world().waits, read.until(`line of ${index}\n`));
    for (const index of all) run.pod(ended(suffixOf(index), 0, { index }));
    run.put({ phase: "Successful", attempts: [{ number: 1, phase: "Successful" }] });
    await impatiently(world().waits, read.done);
    expect(linesOf(read).length).toBe(60);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });
});

describe("50 pods that write in turns", () => {
  const world = useLiveWorld();

  it("are sent with few cursors, each of which resumes all of them", async () => {
    const run = world().addRun(OVER);
    const expected = shards(run, 50, 40);
    const direct = run.read(ALL);
    await direct.done;
    expect(linesOf(direct)).toEqual(expected);
    const chunks = direct.messages.filter(({ chunk }) => chunk !== "");
    expect(chunks.length).toBe(2_000);
    const cursors = direct.messages.flatMap(({ cursor }, index) => (cursor === "" ? [] : [{ cursor, index }]));
    expect(cursors.length).toBeLessThan(120);
    expect(Math.max(...cursors.map(({ cursor }) => cursor.length))).toBeLessThan(8_192);
    for (const { cursor, index } of cursors.filter((_, each) => each % 20 === 0)) {
      const rest = run.read({ ...ALL, cursor });
      await rest.done;
      const before = direct.messages.slice(0, index + 1);
      expect(linesOf({ messages: [...before, ...rest.messages] })).toEqual(expected);
    }
  });
});

describe("all pods, with an archive of each Job", () => {
  const world = useLiveWorld(["pods", "archive"]);

  it("are one log without a pod's name once the job has ended and the archive has it", async () => {
    const run = world().addRun(OVER);
    shards(run);
    world().store.answer(run.archivePath(), sends("of all\n"));
    for (const follow of [false, true]) {
      const read = run.read({ ...ALL, follow });
      await read.done;
      expect(
        read.messages.flatMap(({ chunk, podName, containerName }) => (chunk ? [[chunk, podName, containerName]] : [])),
      ).toEqual([["of all\n", "", "main"]]);
      expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    }
  });

  it("are read from the cluster while the archive does not have it", async () => {
    const run = world().addRun(OVER);
    const expected = shards(run);
    for (const follow of [false, true]) {
      const read = run.read({ ...ALL, follow });
      await read.done;
      expect([linesOf(read), read.said()]).toEqual([expected, []]);
    }
  });

  it("are refused as any log if neither has it", async () => {
    const run = world().addRun(OVER);
    const read = run.read(ALL);
    await read.done;
    expect(read.error).toMatchObject({ code: "NotFound", reason: "LOG_NOT_FOUND" });
    expect(read.error?.sources).toMatchObject([{ source: "archive" }, { source: "pods" }]);
  });
});

describe("all pods, with an archive of each pod", () => {
  const world = useLiveWorld(["pods", "by-pod", "archive"]);

  it("are read from there once the job has ended, and from the cluster where it lacks one", async () => {
    const run = world().addRun(OVER);
    const pods = ["aaaaa", "bbbbb"].map((suffix, index) => run.pod(ended(suffix, 1, { index })));
    world().store.answer(`/pods/${pods[0]}/main.log`, sends("archived\n"));
    run.log(pods[1] ?? "").append(at(1), "still there\n");
    const read = run.read(ALL);
    await read.done;
    expect(linesOf(read)).toEqual(["aaaaa 0 main: archived\n", "bbbbb 1 main: still there\n"]);
  });

  it("are the archive of their Job where no pod is left", async () => {
    const run = world().addRun(OVER);
    world().store.answer(run.archivePath(), sends("of all\n"));
    const read = run.read(ALL);
    await read.done;
    expect(linesOf(read)).toEqual([" - main: of all\n"]);
  });

  it("continue there when a pod is deleted, never in the archive of their Job", async () => {
    const run = world().addRun();
    const [first, second] = [run.pod({ suffix: "aaaaa" }), run.pod({ suffix: "bbbbb" })];
    run.log(first).append(at(1), "one\n");
    run.log(second).append(at(2), "two\n");
    const part = run.read(ALL);
    await part.done;
    const cursor = part.messages.at(-1)?.cursor ?? "";
    world().store.answer(`/pods/${first}/main.log`, sends("one\nthree\n"));
    world().store.answer(run.archivePath(), sends("one\ntwo\nthree\n"));
    run.removePod(first);
    run.removePod(second);
    run.put(OVER);
    const rest = run.read({ ...ALL, cursor });
    await rest.done;
    expect(linesOf(rest)).toEqual(["aaaaa - main: three\n"]);
    expect(rest.said()).toEqual([
      'aaaaa/main: The log continues in source "by-pod" at the same position.',
      expect.stringMatching(/^bbbbb\/main: No log: source "pods" knows no pod .+; source "by-pod" answered 404\.$/),
    ]);
    expect(rest.end()?.reason).toBe(EndReason.SOURCE_ENDED);
  });
});
