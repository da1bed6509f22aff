import type { Fields } from "../kube/fields.ts";
import { cutText, TEXT_LENGTH } from "./bounds.ts";
import { parseGoDuration } from "./go-duration.ts";

/**
 * A metric's conditions, limits and count of measurements. Absent fields have the defaults of Argo Rollouts. A number
 * is `undefined` if its value cannot be resolved, such as an argument from a Secret.
 */
export interface Measuring {
  /** An expression over `result`. Empty if there is none. */
  readonly successCondition: string;
  readonly failureCondition: string;
  /** The metric fails with one more than this; -1: unlimited. */
  readonly failureLimit: number | undefined;
  readonly inconclusiveLimit: number | undefined;
  readonly consecutiveErrorLimit: number | undefined;
  /** 0: not used. */
  readonly consecutiveSuccessLimit: number | undefined;
  /** 0: until the run is ended. */
  readonly count: number | undefined;
  readonly intervalMs: number | undefined;
}

/** How all measurements ended, including those that the run no longer records. */
export interface MeasurementCounts {
  readonly successful: number;
  readonly failed: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly consecutiveError: number;
  readonly consecutiveSuccess: number;
}

const INT32 = 2 ** 31;

/**
 * Parses the conditions and limits in a metric's specification, and tolerates any value in its fields
 * (https://argo-rollouts.readthedocs.io/en/stable/features/specification/; for the defaults, analysis/analysis.go,
 * assessMetricStatus, and pkg/apis/rollouts/v1alpha1/analysis_types.go, EffectiveCount).
 *
 * @param fillIn fills the run's arguments into a text.
 */
export function measuringOf(metric: Fields, fillIn: (text: string) => string): Measuring {
  const limit = (field: string, usual: number): number | undefined => {
    const value = metric[field];
    return value === undefined || value === null ? usual : integerOf(value, fillIn);
  };
  const condition = (field: string): string => cutText(fillIn(textIn(metric, field)), TEXT_LENGTH);
  const interval = fillIn(textIn(metric, "interval"));
  const count = limit("count", 0);
  return {
    successCondition: condition("successCondition"),
    failureCondition: condition("failureCondition"),
    failureLimit: limit("failureLimit", 0),
    inconclusiveLimit: limit("inconclusiveLimit", 0),
    consecutiveErrorLimit: limit("consecutiveErrorLimit", 4),
    consecutiveSuccessLimit: limit("consecutiveSuccessLimit", 0),
    count: count === 0 && interval === "" ? 1 : atLeastZero(count),
    intervalMs: interval === "" ? undefined : parseGoDuration(interval),
  };
}

/**
 * Parses the counters of a metric's result, and tolerates any value in its fields. `undefined` before the first
 * measurement has ended.
 */
export function countsOf(result: Fields): MeasurementCounts | undefined {
  const successful = counterOf(result.successful);
  const failed = counterOf(result.failed);
  const inconclusive = counterOf(result.inconclusive);
  const error = counterOf(result.error);
  if (successful + failed + inconclusive + error === 0) return undefined;
  const consecutiveError = counterOf(result.consecutiveError);
  const consecutiveSuccess = counterOf(result.consecutiveSuccess);
  return { successful, failed, inconclusive, error, consecutiveError, consecutiveSuccess };
}

function textIn(fields: Fields, field: string): string {
  const value = fields[field];
  return typeof value === "string" ? value : "";
}

/** A counter of a result, whatever stands there; 0 for anything else. */
export function counterOf(value: unknown): number {
  return typeof value === "number" && Number.isInteger(value) && value > 0 && value < INT32 ? value : 0;
}

/** Of Kubernetes' IntOrString. */
function integerOf(value: unknown, fillIn: (text: string) => string): number | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? fillIn(value) : "";
  const read = /^[-+]?\d{1,10}$/.test(text) ? Number(text) : undefined;
  return read !== undefined && read >= -INT32 && read < INT32 ? read : undefined;
}

function atLeastZero(count: number | undefined): number | undefined {
  return count !== undefined && count < 0 ? undefined : count;
}
