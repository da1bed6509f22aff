import { describe, expect, it } from "vitest";
import { PodGoneReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import type { MadeResult } from "./verdict-runs.ts";
import { useVerdictWorld } from "./verdict-world.ts";

const { world, put, get, read, page, cli } = useVerdictWorld({ sources: ["pods"] });

const BACKOFF = "Job has reached the specified backoff limit";
const failed = (parts: Partial<MadeResult> = {}, message = BACKOFF) =>
  put({ phase: "Failed", metrics: [{ name: "it", phase: "Failed", measurement: { message }, ...parts }] }, false);

describe("a failed attempt whose pod is gone", () => {
  it.each<[string, Partial<MadeResult>, string, PodGoneReason, string, string]>([
    [
      "its restartPolicy is OnFailure",
      { jobSpec: { backoffLimit: 2, ttlSecondsAfterFinished: 600 }, podSpec: { restartPolicy: "OnFailure" } },
      BACKOFF,
      PodGoneReason.RESTART_POLICY,
      "The pod is gone: its restartPolicy is OnFailure, so Kubernetes deleted it when the job failed. " +
        "restartPolicy: Never, or an archive, keeps the log.",
      ": its restartPolicy is OnFailure, so Kubernetes deleted it when the Job failed; " +
        "restartPolicy Never, or an archive, keeps the log",
    ],
    [
      "the Job's deadline passed",
      { jobSpec: { activeDeadlineSeconds: 60 } },
      "Job was active longer than specified deadline",
      PodGoneReason.DEADLINE,
      "The pod is gone: Kubernetes deleted it when the job's deadline of 60 s passed. An archive keeps the log.",
      ": Kubernetes deleted it when the Job's deadline of 60 s passed; an archive keeps the log",
    ],
    [
      "finished Jobs are deleted after a while",
      { jobSpec: { ttlSecondsAfterFinished: 10 } },
      BACKOFF,
      PodGoneReason.TTL,
      "The pod is gone: Kubernetes deletes the job 10 s after its end (ttlSecondsAfterFinished). " +
        "An archive keeps the log.",
      ": Kubernetes deletes the Job 10 s after its end (ttlSecondsAfterFinished); an archive keeps the log",
    ],
    [
      "nobody knows why",
      { jobSpec: { ttlSecondsAfterFinished: "soon", activeDeadlineSeconds: null } },
      BACKOFF,
      PodGoneReason.UNKNOWN,
      "The pod is gone, so its exit code is unknown.",
      "",
    ],
  ])("tells why, by its Job's own specification: %s", async (_, parts, message, podGone, sentence, chain) => {
    const run = failed(parts, message);
    expect((await get(run)).cause).toMatchObject({ podGone, message });
    const words = (await page(run)).map((each) => each.replaceAll("**", ""));
    expect(words).toContain(sentence);
    // The measurement's own message is told too.
    expect(words).toContain(message);
    const { out } = await cli("why", run.name);
    expect(out).toContain(`\n  ${sentence}\n`);
    expect(out).toContain(message);
    expect((await read(run)).error?.message).toBe(
      `No log: source "pods" knows no pod of this attempt (any more)${chain}.`,
    );
  });

  it("is not said to be gone while the cluster has it", async () => {
    const run = failed({ podSpec: { restartPolicy: "OnFailure" } });
    world().addPod(run, { phase: "Failed", containers: { main: terminated(1) } });
    expect((await get(run)).cause?.podGone).toBe(PodGoneReason.UNSPECIFIED);
    expect((await page(run)).join(" ")).not.toContain("gone");
  });
});
