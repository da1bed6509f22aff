import { describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { running, terminated } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import type { CollectedLog } from "./collect-log.ts";
import { impatiently, type LiveWorld, useLiveWorld } from "./live-world.ts";

const POLL_MS = 2_000;
const isPoll = (ms: number): boolean => ms === POLL_MS;
const FOLLOWED = { follow: true };
const ALL = { follow: true, allContainers: true };
const isReview = (request: string): boolean => request.startsWith("POST ");
const isWatch = (request: string): boolean => request.includes("watch=true");
/** Reads of the run and of its pods. */
const isLook = (request: string): boolean =>
  !isWatch(request) && /^GET \S+\/(analysisruns\/\S+|pods\?\S+)$/.test(request);

/** Lets 30 s pass in polls, each of so many logs. Returns what the API server was asked meanwhile, reviews aside. */
async function askedIn30s({ waits, clock, api }: LiveWorld, logs: number): Promise<readonly string[]> {
  // Whatever the beginning of the watches brings has been read.
  for (let round = 0; round < 3; round += 1) await poll();
  const before = api.requests.length;
  for (let ms = 0; ms < 30_000; ms += POLL_MS) await poll();
  waits.pass((ms) => ms === 30_000);
  await waits.until((ms) => ms === 30_000);
  return api.requests.slice(before).filter((each) => !isReview(each));

  async function poll(): Promise<void> {
    await waits.until(isPoll, logs);
    clock.time += POLL_MS;
    waits.pass(isPoll);
    await waits.until(isPoll, logs);
  }
}

describe("followers of a log that does not exist", () => {
  const world = useLiveWorld(["pods", "archive"]);

  it("ask the API server nothing in 30 s beside their watches and the shared review of their rights", async () => {
    const run = world().addRun();
    const reads: CollectedLog[] = Array.from({ length: 20 }, () => run.read({ ...FOLLOWED, containerName: "main" }));
    for (const read of reads) await read.untilSaid("has no pod yet");
    const stored = () => world().store.asked.length;
    const before = stored();
    expect(await askedIn30s(world(), 20)).toEqual([]);
    expect(stored() - before).toBeGreaterThanOrEqual(20 * 15);
    // One of the run for all of them, and one of the pods each.
    expect(world().api.requests.filter(isWatch)).toHaveLength(1 + 20);
    // Each looks when it begins, and when each of its watches has begun; a watch of pods lists them, too.
    expect(world().api.requests.filter(isLook).length).toBeLessThanOrEqual(20 * 7);
    // The log appears in the archive.
    world().store.answer(run.archivePath(), sends("here\n"));
    world().waits.pass(isPoll);
    for (const read of reads) await read.until("here\n");
    run.remove();
    for (const read of reads) await read.done;
    for (const read of reads) expect(read.notices()).toContain(NoticeKind.RUN_DELETED);
  });
});

describe("a follower of all containers of a run that has many", () => {
  const containers = Array.from({ length: 200 }, (_, index) => `c-${index}`);
  /** So many are open at once. */
  const open = 50;
  const world = useLiveWorld(["archive"]);

  it("asks the API server nothing in 30 s while their logs grow in an archive", async () => {
    const run = world().addRun({ containers });
    for (const name of containers) world().store.answer(run.archivePath(name), sends(`${name} begins\n`));
    const read = run.read(ALL);
    for (const name of containers.slice(0, open)) await impatiently(world().waits, read.until(`${name} begins\n`));
    expect(await askedIn30s(world(), open)).toEqual([]);
    expect(world().api.requests.filter(isWatch)).toHaveLength(1);
    run.put({ containers, phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] });
    await impatiently(world().waits, read.done);
    for (const name of containers) expect(read.text()).toContain(`${name} begins\n`);
    // When it begins, when its watch has begun, and when the job has ended.
    expect(world().api.requests.filter(isLook).length).toBeLessThanOrEqual(3);
  });

  it("asks the API server nothing while their logs do not exist, and looks once at each change for all of them", async () => {
    const run = world().addRun({ containers });
    const read = run.read(ALL);
    for (const name of containers.slice(0, open)) {
      await impatiently(world().waits, read.untilSaid(`${name}: Waiting`));
    }
    expect(await askedIn30s(world(), open)).toEqual([]);
    const before = world().api.requests.length;
    run.put({ containers, attempts: [{ number: 1 }, { number: 2 }] });
    await askedIn30s(world(), open);
    const looks = world().api.requests.slice(before).filter(isLook);
    expect(looks).toHaveLength(1);
    run.remove();
    await impatiently(world().waits, read.done);
  });
});

describe("a follower of an archive after its job has ended", () => {
  const world = useLiveWorld(["archive"]);

  it("ends when the archive has settled, and looks at nothing meanwhile", async () => {
    const { waits, clock, api, store } = world();
    clock.time = Date.parse("2026-01-01T00:30:00Z");
    const run = world().addRun({ phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] });
    store.answer(run.archivePath(), sends("one\n"));
    const read = run.read(FOLLOWED);
    await read.until("one\n");
    let ended = false;
    void read.done.then(() => {
      ended = true;
    });
    const asked: number[] = [];
    while (!ended) {
      asked.push(api.requests.filter((each) => !isReview(each)).length);
      await Promise.race([read.done, waits.until(isPoll)]);
      clock.time += POLL_MS;
      waits.pass(isPoll);
    }
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    expect(asked.length).toBeGreaterThan(14);
    expect(asked.at(-1)).toBe(asked[3]);
  });
});

describe("a follower whose watches fail", () => {
  const world = useLiveWorld(["pods", "archive"]);

  it.each([403, 503])("with %i says so, and looks at the run and its pods every 30 s", async (status) => {
    world().refused = { requests: /watch=true/, status };
    const run = world().addRun();
    const read = run.read({ ...FOLLOWED, containerName: "main" });
    await read.untilSaid("has no pod yet");
    await read.untilSaid("every 30 s");
    expect((await askedIn30s(world(), 1)).filter(isLook).length).toBeLessThanOrEqual(4);
    const pod = run.pod({ containers: { main: running() } });
    run.log(pod).append("2026-01-01T00:00:01Z", "begun\n");
    world().waits.pass((ms) => ms === 30_000);
    await impatiently(world().waits, read.until("begun\n"));
    world().refused = undefined;
    run.pod({ phase: "Succeeded", containers: { main: terminated(0) } });
    run.put({ phase: "Successful", attempts: [{ number: 1, phase: "Successful" }] });
    world().waits.pass((ms) => ms === 30_000);
    run.log(pod).cut("ends");
    await read.done;
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    expect(read.notices().filter((each) => each === NoticeKind.POLLING)).toHaveLength(1);
  });
});
