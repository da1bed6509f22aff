import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { running, terminated, waiting } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import type { CollectedLog } from "./collect-log.ts";
import { impatiently, type LiveRun, useLiveWorld } from "./live-world.ts";

const at = (second: number, nanos = 0): string =>
  `2026-01-01T00:00:${String(second).padStart(2, "0")}.${String(nanos).padStart(9, "0")}Z`;
const NAMES = { containers: ["main", "proxy"], initContainers: [{ name: "seed" }] };
const OVER = { ...NAMES, phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const ENDED = {
  phase: "Failed",
  initContainers: { seed: terminated(0) },
  containers: { main: terminated(1), proxy: terminated(0) },
};
const ALL = { allContainers: true };

/** The lines that were received, each prefixed with its container. */
function linesOf({ messages }: Pick<CollectedLog, "messages">): readonly string[] {
  return messages.flatMap(({ chunk, containerName }) =>
    chunk === ""
      ? []
      : chunk
          .split(/(?<=\n)/)
          .filter((line) => line !== "")
          .map((line) => `${containerName}: ${line}`),
  );
}

/** Makes a finished pod whose containers wrote in turns, and returns its lines in order. */
function writtenInTurns(run: LiveRun): readonly string[] {
  const pod = run.pod(ENDED);
  const expected: string[] = [];
  const write = (container: string, time: string, text: string): void => {
    run.log(pod, container).append(time, text);
    expected.push(`${container}: ${text}`);
  };
  write("seed", at(2), "sown\n");
  for (let second = 3; second < 9; second += 1) {
    write("main", at(second), `test ${second}\n`);
    // Of lines with equal times, those of the first container come first.
    write("proxy", at(second), `request ${second} Größe\n`);
    write("proxy", at(second, 1), "again\n");
    write("main", at(second, 2), "asserted\n");
  }
  return expected;
}

describe("all containers", () => {
  const world = useLiveWorld();

  it("are merged by time, and each chunk names its container", async () => {
    const run = world().addRun(OVER);
    const expected = writtenInTurns(run);
    const read = run.read(ALL);
    await read.done;
    expect(linesOf(read)).toEqual(expected);
    expect(read.origin()?.containerName).toBe("");
    expect(read.end()).toMatchObject({ reason: EndReason.SOURCE_ENDED, lines: BigInt(expected.length) });
  });

  it("report lost lines of one of them at the end, also after the next cursor", async () => {
    const run = world().addRun(OVER);
    const pod = run.pod(ENDED);
    run.log(pod, "seed").append("2026-01-01T00:00:01Z", "first\n");
    run.log(pod, "main").append("2026-01-01T00:22:00Z", "one\n");
    const first = run.read(ALL);
    await first.done;
    run.log(pod, "seed").append("2026-01-01T00:19:00Z", "gone\n");
    run.log(pod, "seed").append("2026-01-01T00:20:00Z", "the rest\n");
    run.log(pod, "main").append("2026-01-01T00:23:00Z", "two\n");
    run.log(pod, "seed").rotate(1);
    const cursor = first.messages.find(({ chunk, cursor }) => chunk !== "" && cursor !== "")?.cursor ?? "";
    const read = run.read({ ...ALL, cursor });
    await read.done;
    expect(read.notices()).toContain(NoticeKind.LINES_LOST);
    const last = read.messages.filter(({ chunk, cursor }) => chunk !== "" && cursor !== "").at(-1);
    const rest = run.read({ ...ALL, cursor: last?.cursor ?? "" });
    await rest.done;
    expect([read.end()?.headMissing, rest.end()?.headMissing]).toEqual([true, true]);
  });

  it.each([false, true])("resume after each chunk; followed: %s", async (follow) => {
    const run = world().addRun(OVER);
    const expected = writtenInTurns(run);
    const direct = run.read({ ...ALL, follow });
    await direct.done;
    expect(linesOf(direct)).toEqual(expected);
    let before: readonly string[] = [];
    let tried = 0;
    for (const [index, { cursor, chunk }] of direct.messages.entries()) {
      if (chunk !== "") before = linesOf({ messages: direct.messages.slice(0, index + 1) });
      if (cursor === "") continue;
      const rest = run.read({ ...ALL, follow, cursor });
      await rest.done;
      expect([...before, ...linesOf(rest)]).toEqual(expected);
      tried += 1;
    }
    expect(tried).toBeGreaterThan(12);
  });

  it("resume where a limit cut a line of one of them", async () => {
    const run = world().addRun(OVER);
    const expected = writtenInTurns(run)
      .map((line) => line.replace(/^\w+: /, ""))
      .join("");
    for (const bytes of [1, 5, 6, 40, 41, 120]) {
      const first = run.read({ ...ALL, limitBytes: BigInt(bytes) });
      await first.done;
      expect(first.end()?.reason).toBe(EndReason.LIMIT_REACHED);
      const rest = run.read({ ...ALL, cursor: first.messages.at(-1)?.cursor ?? "" });
      await rest.done;
      expect(first.text() + rest.text()).toBe(expected);
    }
  });

  it("are followed together from the first line on, even if some are quiet", async () => {
    const run = world().addRun(NAMES);
    const pod = run.pod({
      phase: "Pending",
      initContainers: { seed: running() },
      containers: { main: waiting("PodInitializing"), proxy: waiting("PodInitializing") },
    });
    for (const container of ["seed", "main", "proxy"]) run.log(pod, container);
    const read = run.read({ ...ALL, follow: true });
    // The merge waits this long for a quiet container.
    const patience = (ms: number): boolean => ms === 250;
    const impatiently = async (wanted: Promise<void>): Promise<void> => {
      let isHere = false;
      const here = wanted.finally(() => {
        isHere = true;
      });
      while (!isHere) {
        await Promise.race([here, world().waits.until(patience)]);
        world().waits.pass(patience);
      }
    };
    await impatiently(
      read.untilSaid('main: Waiting. The container "main" is waiting for the init container "seed" to finish.'),
    );
    run.log(pod, "seed").append(at(2), "sown\n");
    await impatiently(read.until("sown\n"));
    run.pod({ initContainers: { seed: terminated(0) }, containers: { main: running(), proxy: running() } });
    run.log(pod, "main").append(at(3), "test\n");
    await impatiently(read.until("test\n"));
    run.log(pod, "main").append(at(4), "tested\n");
    await impatiently(read.until("tested\n"));
    run.log(pod, "proxy").append(at(5), "request\n");
    run.pod(ENDED);
    run.put(OVER);
    await impatiently(read.done);
    expect(linesOf(read)).toEqual(["seed: sown\n", "main: test\n", "main: tested\n", "proxy: request\n"]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it.each([{ follow: true }, { wait: durationFromMs(60_000) }])(
    "include those that a webhook adds to a pod that comes later: %o",
    async (request) => {
      const run = world().addRun();
      const read = run.read({ ...ALL, ...request });
      await read.untilSaid("main: Waiting. The Job of attempt 1 has no pod yet.");
      const made = { initContainers: { "istio-init": terminated(0) } };
      const pod = run.pod({ ...made, containers: { main: running(), "istio-proxy": running() } });
      run.log(pod, "istio-init").append(at(1), "redirected\n");
      run.log(pod, "main").append(at(2), "test\n");
      run.log(pod, "istio-proxy").append(at(3), "listening\n");
      if ("follow" in request) {
        await impatiently(world().waits, read.until("listening\n"));
        run.pod({ ...made, phase: "Succeeded", containers: { main: terminated(0), "istio-proxy": terminated(0) } });
        run.put(OVER);
      }
      await impatiently(world().waits, read.done);
      expect(linesOf(read).toSorted()).toEqual([
        "istio-init: redirected\n",
        "istio-proxy: listening\n",
        "main: test\n",
      ]);
    },
  );

  it("are left out with a notice if they have no log; the others are read", async () => {
    const run = world().addRun(NAMES);
    const pod = run.pod({
      phase: "Pending",
      initContainers: { seed: running() },
      containers: { main: waiting("PodInitializing"), proxy: waiting("PodInitializing") },
    });
    run.log(pod, "seed").append(at(2), "sown\n");
    const read = run.read(ALL);
    await read.done;
    expect(linesOf(read)).toEqual(["seed: sown\n"]);
    expect(read.notices()).toEqual([NoticeKind.CONTAINER_LEFT_OUT, NoticeKind.CONTAINER_LEFT_OUT]);
    expect(read.said()[0]).toContain("main: No log:");
    expect(read.end()?.reason).toBe(EndReason.CAUGHT_UP);
  });

  it("are awaited as long as requested, and still merged by time", async () => {
    const run = world().addRun(NAMES);
    const made = { phase: "Pending", initContainers: { seed: terminated(0) } };
    const pod = run.pod({ ...made, containers: { main: waiting("ContainerCreating"), proxy: running() } });
    run.log(pod, "seed").append(at(1), "sown\n");
    run.log(pod, "proxy").append(at(2), "listening\n");
    const read = run.read({ ...ALL, wait: durationFromMs(60_000) });
    await read.untilSaid('main: Waiting. The container "main" is being created.');
    run.log(pod, "main").append(at(3), "test\n");
    run.log(pod, "proxy").append(at(4), "request\n");
    run.pod({ initContainers: made.initContainers, containers: { main: running(), proxy: running() } });
    await read.done;
    expect(linesOf(read)).toEqual(["seed: sown\n", "proxy: listening\n", "main: test\n", "proxy: request\n"]);
  });

  it("end once each has reached the requested time", async () => {
    const run = world().addRun(NAMES);
    const pod = run.pod({
      initContainers: { seed: terminated(0) },
      containers: { main: running(), proxy: running() },
    });
    for (const container of ["seed", "main", "proxy"]) {
      run.log(pod, container).append(at(2), `${container} in time\n`);
      run.log(pod, container).append(at(30), "too late\n");
    }
    const read = run.read({ ...ALL, follow: true, until: timestampFromMs(Date.parse(at(10))) });
    await read.done;
    expect(read.text()).toBe("seed in time\nmain in time\nproxy in time\n");
    expect(read.end()?.reason).toBe(EndReason.UNTIL_REACHED);
  });
});

describe("all containers, from an archive", () => {
  const world = useLiveWorld(["archive"]);

  it("are sent one after another, in start order", async () => {
    const run = world().addRun(OVER);
    for (const name of ["proxy", "seed", "main"]) {
      world().store.answer(run.archivePath(name), sends(`${name} begins\n${name} ends\n`));
    }
    for (const follow of [false, true]) {
      const read = run.read({ ...ALL, follow });
      await read.done;
      expect(read.text()).toBe("seed begins\nseed ends\nmain begins\nmain ends\nproxy begins\nproxy ends\n");
      expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    }
  });
});
