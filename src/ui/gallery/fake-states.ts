import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import {
  AnalysisPhase,
  AnalysisRunSchema,
  ChoicesSchema,
  EndReason,
  EndSchema,
  OriginSchema,
  type SourceAttemptSchema,
  SourceChainSchema,
  SourceFault,
  SourceOutcome,
} from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { LogSelection } from "../run/selection.ts";
import type { LogViewerSummary } from "../viewer/viewer-props.ts";

/** A state of the page with or without a log. */
export interface FakeState {
  /** Milliseconds since the job ended. */
  readonly endedMs: number;
  /** The state of the log. */
  readonly summary: LogViewerSummary;
}

const HOUR_MS = 3_600_000;

/** The state of a log that has ended without a line. */
const NOTHING: LogViewerSummary = {
  state: { kind: "ended" },
  origin: create(OriginSchema, { source: "archive", attemptPhase: AnalysisPhase.FAILED }),
  source: "archive",
  firstError: undefined,
  errors: 0,
  errorAt: 0,
  warnings: 0,
  lines: 0,
  bytes: 0,
  end: undefined,
  looksLike: undefined,
  error: undefined,
};

const stateOf = (summary: Partial<LogViewerSummary>, endedMs = 2 * HOUR_MS): FakeState => ({
  endedMs,
  summary: { ...NOTHING, ...summary },
});
const failed = (error: ConnectError, endedMs?: number): FakeState => stateOf({ error }, endedMs);

interface Details {
  readonly available?: readonly string[];
  readonly sources?: readonly MessageInitShape<typeof SourceAttemptSchema>[];
}

function failure(code: Code, reason: string, message: string, { available, sources }: Details = {}): ConnectError {
  const info = create(ErrorInfoSchema, { reason, domain: "taffrail", metadata: { reference: "3f9a01bc" } });
  return new ConnectError(message, code, undefined, [
    { desc: ErrorInfoSchema, value: info },
    ...(available ? [{ desc: ChoicesSchema, value: create(ChoicesSchema, { available: [...available] }) }] : []),
    ...(sources ? [{ desc: SourceChainSchema, value: create(SourceChainSchema, { attempts: [...sources] }) }] : []),
  ]);
}

/** No source has the log, for a given reason. */
function chain(
  code: Code,
  reason: string,
  outcome: SourceOutcome,
  more: { readonly httpStatus?: number; readonly fault?: SourceFault } = {},
): ConnectError {
  return failure(code, reason, "No log.", { sources: [{ source: "archive", outcome, ...more }] });
}

const { NOT_FOUND, REFUSED, UNAVAILABLE, SILENT } = SourceOutcome;
const missing = chain(Code.NotFound, "LOG_NOT_FOUND", NOT_FOUND, { httpStatus: 404 });
const silent = chain(Code.DeadlineExceeded, "SOURCE_SILENT", SILENT);
const ended = (reason: EndReason) => create(EndSchema, { reason, lines: 2n, bytes: 29n });
const brokenOff = (code: Code, reason: string, end: EndReason): FakeState =>
  stateOf({ lines: 2, bytes: 29, end: ended(end), error: failure(code, reason, "The log broke off.") });

