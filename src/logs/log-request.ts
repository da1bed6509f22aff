import { Failure } from "../failure.ts";
import type { RunRef } from "../runs/run.ts";
import type { Selector } from "../runs/selection.ts";
import type { LineFilterOptions } from "../stream/line-filter-types.ts";
import { createLineMatcher } from "../stream/line-matcher.ts";
import { PatternError } from "../stream/pattern-error.ts";

/** Which lines match. */
export interface GrepOptions {
  readonly pattern: string;
  readonly fixed: boolean;
  readonly ignoreCase: boolean;
  readonly invert: boolean;
  readonly before: number;
  readonly after: number;
}

/** What a caller requests: a run, what of it, and how. Defaults are those of the contract. */
export interface LogRequest {
  readonly run: RunRef;
  readonly selector: Omit<Selector, "attempt" | "running"> & { readonly attempt?: Selector["attempt"] | "all" };
  readonly allContainers?: boolean | undefined;
  readonly allPods?: boolean | undefined;
  readonly follow?: boolean | undefined;
  /** In milliseconds. */
  readonly waitMs?: number | undefined;
  readonly tail?: number | undefined;
  readonly firstLine?: number | undefined;
  /** RFC 3339 in UTC with nine fractional digits. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly grep?: GrepOptions | undefined;
  readonly timestamps?: boolean | undefined;
  readonly limitLines?: number | undefined;
  readonly limitBytes?: number | undefined;
  readonly cursor?: string | undefined;
  /** Whether a document is shown that a store returns in place of a log. */
  readonly showDocument?: boolean | undefined;
}

/** @throws Failure REQUEST_INVALID if a value is invalid or two exclude each other. */
export function checkRequest(request: LogRequest): void {
  const { tail, firstLine, since, until, waitMs, selector, allContainers, allPods } = request;
  if (tail !== undefined && firstLine !== undefined) {
    throw contradiction("Request a tail or a first line, not both.", "Omit one of them.", "first_line");
  }
  if (allContainers && selector.container !== undefined) {
    throw contradiction("Request one container or all of them, not both.", "Omit one of them.", "container_name");
  }
  if (allPods && selector.pod !== undefined) {
    throw contradiction("Request one pod or all of them, not both.", "Omit one of them.", "pod_name");
  }
  if (since !== undefined && until !== undefined && since >= until) {
    throw contradiction("since must be before until.", "Swap them.", "until");
  }
  if (waitMs !== undefined && waitMs < 0) {
    throw contradiction("wait must not be negative.", "Omit it, or set a longer duration.", "wait");
  }
}

/**
 * Returns how lines are filtered, or `undefined` if all are sent as they are.
 *
 * @throws Failure PATTERN_INVALID.
 */
export function filterOf(request: LogRequest, lineBytes: number): LineFilterOptions | undefined {
  const { grep, since, until, timestamps = false } = request;
  if (grep === undefined && since === undefined && until === undefined && !timestamps) return undefined;
  return {
    timestamps,
    lineBytes,
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
    ...(grep !== undefined && {
      grep: { matches: matcherOf(grep), invert: grep.invert, before: grep.before, after: grep.after },
    }),
  };
}

/** The part of a request that a cursor is bound to: whatever decides which bytes follow it. */
export function cursorScope(request: LogRequest): string {
  const { run, selector, allContainers, allPods, since, until, grep, timestamps, showDocument } = request;
  const { metric, attempt, container, pod } = selector;
  const lines = grep && [grep.pattern, grep.fixed, grep.ignoreCase, grep.invert, grep.before, grep.after];
  return JSON.stringify([
    run.namespace,
    run.name,
    metric,
    attempt,
    container,
    pod,
    allContainers === true,
    since,
    until,
    timestamps === true,
    lines,
    // Left out where it is not set: cursors of other versions stay valid.
    ...(showDocument === true ? ["document"] : []),
    ...(allPods ? ["all pods"] : []),
  ]);
}

function matcherOf(grep: GrepOptions) {
  try {
    return createLineMatcher(grep);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new Failure("bad-request", "PATTERN_INVALID", error.message, {
      next: "Correct the pattern (RE2 syntax), or search for fixed text.",
      field: "grep.pattern",
    });
  }
}

function contradiction(message: string, next: string, field: string): Failure {
  return new Failure("bad-request", "REQUEST_INVALID", message, { next, field });
}
