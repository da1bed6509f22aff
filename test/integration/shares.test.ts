import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import {
  AnalysisRunLogService,
  AttemptRule,
  EndReason,
  NoticeKind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import { sends, sendsMuch } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { impatiently, type LiveRun, useLiveWorld } from "./live-world.ts";
import { analysisRun, jobName, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { useWorld, type World } from "./world.ts";

const MANY = Array.from({ length: 250 }, (_, index) => `c-${index}`);
const MB = 1024 * 1024;
const UIDS = ["00000000-0000-4000-8000-00000000e511", "00000000-0000-4000-8000-00000000e512"] as const;

/** Makes a run of 250 containers with large logs. `sent`: how much the store has sent of them. */
function manyLargeLogs(world: World, uid: string, name: string, running = false): { sent: number } {
  const count = { sent: 0 };
  const answer = sendsMuch(7 * MB, (bytes) => {
    count.sent += bytes;
  });
  world.cluster.put(analysisRun({ namespace: "shop", name, uid, metrics: [{ containers: MANY, running }] }));
  for (const each of MANY) world.store.answer(`/hidden-shelf/shop/${jobName(uid, "checks")}/${each}.log`, answer);
  return count;
}

/** Makes a run in another project. */
function otherLog(world: World): { readonly namespace: string; readonly name: string } {
  const run = { namespace: "elsewhere", name: "uat.innocent" };
  const uid = "00000000-0000-4000-8000-00000000feed";
  world.cluster.put(analysisRun({ ...run, uid, metrics: [{}] }));
  world.store.answer(`/hidden-shelf/elsewhere/${jobName(uid, "checks")}/main.log`, sends("of another project\n"));
  return run;
}

describe.each(PROTOCOLS)("two stalled readers of 250 large logs each, over $name", (protocol) => {
  it.each([
    { follow: false, running: false, most: 2 },
    { follow: true, running: false, most: 2 },
    // Its logs grow in an archive.
    { follow: true, running: true, most: 2 },
  ])("leave the store to others: %o", async ({ follow, running, most }) => {
    const world = useOwnWorld();
    const all = await world;
    const counts = UIDS.map((uid, index) => manyLargeLogs(all, uid, `uat.hostile-${index}`, running));
    const sent = (): number => counts.reduce((sum, each) => sum + each.sent, 0);
    const leave = new AbortController();
    const ways = counts.map(() => protocol.open(all.url));
    const options = { ...as(TOKENS.reader), signal: leave.signal };
    for (const [index, { transport }] of ways.entries()) {
      const request = { namespace: "shop", name: `uat.hostile-${index}`, allContainers: true, follow };
      const messages = createClient(AnalysisRunLogService, transport).getAnalysisRunLogs(request, options);
      await messages[Symbol.asyncIterator]().next();
    }
    const innocent = otherLog(all);
    const read = () => readLog(all.transport(protocol), innocent, as(TOKENS.stranger));
    for (let before = -1; before !== sent(); ) {
      before = sent();
      for (let each = 0; each < 20; each += 1) expect((await read()).text).toBe("of another project\n");
    }
    expect(all.store.answering).toBeLessThanOrEqual(most);
    leave.abort();
    await all.store.untilAnswering(0);
    for (const way of ways) way.close();
  });

  const useOwnWorld = (() => {
    const world = useWorld();
    return async () => world();
  })();
});

describe("a stalled reader of all containers", () => {
  const waits = createWaits();
  const config = { limits: { readerStall: "10m", streamsPerCaller: 50 } };
  const world = useWorld({ config, wait: waits.wait });
  const isStallCheck = (ms: number): boolean => ms === 120_000;

  it("is let go at the limit, and everything that it held is free", async () => {
    const [protocol] = PROTOCOLS;
    if (protocol === undefined) throw new Error("There is no protocol.");
    const count = manyLargeLogs(world(), UIDS[0], "uat.hostile");
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const request = { namespace: "shop", name: "uat.hostile", allContainers: true, follow: true };
    const stream = client.getAnalysisRunLogs(request, as(TOKENS.reader))[Symbol.asyncIterator]();
    await stream.next();
    const status = () => client.getStatus({}, as(TOKENS.operator));
    for (let before = -1; before !== count.sent; ) {
      before = count.sent;
      for (let each = 0; each < 50; each += 1) await status();
    }
    expect((await status()).openStreams).toBe(50);
    const { error } = await readLog(world().transport(protocol), world().addLog(sends("one more\n")));
    expect(error).toMatchObject({
      code: "ResourceExhausted",
      reason: "TOO_MANY_STREAMS",
      message: "You have 50 logs or watches open, the limit for one caller.",
    });
    for (let check = 0; check < 6; check += 1) {
      await waits.until(isStallCheck);
      waits.pass(isStallCheck);
    }
    await world().untilLogged(1, ({ reason }) => reason === "READER_STALLED");
    await world().store.untilAnswering(0);
    expect((await status()).openStreams).toBe(0);
    expect((await readLog(world().transport(protocol), world().addLog(sends("again\n")))).text).toBe("again\n");
    await errorOf(
      (async () => {
        for (;;) if ((await stream.next()).done === true) throw new Error("It has ended.");
      })(),
    );
  }, 60_000);
});

describe("a hostile run in a project that a colleague's page watches", () => {
  const world = useLiveWorld(["archive"]);

  it("leaves the colleague's list, watch and log alone", async () => {
    const { store } = world();
    const client = world().connect();
    const hostile = world().addRun({ containers: MANY });
    for (const name of MANY) store.answer(hostile.archivePath(name), sendsMuch(7 * MB));
    const own = world().addRun();
    store.answer(own.archivePath(), sends("one\n"));
    const leave = new AbortController();
    const options = (token: string) => ({ ...as(token), signal: leave.signal });
    for (let each = 0; each < 2; each += 1) {
      const request = { namespace: "shop", name: hostile.name, allContainers: true, follow: true };
      await world().connect().getAnalysisRunLogs(request, options(TOKENS.lister))[Symbol.asyncIterator]().next();
    }
    const log = own.read({ follow: true });
    await log.until("one\n");
    const watch = client.watchAnalysisRuns({ namespace: "shop" }, options(TOKENS.reader))[Symbol.asyncIterator]();
    await watch.next();
    for (let change = 1; change <= 100; change += 1) {
      hostile.put({ containers: MANY, attempts: [{ number: 1 }, { number: 1 + change }] });
    }
    store.answer(own.archivePath(), sends("one\ntwo\n"));
    own.put(OVER);
    const seen = new Set<string>();
    while (!seen.has(own.name)) {
      const { value } = await watch.next();
      const changes = value?.event.case === "changes" ? value.event.value.changes : [];
      for (const { analysisRun: run } of changes) seen.add(run?.name ?? "");
    }
    await log.done;
    expect([log.text(), log.end()?.reason]).toEqual(["one\ntwo\n", EndReason.COMPLETE]);
    const { analysisRuns } = await client.listAnalysisRuns({ namespace: "shop" }, as(TOKENS.reader));
    expect(analysisRuns.map(({ name }) => name).toSorted()).toEqual([hostile.name, own.name].toSorted());
    expect(store.answering).toBeLessThanOrEqual(2);
    leave.abort();
    await store.untilAnswering(0);
  });
});

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `c-${index}`);

/** Makes a pod of so many containers that are over; each has written one line. */
function wrote(run: LiveRun, containers: readonly string[], attempt = 1): void {
  const statuses = Object.fromEntries(containers.map((name) => [name, terminated(0)]));
  const pod = run.pod({ suffix: `all-${attempt}`, phase: "Succeeded", containers: statuses }, attempt);
  for (const [index, name] of containers.entries()) run.log(pod, name).append(at(index % 60), `line of ${name}\n`);
}

describe("all of 60 containers", () => {
  const world = useLiveWorld();
  const containers = names(60);
  const lines = (text: string): number => text.split("\n").length - 1;

  it("are read as far as 50 logs go, and the others are named", async () => {
    const run = world().addRun({ ...OVER, containers });
    wrote(run, containers);
    const read = run.read({ allContainers: true });
    await read.done;
    expect(lines(read.text())).toBe(50);
    expect(read.notices()).toEqual([NoticeKind.PODS_LEFT_OUT]);
    expect(read.said()[0]).toBe(
      `The Job has more logs than can be read at once. Not read: ${containers.slice(50).join(", ")}.`,
    );
    expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
  });

  it("are read by a follow when others have ended", async () => {
    const run = world().addRun({ ...OVER, containers });
    wrote(run, containers);
    const read = run.read({ allContainers: true, follow: true });
    await impatiently(world().waits, read.done);
    expect(lines(read.text())).toBe(60);
    expect(read.said()).toEqual([
      `The Job has more logs than can be read at once. Read when others have ended: ${containers.slice(50).join(", ")}.`,
    ]);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("of each of several attempts are limited in the same way", async () => {
    const attempts = [1, 2].map((number) => ({ number, phase: "Failed" }));
    const run = world().addRun({ phase: "Failed", attempts, containers });
    for (const { number } of attempts) wrote(run, containers, number);
    const read = run.read({ allContainers: true, attempt: { case: "attemptRule", value: AttemptRule.ALL } });
    await read.done;
    expect(lines(read.text())).toBe(100);
    expect(read.notices().filter((each) => each === NoticeKind.PODS_LEFT_OUT)).toHaveLength(2);
  });

  it("of ten pods are limited together", async () => {
    const some = names(6);
    const run = world().addRun({ ...OVER, containers: some });
    const statuses = Object.fromEntries(some.map((name) => [name, terminated(0)]));
    for (let index = 0; index < 10; index += 1) {
      const pod = run.pod({ suffix: `pod-${index}`, index, phase: "Succeeded", containers: statuses });
      for (const name of some) run.log(pod, name).append(at(index), `line of ${name} in ${index}\n`);
    }
    const read = run.read({ allContainers: true, allPods: true });
    await read.done;
    expect(lines(read.text())).toBe(50);
    const [notice] = read.messages.flatMap(({ event }) => (event.case === "notice" ? [event.value] : []));
    expect(notice?.podNames.map((each) => each.slice(-5))).toEqual(["pod-8", "pod-9"]);
  });
});

describe("all of 60 containers, from an archive without times", () => {
  const world = useLiveWorld(["archive"]);

  it.each([false, true])("are read one after another, all of them; followed: %s", async (follow) => {
    const containers = names(60);
    const run = world().addRun({ ...OVER, containers });
    let most = 0;
    for (const name of containers) {
      world().store.answer(run.archivePath(name), (response, request) => {
        most = Math.max(most, world().store.answering);
        sends(`line of ${name}\n`)(response, request);
      });
    }
    const read = run.read({ allContainers: true, follow });
    await impatiently(world().waits, read.done);
    expect(read.text()).toBe(containers.map((name) => `line of ${name}\n`).join(""));
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
    expect(most).toBe(1);
  });
});

describe("a caller's quarter of a source", () => {
  const world = useLiveWorld(["pods"], { sources: [{ name: "pods", connections: 8, kubernetes: {} }] });

  it.each([false, true])(
    "leaves out the containers for which it has no room, with the limit; followed: %s",
    async (follow) => {
      const containers = names(4);
      const run = world().addRun({ ...OVER, containers });
      wrote(run, containers);
      const read = run.read({ allContainers: true, follow });
      await impatiently(world().waits, read.done);
      expect(read.text()).toBe("line of c-0\nline of c-1\n");
      expect(read.said()).toEqual(
        ["c-2", "c-3"].map(
          (name) => `${name}: You have 2 logs open at source "pods", the limit for one caller: a quarter of its 8.`,
        ),
      );
      expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
    },
  );
});

describe("a caller's limit on open logs", () => {
  const world = useLiveWorld(["pods"], { limits: { streamsPerCaller: 3 } });
  const containers = names(5);

  it("counts each log of a stream: the others are named, with the limit", async () => {
    const run = world().addRun({ ...OVER, containers });
    wrote(run, containers);
    const read = run.read({ allContainers: true });
    await read.done;
    expect(read.text()).toBe("line of c-0\nline of c-1\nline of c-2\n");
    expect(read.said()[0]).toMatch(/limits\.streamsPerCaller.+ Not read: c-3, c-4\.$/);
    expect(read.end()?.reason).toBe(EndReason.SOURCE_ENDED);
  });

  it("lets a follow read the others when some have ended", async () => {
    const run = world().addRun({ ...OVER, containers });
    wrote(run, containers);
    const read = run.read({ allContainers: true, follow: true });
    await impatiently(world().waits, read.done);
    expect(read.text().split("\n").toSorted()).toEqual(["", ...containers.map((name) => `line of ${name}`)]);
    expect(read.said()[0]).toMatch(/limits\.streamsPerCaller.+ Read when others have ended: c-3, c-4\.$/);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });
});
