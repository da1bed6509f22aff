import { describe, expect, it } from "vitest";
import { makePod, makeStatus } from "../../test/fakes/pod.ts";
import type { ContainerStatus, Pod } from "../runs/pod.ts";
import { describeUnstarted } from "./waiting-message.ts";

const seed = (parts: Partial<ContainerStatus>) => makeStatus({ name: "seed", init: true, ...parts });
const proxy = (parts: Partial<ContainerStatus>) => makeStatus({ name: "proxy", init: true, sidecar: true, ...parts });
const main = (reason: string, message = "") => makeStatus({ state: "waiting", reason, message });
const done = seed({ state: "terminated", exitCode: 0 });

function saidOf(containers: readonly ContainerStatus[], parts: Partial<Pod> = {}, container = "main"): string {
  return describeUnstarted(makePod({ phase: "Pending", containers, ...parts }), container);
}

describe("what a container waits for", () => {
  it.each<[string, string]>([
    [
      saidOf([], {
        scheduled: false,
        reason: "Unschedulable",
        message: "0/3 nodes are available: 3 Insufficient cpu.",
      }),
      'The pod "pod-1" is not scheduled yet (Unschedulable): 0/3 nodes are available: 3 Insufficient cpu.',
    ],
    [saidOf([], { scheduled: false }), 'The pod "pod-1" is not scheduled yet.'],
    [
      saidOf([main("ImagePullBackOff", 'Back-off pulling image "tests:9"')]),
      'The image of the container "main" could not be pulled (ImagePullBackOff): Back-off pulling image "tests:9".',
    ],
    [saidOf([main("ErrImageNeverPull")]), 'The image of the container "main" could not be pulled (ErrImageNeverPull).'],
    [saidOf([main("ContainerCreating")]), 'The container "main" is being created.'],
    [saidOf([main("")]), 'The container "main" is being created.'],
    [
      saidOf([main("CreateContainerConfigError", 'secret "keys" not found')]),
      'The container "main" could not be started (CreateContainerConfigError): secret "keys" not found.',
    ],
    [
      saidOf([seed({}), main("PodInitializing")]),
      'The container "main" is waiting for the init container "seed" to finish.',
    ],
    [
      saidOf([seed({ state: "waiting", reason: "ErrImagePull", message: "no such image" }), main("PodInitializing")]),
      'The image of the init container "seed" could not be pulled (ErrImagePull): no such image.',
    ],
    [
      saidOf([
        seed({ state: "waiting", exitCode: 3, reason: "CrashLoopBackOff", message: "back-off 10s" }),
        main("PodInitializing"),
      ]),
      'The init container "seed" exited with code 3 and will be restarted (CrashLoopBackOff): back-off 10s.',
    ],
    [saidOf([done, main("PodInitializing")]), 'The container "main" is being created.'],
    [
      saidOf([done, proxy({ up: false }), main("PodInitializing")]),
      'The container "main" is waiting for the sidecar "proxy" to start.',
    ],
    [saidOf([done, proxy({}), main("PodInitializing")]), 'The container "main" is being created.'],
    [
      saidOf([seed({}), proxy({ state: "waiting", reason: "PodInitializing" })], {}, "proxy"),
      'The container "proxy" is waiting for the init container "seed" to finish.',
    ],
    [
      saidOf([seed({ state: "waiting", reason: "PodInitializing" }), proxy({ state: "waiting" })], {}, "seed"),
      'The init container "seed" is being created.',
    ],
    [saidOf([makeStatus({ name: "other" })]), 'The container "main" has not started yet.'],
  ])("is said: %s", (said, expected) => {
    expect(said).toBe(expected);
  });

  it("is said on one line, of a length that one can read, without what a terminal would obey", () => {
    const said = saidOf([main("ErrImagePull", `\u001b[31m${"long words ".repeat(100)}\n`)]);
    expect(said).not.toMatch(/[\p{Cc}]/u);
    expect(said).toMatch(/long words long.*…\.$/);
    expect(said.length).toBeLessThan(400);
  });

  it("leaves out a reason that is no word", () => {
    expect(saidOf([main("rpc error: dial tcp 10.0.0.1:5000")])).toBe('The container "main" could not be started.');
  });
});
