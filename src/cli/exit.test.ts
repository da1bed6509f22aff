import { Code, ConnectError } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Failure, type FailureKind } from "../failure.ts";
import { connectError } from "../rpc/errors.ts";
import { EXIT, exitCodeOf } from "./exit.ts";

const failed = (kind: FailureKind, reason: string): ConnectError =>
  connectError({ failure: new Failure(kind, reason, "No."), reference: "0" });

describe("the exit code", () => {
  it.each<[FailureKind, string, number]>([
    ["bad-request", "REQUEST_INVALID", 2],
    ["not-found", "RUN_NOT_FOUND", 3],
    ["not-found", "METRIC_NOT_FOUND", 3],
    ["not-found", "ATTEMPT_NOT_FOUND", 3],
    ["not-found", "CONTAINER_NOT_FOUND", 3],
    ["unauthenticated", "TOKEN_MISSING", 4],
    ["unauthenticated", "TOKEN_REFUSED", 4],
    ["denied", "ACCESS_DENIED", 4],
    ["not-found", "LOG_NOT_FOUND", 5],
    ["not-found", "METRIC_HAS_NO_LOG", 5],
    ["not-found", "JOB_NOT_CREATED", 5],
    ["not-found", "JOB_NOT_OF_RUN", 5],
    ["not-yet", "JOB_NOT_STARTED", 5],
    ["not-configured", "NO_SOURCES", 5],
    ["unavailable", "SOURCE_FAILED", 6],
    ["unavailable", "SERVER_SHUTDOWN", 6],
    ["silent", "SOURCE_STALLED", 6],
    ["too-much", "LIMIT_REACHED", 6],
    ["refused", "BACKEND_REFUSED", 6],
    ["damaged", "SOURCE_DAMAGED", 6],
    ["refused", "KUBERNETES_REFUSED", 1],
    ["internal", "INTERNAL", 1],
  ])("for a failure of kind %s, reason %s, is %i", (kind, reason, code) => {
    expect(exitCodeOf(failed(kind, reason))).toBe(code);
  });

  it.each<[Code, number]>([
    [Code.Unknown, 6],
    [Code.Aborted, 6],
    [Code.Unavailable, 6],
    [Code.DeadlineExceeded, 6],
    [Code.NotFound, 6],
    [Code.Unimplemented, 6],
    [Code.FailedPrecondition, 6],
    [Code.Unauthenticated, 4],
    [Code.PermissionDenied, 4],
    [Code.Internal, 1],
    [Code.DataLoss, 1],
  ])("for an error with code %i that is not from a Taffrail server is %i", (code, exit) => {
    expect(exitCodeOf(new ConnectError("HTTP", code))).toBe(exit);
  });

  it("matches the documentation", () => {
    expect(EXIT).toEqual({
      ok: 0,
      other: 1,
      usage: 2,
      noSuchName: 3,
      denied: 4,
      noLog: 5,
      incomplete: 6,
      verificationFailed: 10,
      interrupted: 130,
      brokenPipe: 141,
    });
  });
});
