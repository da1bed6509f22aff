import { describe, expect, it } from "vitest";
import type { Failure } from "../failure.ts";
import { SourceChain } from "./chain.ts";
import type { LogSource } from "./source.ts";
import { SourceError } from "./source-error.ts";

const failed = (name: string, outcome: SourceError["outcome"], did = "did something", httpStatus?: number) =>
  new SourceError(name, outcome, did, httpStatus === undefined ? {} : { httpStatus });

/** The failure after these outcomes. A plain name is a source that is not asked. */
function failureOf(answers: readonly (SourceError | string)[]): Failure {
  const chain = new SourceChain();
  for (const answer of answers) {
    if (typeof answer === "string") chain.skip({ name: answer } as LogSource);
    else chain.add(answer);
  }
  return chain.failure();
}

describe("the failure of a log that no source has", () => {
  it("reports each source in order, whether or not it was asked", () => {
    expect(failureOf(["other", failed("first", "not-found", "answered 404", 404)]).tries).toEqual([
      { source: "other", outcome: "not-matched", message: 'Source "other" is not configured for this run.' },
      { source: "first", outcome: "not-found", httpStatus: 404, message: 'Source "first" answered 404.' },
    ]);
  });

  it("says briefly what happened at each source", () => {
    const failure = failureOf([
      failed("archive", "not-found", "answered 404", 404),
      failed("loki", "not-found", "has no lines"),
    ]);
    expect(failure.message).toBe('No log: source "archive" answered 404; source "loki" has no lines.');
    expect(failure.tries).toHaveLength(2);
    expect(failure.next).toMatch(/\.$/);
  });

  it("includes the fault of a source", () => {
    const error = new SourceError("pods", "not-found", "has none", { fault: "no-pod" });
    expect(failureOf([error]).tries).toMatchObject([{ source: "pods", fault: "no-pod" }]);
  });

  it.each<[SourceError["outcome"][], string, string]>([
    [["not-found", "refused", "silent", "unavailable"], "unavailable", "SOURCE_UNAVAILABLE"],
    [["silent", "not-found", "refused"], "silent", "SOURCE_SILENT"],
    [["not-found", "refused", "variable-missing"], "refused", "BACKEND_REFUSED"],
    [["not-found", "not-yet"], "not-yet", "LOG_NOT_YET"],
    [["variable-missing", "value-refused"], "not-found", "LOG_NOT_FOUND"],
  ])("for the outcomes %j is of kind %s", (outcomes, kind, reason) => {
    const failure = failureOf(outcomes.map((outcome, at) => failed(`s${at}`, outcome)));
    expect(failure).toMatchObject({ kind, reason });
    expect(failure.next).toBeDefined();
    expect(failure.tries?.map(({ outcome }) => outcome)).toEqual(outcomes);
  });

  it("keeps the causes that callers must not see, one or several, as its own cause", () => {
    const down = (name: string) => new SourceError(name, "unavailable", "is down", { cause: new Error("10.0.0.1") });
    const [archive, loki] = [down("archive"), down("loki")];
    const missing = failed("missing", "not-found", "answered 404", 404);
    expect(failureOf([missing]).cause).toBeUndefined();
    expect(failureOf([missing, archive]).cause).toBe(archive);
    const all = failureOf([archive, missing, loki]);
    expect(all.cause).toMatchObject({ name: "AggregateError", errors: [archive, loki] });
    expect(JSON.stringify(all)).not.toContain("10.0.0.1");
  });

  it("is not-found if no source matches the run", () => {
    const failure = failureOf(["archive"]);
    expect(failure).toMatchObject({ kind: "not-found", reason: "LOG_NOT_FOUND" });
    expect(failure.message).toBe('No log: source "archive" is not configured for this run.');
  });

  it("is not-configured if there are no sources", () => {
    expect(failureOf([])).toMatchObject({ kind: "not-configured", reason: "NOT_CONFIGURED", tries: [] });
  });
});