/** States by their names in the tests, which provoke them with real servers. */
export const FAKE_STATES: Readonly<Record<string, FakeState>> = {
  "job-pending": stateOf({
    state: { kind: "waiting", for: "log", message: "Waiting. The image of the container could not be pulled." },
  }),
  "empty-log": stateOf({ end: ended(EndReason.COMPLETE) }),
  "web-page": failed(chain(Code.NotFound, "LOG_NOT_FOUND", NOT_FOUND, { fault: SourceFault.WEB_PAGE })),
  "error-document": failed(chain(Code.NotFound, "LOG_NOT_FOUND", NOT_FOUND, { fault: SourceFault.ERROR_DOCUMENT })),
  "json-answer": stateOf({ lines: 1, bytes: 26, looksLike: "answer" }),
  "right-lost": brokenOff(Code.PermissionDenied, "AUTHORIZATION_LOST", EndReason.AUTHORIZATION_LOST),
  "too-large": brokenOff(Code.ResourceExhausted, "LIMIT_REACHED", EndReason.SERVER_LIMIT_REACHED),
  truncated: brokenOff(Code.Unavailable, "SOURCE_FAILED", EndReason.SOURCE_FAILED),
  damaged: stateOf({
    lines: 2,
    bytes: 29,
    end: ended(EndReason.SOURCE_DAMAGED),
    error: failure(Code.DataLoss, "SOURCE_DAMAGED", "The stored log is damaged from line 3 on."),
  }),
  denied: failed(failure(Code.PermissionDenied, "ACCESS_DENIED", "You may not.")),
  "store-401": failed(chain(Code.Internal, "BACKEND_REFUSED", REFUSED, { httpStatus: 401 })),
  "store-403": failed(chain(Code.Internal, "BACKEND_REFUSED", REFUSED, { httpStatus: 403 })),
  "not-configured": failed(failure(Code.Unimplemented, "NOT_CONFIGURED", "This server has no log sources.")),
  "missing-fresh": failed(missing, 40_000),
  missing: failed(missing),
  nowhere: failed(
    failure(Code.NotFound, "LOG_NOT_FOUND", "No log.", {
      sources: [
        { source: "archive", outcome: NOT_FOUND, httpStatus: 404 },
        { source: "pods", outcome: NOT_FOUND, fault: SourceFault.NO_POD },
        { source: "elsewhere", outcome: SourceOutcome.NOT_MATCHED },
      ],
    }),
  ),
  "pod-evicted": failed(chain(Code.NotFound, "LOG_NOT_FOUND", NOT_FOUND, { fault: SourceFault.POD_ENDED })),
  "job-of-others": failed(failure(Code.NotFound, "JOB_NOT_OF_RUN", "A Job that does not belong to this run.")),
  "job-never-made": failed(failure(Code.NotFound, "JOB_NOT_CREATED", "Attempt 2 ended before there was a Job.")),
  "no-such-attempt": failed(failure(Code.NotFound, "ATTEMPT_NOT_FOUND", "No.", { available: ["1", "2"] })),
  "no-such-container": failed(failure(Code.NotFound, "CONTAINER_NOT_FOUND", "No.", { available: ["test"] })),
  "store-silent": stateOf({
    state: { kind: "waiting", for: "server", tries: 2, of: 8, delayMs: 500, error: silent },
  }),
  "store-500": failed(chain(Code.Unavailable, "SOURCE_UNAVAILABLE", UNAVAILABLE, { httpStatus: 500 })),
  "store-down": failed(
    chain(Code.Unavailable, "SOURCE_UNAVAILABLE", UNAVAILABLE, { fault: SourceFault.CONNECTION_REFUSED }),
  ),
  "store-tls": failed(chain(Code.Unavailable, "SOURCE_UNAVAILABLE", UNAVAILABLE, { fault: SourceFault.TLS })),
  "store-dns": failed(
    chain(Code.Unavailable, "SOURCE_UNAVAILABLE", UNAVAILABLE, { fault: SourceFault.NAME_NOT_RESOLVED }),
  ),
  "store-blocked": failed(chain(Code.Internal, "BACKEND_REFUSED", REFUSED, { fault: SourceFault.ADDRESS_NOT_ALLOWED })),
  "store-redirects": failed(
    chain(Code.Internal, "BACKEND_REFUSED", REFUSED, { httpStatus: 302, fault: SourceFault.REDIRECT }),
  ),
  "cluster-away": failed(failure(Code.Unavailable, "KUBERNETES_UNAVAILABLE", "The API server answers nothing.")),
  "server-fault": failed(failure(Code.Internal, "INTERNAL", "Internal server error.")),
  "too-many-logs": failed(failure(Code.ResourceExhausted, "TOO_MANY_STREAMS", "You have 50 logs or watches open.")),
  "server-away": failed(new ConnectError("The server cannot be reached.", Code.Unavailable)),
  "not-taffrail": failed(new ConnectError("unsupported content type text/html", Code.Unknown)),
};

/** The run of all states, and the log that is selected. */
export function fakeRun(endedMs: number) {
  const endTime = timestampFromMs(Date.now() - endedMs);
  const attempts = [1, 2].map((number) => ({ number, phase: AnalysisPhase.FAILED, endTime }));
  const run = create(AnalysisRunSchema, {
    summary: { namespace: "shop", name: "uat.01kkh640p0djp1kn96jm9e", stage: "uat", phase: AnalysisPhase.FAILED },
    message: 'Metric "integration-test" assessed Failed due to failed (2) > failureLimit (1)',
    metrics: [{ name: "integration-test", provider: "job", phase: AnalysisPhase.FAILED, attempts }],
  });
  const selection: LogSelection = {
    metric: run.metrics[0],
    missing: "",
    attempt: 2,
    container: "test",
    isAll: false,
    allPods: false,
  };
  return { run, selection };
}
