import { z } from "zod";
import { parseGoDuration } from "./go-duration.ts";

/**
 * When a metric's measurements are successful, how many of them may not be, and how many there are. What the run does not say has the default of Argo Rollouts; a number is
 * `undefined` where what it says cannot be read, such as an argument out of a Secret.
 */
export interface Measuring {
  /** An expression over `result`. Empty where there is none. */
  readonly successCondition: string;
  readonly failureCondition: string;
  /** The metric fails with one more than that; -1: with any number it does not. */
  readonly failureLimit: number | undefined;
  readonly inconclusiveLimit: number | undefined;
  readonly consecutiveErrorLimit: number | undefined;
  /** 0: that decides nothing. */
  readonly consecutiveSuccessLimit: number | undefined;
  /** 0: until the run is ended. */
  readonly count: number | undefined;
  readonly intervalMs: number | undefined;
}

/** How many measurements ended how: all of them, though the run keeps but the last ones. */
export interface MeasurementCounts {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly consecutiveError: number;
  readonly consecutiveSuccess: number;
}

/** How much of a condition is kept. */
const CONDITION_LENGTH = 4_000;
const INT32 = 2 ** 31;

const text = z.string().nullish().catch(undefined);
/** Kubernetes' IntOrString; what is neither is kept as a text that is no number. */
const number = z
  .union([z.number().transform(String), z.string()])
  .nullish()
  .catch("");
const counter = z.number().int().gt(0).lt(INT32).catch(0);

/** The fields of a metric's specification that say so, whatever stands in them. */
export const MeasuringFields = z.object({
  successCondition: text,
  failureCondition: text,
  failureLimit: number,
  inconclusiveLimit: number,
  consecutiveErrorLimit: number,
  consecutiveSuccessLimit: number,
  count: number,
  interval: text,
});

/** The counters of a metric's result. */
export const Counters = z.object({
  successful: counter,
  failed: counter,
  inconclusive: counter,
  error: counter,
  consecutiveError: counter,
  consecutiveSuccess: counter,
});

/**
 * Reads what a metric's specification says of its measurements (https://argo-rollouts.readthedocs.io/en/stable/features/specification/, and for what is not said
 * analysis/analysis.go, assessMetricStatus, and pkg/apis/rollouts/v1alpha1/analysis_types.go, EffectiveCount).
 *
 * @param fillIn puts the run's arguments into a text.
 */
export function measuringOf(fields: z.infer<typeof MeasuringFields>, fillIn: (text: string) => string): Measuring {
  const limit = (value: string | null | undefined, usual: number): number | undefined =>
    value === null || value === undefined ? usual : integerOf(fillIn(value));
  const condition = (value: string | null | undefined): string => fillIn(value ?? "").slice(0, CONDITION_LENGTH);
  const interval = fillIn(fields.interval ?? "");
  const count = limit(fields.count, 0);
  return {
    successCondition: condition(fields.successCondition),
    failureCondition: condition(fields.failureCondition),
    failureLimit: limit(fields.failureLimit, 0),
    inconclusiveLimit: limit(fields.inconclusiveLimit, 0),
    consecutiveErrorLimit: limit(fields.consecutiveErrorLimit, 4),
    consecutiveSuccessLimit: limit(fields.consecutiveSuccessLimit, 0),
    count: count === 0 && interval === "" ? 1 : atLeastZero(count),
    intervalMs: interval === "" ? undefined : parseGoDuration(interval),
  };
}

function integerOf(value: string): number | undefined {
  const read = /^[-+]?\d{1,10}$/.test(value) ? Number(value) : undefined;
  return read !== undefined && read >= -INT32 && read < INT32 ? read : undefined;
}

function atLeastZero(count: number | undefined): number | undefined {
  return count !== undefined && count < 0 ? undefined : count;
}
