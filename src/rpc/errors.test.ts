import { Code } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import {
  ChoicesSchema,
  SourceChainSchema,
  SourceFault,
  SourceOutcome,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { describeError } from "../client/describe-error.ts";
import { Failure, type FailureKind, type SourceTry } from "../failure.ts";
import { connectError, httpStatus, reportFailure } from "./errors.ts";

const errorOf = (failure: Failure) => connectError(reportFailure(failure));

describe("a kind of failure", () => {
  it.each<[FailureKind, Code, number]>([
    ["bad-request", Code.InvalidArgument, 400],
    ["unauthenticated", Code.Unauthenticated, 401],
    ["denied", Code.PermissionDenied, 403],
    ["not-found", Code.NotFound, 404],
    ["not-yet", Code.FailedPrecondition, 409],
    ["unavailable", Code.Unavailable, 503],
    ["refused", Code.Internal, 502],
    ["silent", Code.DeadlineExceeded, 504],
    ["too-much", Code.ResourceExhausted, 429],
    ["not-configured", Code.Unimplemented, 501],
    ["internal", Code.Internal, 500],
  ])("%s is code %i and status %i", (kind, code, status) => {
    const failure = new Failure(kind, "SOME_REASON", "Something.");
    expect(errorOf(failure).code).toBe(code);
    expect(httpStatus(failure)).toBe(status);
  });
});

describe("a failure", () => {
  it("is reported with reason, message, next step and a reference", () => {
    const failure = new Failure("not-found", "RUN_NOT_FOUND", "There is no run.", { next: "List them." });
    const { reference } = reportFailure(failure);
    expect(reference).toMatch(/^[0-9a-f]{8}$/);
    const error = connectError({ failure, reference });
    expect(error.rawMessage).toBe("There is no run.");
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "RUN_NOT_FOUND", domain: "taffrail", metadata: { reference, next: "List them." } },
    ]);
    expect(error.findDetails(ChoicesSchema)).toEqual([]);
    expect(error.findDetails(SourceChainSchema)).toEqual([]);
  });

  it("has a new reference each time", () => {
    const failure = new Failure("not-found", "RUN_NOT_FOUND", "There is no run.");
    expect(new Set(Array.from({ length: 100 }, () => reportFailure(failure).reference)).size).toBe(100);
    expect(errorOf(failure).findDetails(ErrorInfoSchema)[0]?.metadata.next).toBeUndefined();
  });

  it("is reported with the available choices, even if there are none", () => {
    for (const available of [[], ["a", "b"]]) {
      const error = errorOf(new Failure("not-found", "METRIC_NOT_FOUND", "No.", { available }));
      expect(error.findDetails(ChoicesSchema)).toMatchObject([{ available }]);
    }
  });

  it("is reported with every source that was asked", () => {
    const outcomes: [SourceTry["outcome"], SourceOutcome][] = [
      ["not-matched", SourceOutcome.NOT_MATCHED],
      ["variable-missing", SourceOutcome.VARIABLE_MISSING],
      ["value-refused", SourceOutcome.VALUE_REFUSED],
      ["not-found", SourceOutcome.NOT_FOUND],
      ["not-yet", SourceOutcome.NOT_YET],
      ["refused", SourceOutcome.REFUSED],
      ["unavailable", SourceOutcome.UNAVAILABLE],
      ["silent", SourceOutcome.SILENT],
    ];
    const tries = outcomes.map(
      ([outcome], index): SourceTry => ({
        source: `s${index}`,
        outcome,
        message: `Because ${index}.`,
        ...(index > 2 && { httpStatus: 400 + index }),
        ...(outcome === "unavailable" && { fault: "tls" }),
      }),
    );
    const error = errorOf(new Failure("not-found", "LOG_NOT_FOUND", "No.", { tries }));
    expect(error.findDetails(SourceChainSchema)[0]?.attempts).toMatchObject(
      outcomes.map(([, outcome], index) => ({
        source: `s${index}`,
        outcome,
        httpStatus: index > 2 ? 400 + index : 0,
        message: `Because ${index}.`,
        fault: outcome === SourceOutcome.UNAVAILABLE ? SourceFault.TLS : SourceFault.UNSPECIFIED,
      })),
    );
  });

  it("is reported without its cause", () => {
    const cause = new Error("http://10.0.0.1/secret-word");
    const error = errorOf(new Failure("unavailable", "SOURCE_UNAVAILABLE", "Down.", { cause }));
    const info = error.findDetails(ErrorInfoSchema)[0];
    expect(`${JSON.stringify(info)} ${error.rawMessage} ${error.cause}`).not.toContain("secret-word");
  });
});

describe("an error that is not a Failure", () => {
  it.each([
    new Error("secret-word"),
    new TypeError("secret-word"),
    "secret-word",
    { message: "secret-word" },
    undefined,
    null,
  ])("is an internal error without details: %s", (thrown) => {
    const both = reportFailure(thrown);
    expect(both.failure).toMatchObject({ kind: "internal", reason: "INTERNAL" });
    expect(both.failure.cause ?? thrown).toBe(thrown);
    expect(httpStatus(both.failure)).toBe(500);
    const error = connectError(both);
    expect(error.code).toBe(Code.Internal);
    const info = error.findDetails(ErrorInfoSchema)[0];
    expect(info?.metadata.next).toContain(both.reference);
    expect(JSON.stringify([error.rawMessage, info])).not.toContain("secret-word");
  });
});

describe("describeError", () => {
  it("reads a reported failure", () => {
    const tries: SourceTry[] = [{ source: "archive", outcome: "silent", message: "Silent." }];
    const failure = new Failure("silent", "SOURCE_SILENT", "No answer.", { next: "Wait.", available: ["x"], tries });
    const both = reportFailure(failure);
    expect(describeError(connectError(both))).toMatchObject({
      code: Code.DeadlineExceeded,
      reason: "SOURCE_SILENT",
      message: "No answer.",
      next: "Wait.",
      reference: both.reference,
      available: ["x"],
      sources: [{ source: "archive", outcome: SourceOutcome.SILENT, httpStatus: 0, message: "Silent." }],
    });
  });

  it("reads anything else that was thrown", () => {
    expect(describeError(new Error("odd"))).toEqual({
      code: Code.Unknown,
      reason: "",
      message: "odd",
      next: "",
      reference: "",
      available: [],
      sources: [],
    });
  });
});
