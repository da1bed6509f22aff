import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { terminated } from "../fakes/pods.ts";
import { useLiveWorld } from "./live-world.ts";

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, "0")}Z`;
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };

describe("the last lines of a pod's log", () => {
  const world = useLiveWorld();

  it("resume behind a limit that cut the first of them", async () => {
    const run = world().addRun(OVER);
    const pod = run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    for (let second = 1; second < 30; second += 1) run.log(pod).append(at(second), `line ${second}\n`);
    for (const limit of [{ limitBytes: 3n }, { limitLines: 1n }, { limitBytes: 20n }]) {
      const first = run.read({ tailLines: 5n, ...limit });
      await first.done;
      expect(first.end()?.reason).toBe(EndReason.LIMIT_REACHED);
      const rest = run.read({ tailLines: 5n, cursor: first.messages.at(-1)?.cursor ?? "" });
      await rest.done;
      expect(first.text() + rest.text()).toBe("line 25\nline 26\nline 27\nline 28\nline 29\n");
    }
  });

  it("are not counted again when a follow of none of them is resumed before the first new line", async () => {
    const run = world().addRun();
    const pod = run.pod();
    run.log(pod).append(at(1), "before\n");
    const follow = run.read({ follow: true, tailLines: 0n });
    await run.log(pod).untilWaiting(1);
    const cursor = follow.messages.findLast((each) => each.cursor !== "")?.cursor ?? "";
    run.log(pod).append(at(2), "meanwhile\n");
    const resumed = run.read({ follow: true, tailLines: 0n, cursor });
    await resumed.until("meanwhile\n");
    expect(resumed.text()).toBe("meanwhile\n");
    run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    run.put(OVER);
    await Promise.all([follow.done, resumed.done]);
  });
});
