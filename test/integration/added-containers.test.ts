import { describe, expect, it } from "vitest";
import { CauseKind, CauseReason, SelectionReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { running, terminated, waiting } from "../fakes/pods.ts";
import { readLog } from "./read-log.ts";
import { useVerdictWorld } from "./verdict-world.ts";

const { world, put, get, read, page, cli } = useVerdictWorld({ sources: ["pods"] });
const run = (phase: string) => put({ phase, metrics: [{ name: "it", phase }] }, false);
const names = ["istio-init", "main", "istio-proxy"];

describe("a sidecar that a webhook added", () => {
  const held = () => {
    const made = run("Running");
    world().addPod(made, {
      initContainers: { "istio-init": terminated(0, "2026-01-01T00:00:05Z") },
      containers: { "istio-proxy": running(), main: terminated(0, "2026-01-01T00:00:30Z") },
    });
    return made;
  };

  it("is what the Job waits for, and said so", async () => {
    const made = held();
    const sentence = /^Container main exited with 0 .+ ago; the job waits for istio-proxy, which the cluster added/;
    const [, second] = await page(made);
    expect(second?.replaceAll("**", "")).toMatch(sentence);
    const { out } = await cli("why", made.name);
    expect(out.split("\n").map((line) => line.trim())).toContainEqual(expect.stringMatching(sentence));
  });

  it("can be named and read, and is listed and marked", async () => {
    const made = held();
    for (const containerName of ["istio-proxy", "istio-init"]) {
      const { text, origin } = await readLog(world().transport, { namespace: "shop", name: made.name, containerName });
      expect([text, origin?.containerName]).toEqual(["live log of aaaaa\n", containerName]);
    }
    expect((await read(made)).origin).toMatchObject({ containerName: "main", containerNames: names });
    expect((await get(made)).metrics[0]?.containers.map(({ name, init, added }) => [name, init, added])).toEqual([
      ["istio-init", true, true],
      ["main", false, false],
      ["istio-proxy", false, true],
    ]);
    const all = await readLog(world().transport, { namespace: "shop", name: made.name, allContainers: true });
    expect(all.origin?.containerNames).toEqual(names);
    expect(all.text).toBe("live log of aaaaa\n".repeat(3));
  });

  it("that nobody has is refused with what there is", async () => {
    const { name } = held();
    const { error } = await readLog(world().transport, { namespace: "shop", name, containerName: "linkerd" });
    expect(error).toMatchObject({ reason: "CONTAINER_NOT_FOUND", available: names });
  });
});

describe("an init container that a webhook added", () => {
  it("is the cause where it failed, and its log is shown", async () => {
    const made = run("Failed");
    world().addPod(made, {
      phase: "Failed",
      initContainers: { "istio-init": terminated(1, "2026-01-01T00:00:05Z") },
      containers: { "istio-proxy": waiting("PodInitializing"), main: waiting("PodInitializing") },
    });
    expect((await read(made)).origin).toMatchObject({
      containerName: "istio-init",
      containerReason: SelectionReason.FAILED,
    });
    expect((await get(made)).cause).toMatchObject({
      kind: CauseKind.INFRASTRUCTURE,
      reason: CauseReason.EXIT_CODE,
      containerName: "istio-init",
      containerAdded: true,
      exitCode: 1,
    });
    expect((await page(made))[1]).toBe(
      "Container **istio-init**, which the cluster added to the pod, exited with **1**.",
    );
    expect((await cli("why", made.name)).out).toContain(
      "\n  infrastructure: Container istio-init, which the cluster added to the pod, exited with 1.\n",
    );
  });
});
