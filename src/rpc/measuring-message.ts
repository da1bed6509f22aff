import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { Metric } from "../runs/run.ts";
import { given } from "./given.ts";

/** The fields of a metric's message that say how it is measured, and what has come of it. */
export function measuringMessage({ measuring, counts }: Metric) {
  const { intervalMs } = measuring;
  return {
    successCondition: measuring.successCondition,
    failureCondition: measuring.failureCondition,
    ...given("failureLimit", measuring.failureLimit),
    ...given("inconclusiveLimit", measuring.inconclusiveLimit),
    ...given("consecutiveErrorLimit", measuring.consecutiveErrorLimit),
    ...given("consecutiveSuccessLimit", measuring.consecutiveSuccessLimit),
    ...given("count", measuring.count),
    ...given("interval", intervalMs === undefined ? undefined : durationFromMs(Math.round(intervalMs))),
    ...given("counts", counts),
  };
}
