import { describe, expect, it } from "vitest";
import { EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type MadePod, running, terminated } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { useLiveWorld } from "./live-world.ts";

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const SECOND = { suffix: "bbbbb", createdAt: "2026-01-01T00:01:00Z" };
const disrupted = (reason: string, message: string) => ({
  conditions: [{ type: "DisruptionTarget", status: "True", reason, message }],
});

/** What Kubernetes writes into the pod when it ends it, and what the reader is told. */
const ENDS: readonly (readonly [string, Partial<MadePod>, string])[] = [
  [
    "evicted",
    {
      phase: "Failed",
      status: { reason: "Evicted", message: "The node was low on resource: memory." },
      containers: { main: undefined },
    },
    "Kubernetes evicted the pod (Evicted): The node was low on resource: memory.",
  ],
  [
    "preempted, and still ending",
    {
      deletedAt: at(9),
      status: disrupted("PreemptionByScheduler", "default-scheduler: preempting to accommodate a higher priority pod"),
      containers: { main: running() },
    },
    "Kubernetes gave the pod's place to a pod with a higher priority (PreemptionByScheduler): " +
      "default-scheduler: preempting to accommodate a higher priority pod.",
  ],
  [
    "on a node that is shut down",
    {
      phase: "Failed",
      status: { reason: "Terminated", message: "Pod was terminated in response to imminent node shutdown." },
      containers: { main: terminated(143) },
    },
    "The pod's node was shut down (Terminated): Pod was terminated in response to imminent node shutdown.",
  ],
  [
    "drained",
    {
      deletedAt: at(9),
      status: disrupted("EvictionByEvictionAPI", "Eviction API: evicting"),
      containers: { main: terminated(143) },
    },
    "Kubernetes evicted the pod (EvictionByEvictionAPI): Eviction API: evicting.",
  ],
];

describe("a pod that Kubernetes ends while its log is followed", () => {
  const world = useLiveWorld();

  it.each(ENDS)("is reported at the end of the log, though the pod is gone by then: %s", async (_, end, sentence) => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(at(2), "one\n");
    const read = run.read({ follow: true });
    await read.until("one\n");
    run.pod(end);
    run.log(name).cut("ends");
    await Promise.race([run.log(name).untilAnswered(2), read.untilSaid("Waiting.")]);
    run.removePod(name);
    run.put(OVER);
    run.log(name).cut("ends");
    await read.done;
    expect(read.text()).toBe("one\n");
    expect(read.said().filter((each) => !each.startsWith("Waiting."))).toEqual([sentence]);
    expect(read.notices()).toContain(NoticeKind.POD_ENDED);
    expect([EndReason.SOURCE_ENDED, EndReason.COMPLETE]).toContain(read.end()?.reason);
  });

  it("is reported before the log of the pod that takes its place", async () => {
    const run = world().addRun();
    const first = run.pod();
    run.log(first).append(at(2), "first\n");
    const read = run.read({ follow: true });
    await read.until("first\n");
    const second = run.pod(SECOND);
    run.log(second).append(at(3), "second\n");
    const [, evicted = {}, sentence] = ENDS[0] ?? [];
    run.pod({ ...evicted, containers: { main: terminated(137) } });
    run.log(first).cut("ends");
    await read.until("second\n");
    run.pod({ ...SECOND, phase: "Succeeded", containers: { main: terminated(0) } });
    run.put({ phase: "Successful", attempts: [{ number: 1, phase: "Successful" }] });
    await read.done;
    expect(read.notices()).toEqual([NoticeKind.POD_ENDED, NoticeKind.POD_CHANGED]);
    expect(read.said()[0]).toBe(sentence);
    expect(read.text()).toBe("first\nsecond\n");
  });

  it("is reported once, where all of its containers are read", async () => {
    const run = world().addRun({ containers: ["main", "side"] });
    const name = run.pod();
    run.log(name, "main").append(at(2), "main\n");
    run.log(name, "side").append(at(3), "side\n");
    const [, evicted = {}, sentence] = ENDS[0] ?? [];
    run.pod({ ...evicted, containers: { main: terminated(137), side: terminated(137) } });
    run.put({ ...OVER, containers: ["main", "side"] });
    const read = run.read({ allContainers: true });
    await read.done;
    expect(read.said()).toEqual([sentence]);
  });
});

describe("a pod that Kubernetes ends while its log is followed, and stored", () => {
  const world = useLiveWorld(["pods", "archive"]);

  it("is reported behind the rest of the log, which the archive has", async () => {
    const run = world().addRun();
    const name = run.pod();
    run.log(name).append(at(2), "one\n");
    const read = run.read({ follow: true });
    await read.until("one\n");
    const [, evicted = {}, sentence] = ENDS[0] ?? [];
    run.pod(evicted);
    world().store.answer(run.archivePath(), sends("one\ntwo\n"));
    run.log(name).cut("ends");
    await read.until("two\n");
    run.removePod(name);
    run.put(OVER);
    await read.done;
    expect(read.text()).toBe("one\ntwo\n");
    expect(read.said().at(-1)).toBe(sentence);
    expect(read.end()?.reason).toBe(EndReason.COMPLETE);
  });
});
