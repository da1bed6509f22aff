import { describe, expect, it } from "vitest";
import { makePod, makeStatus } from "../../test/fakes/pod.ts";
import { makeMetric } from "../../test/fakes/run.ts";
import type { Failure } from "../failure.ts";
import type { ContainerStatus, Pod } from "./pod.ts";
import { selectContainer } from "./selection.ts";

const METRIC = makeMetric({
  containers: [
    { name: "seed", init: true },
    { name: "tests", init: false },
    { name: "proxy", init: false },
  ],
  defaultContainer: "proxy",
});

type Ended = Partial<ContainerStatus>;
const ended = (exitCode: number, at = "2026-01-01T00:00:30Z", more: Ended = {}): Ended => ({
  state: "terminated",
  exitCode,
  endedAt: at,
  ...more,
});

const failedPod = (containers: Readonly<Record<string, Ended>> = {}, parts: Partial<Pod> = {}): Pod =>
  makePod({
    phase: "Failed",
    containers: Object.entries(containers).map(([name, status]) =>
      makeStatus({ name, init: name === "seed", ...status }),
    ),
    ...parts,
  });

describe("the container", () => {
  const chosen = (pod: Pod | undefined, metric = METRIC): string => {
    const { container, containerReason } = selectContainer(metric, {}, pod === undefined ? [] : [pod]);
    return `${container.name} ${containerReason}`;
  };

  it.each<[string, Pod | undefined, string]>([
    ["the one that failed", failedPod({ seed: ended(0), tests: ended(1), proxy: ended(0) }), "tests failed"],
    [
      "the one that failed first",
      failedPod({ tests: ended(137, "2026-01-01T00:00:31Z"), proxy: ended(2, "2026-01-01T00:00:30Z") }),
      "proxy failed",
    ],
    [
      "the init container that failed, even if the others never started",
      failedPod({ seed: ended(1), tests: { state: "waiting" }, proxy: { state: "waiting" } }),
      "seed failed",
    ],
    [
      "one that was killed for lack of memory",
      failedPod({ tests: ended(137, undefined, { reason: "OOMKilled" }), proxy: {} }),
      "tests failed",
    ],
    [
      "one that is waiting for its restart",
      failedPod(
        { tests: ended(1, undefined, { state: "waiting", reason: "CrashLoopBackOff" }), proxy: {} },
        { phase: "Running" },
      ),
      "tests failed",
    ],
    [
      "one with an end time before those without",
      failedPod({ tests: ended(1, undefined, { endedAt: undefined }), proxy: ended(1) }),
      "proxy failed",
    ],
    [
      "the one that failed before the sidecar that was ended in the same second",
      failedPod({ seed: ended(143), tests: ended(1) }),
      "tests failed",
    ],
    [
      "not chosen by exit code in a pod that succeeded: sidecars are ended by a signal",
      failedPod({ seed: ended(143), tests: ended(0), proxy: ended(0) }, { phase: "Succeeded" }),
      "proxy default-annotation",
    ],
    ["the annotated one while none has failed", failedPod({ tests: {}, proxy: {} }), "proxy default-annotation"],
    ["the annotated one if the pod no longer exists", undefined, "proxy default-annotation"],
    [
      "one that the cluster added to the pod, if that failed first",
      failedPod({ mesh: ended(1, "2026-01-01T00:00:01Z"), tests: ended(1) }),
      "mesh failed",
    ],
    [
      "none that the cluster added, if that was ended after the others",
      failedPod({ mesh: ended(137, "2026-01-01T00:00:59Z"), tests: ended(1) }),
      "tests failed",
    ],
  ])("is %s", (_what, pod, expected) => {
    expect(chosen(pod)).toBe(expected);
  });

  it("is the only one, even if it failed", () => {
    expect(chosen(failedPod({ main: ended(1) }), makeMetric())).toBe("main only");
  });

  it("may be one that the cluster added to the pod, which is marked, even once the pod is gone", () => {
    const pod = failedPod({ mesh: ended(0), tests: ended(1) });
    const mesh = { name: "mesh", init: false, added: true };
    expect(selectContainer(METRIC, { container: "mesh" }, [pod]).container).toEqual(mesh);
    expect(selectContainer(METRIC, { container: "mesh", known: mesh }, []).container).toEqual(mesh);
    expect(() => selectContainer(METRIC, { container: "mesh" }, [])).toThrow('has no container "mesh"');
  });

  it("is the named one with its status, even if another failed", () => {
    const pod = failedPod({ seed: ended(0), tests: ended(1) });
    expect(selectContainer(METRIC, { container: "seed" }, [pod])).toMatchObject({
      container: { name: "seed" },
      containerReason: "named",
      status: { name: "seed", exitCode: 0 },
    });
    expect(selectContainer(METRIC, { container: "proxy" }, [pod]).status).toBeUndefined();
  });
});

describe("the pod", () => {
  const pods = ["pod-1", "pod-2", "pod-3"].map((name) =>
    failedPod({ tests: ended(1) }, { name, createdAt: `2026-01-01T00:0${name.at(-1)}:00Z` }),
  );
  const chosen = (name: string | undefined, of: readonly Pod[]) => {
    const { pod, podReason } = selectContainer(METRIC, { pod: name }, of);
    return [pod?.name, podReason];
  };

  it("is the newest, the only one, or the named one", () => {
    expect(chosen(undefined, pods)).toEqual(["pod-3", "last"]);
    expect(chosen(undefined, pods.slice(0, 1))).toEqual(["pod-1", "only"]);
    expect(chosen("pod-1", pods)).toEqual(["pod-1", "named"]);
  });

  it("is undefined if the cluster knows none, even if one was named", () => {
    expect(chosen(undefined, [])).toEqual([undefined, undefined]);
    expect(chosen("pod-1", [])).toEqual([undefined, undefined]);
  });

  it("decides which container failed", () => {
    const second = { name: "pod-2", createdAt: "2026-01-01T00:01:00Z" };
    const retried = [failedPod({ tests: ended(1) }), failedPod({ proxy: ended(1) }, second)];
    expect(selectContainer(METRIC, {}, retried).container.name).toBe("proxy");
    expect(selectContainer(METRIC, { pod: "pod-1" }, retried).container.name).toBe("tests");
  });

  it("is refused if it does not exist, and the error lists the existing ones", () => {
    let failure: Failure | undefined;
    try {
      chosen("pod-9", pods);
    } catch (error) {
      failure = error as Failure;
    }
    expect(failure).toMatchObject({
      kind: "not-found",
      reason: "POD_NOT_FOUND",
      message: 'The attempt\'s Job has no pod "pod-9" (any more).',
      available: ["pod-1", "pod-2", "pod-3"],
    });
  });
});
