import { ContainerState } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { ContainerStatus, Pod } from "../runs/pod.ts";
import { given } from "./given.ts";
import { timestamp } from "./messages.ts";

const STATES: Readonly<Record<ContainerStatus["state"], ContainerState>> = {
  unknown: ContainerState.UNSPECIFIED,
  waiting: ContainerState.WAITING,
  running: ContainerState.RUNNING,
  terminated: ContainerState.TERMINATED,
};

/** A pod as the contract has it. */
export function podMessage({ name, phase, reason, message, createdAt, index, containers }: Pod) {
  return {
    name,
    phase,
    reason,
    message,
    ...given("createTime", timestamp(createdAt)),
    ...given("completionIndex", index),
    containers: containers.map((each) => ({
      name: each.name,
      init: each.init,
      state: STATES[each.state],
      ...given("exitCode", each.exitCode),
      reason: each.reason,
      message: each.message,
      restarts: each.restarts,
      ...given("startTime", timestamp(each.startedAt)),
      ...given("endTime", timestamp(each.endedAt)),
    })),
  };
}
