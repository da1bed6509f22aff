import type { HttpTimeouts } from "../egress/http-connections.ts";
import { requestFailure } from "./http-failure.ts";
import { NoCredentials } from "./s3-credentials.ts";
import { SourceError } from "./source-error.ts";

/** What the SDK throws if the store answered with an error. */
interface SdkError extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  /** The region to use, in errors about it. */
  readonly Region?: string;
  readonly StorageClass?: string;
}

export interface S3FailureOptions {
  /** The source's name. */
  readonly source: string;
  readonly timeouts: HttpTimeouts;
  /** The statuses that mean that there is no such object. */
  readonly notFound: readonly number[];
}

const SKEWED = "does not accept this server's clock: it differs from the store's by more than 15 minutes";
const WRONG_KEY =
  "does not accept this server's signature: the secret access key does not belong to the access key, or a proxy " +
  "changes requests";
const UNKNOWN_KEY = "does not know this server's access key";
const EXPIRED = "says that this server's credentials have expired";

/** Errors that say more than their status: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html. */
const REFUSALS: Readonly<Record<string, string>> = {
  AccessDenied: "does not allow this server to read there",
  AccountProblem: "says that there is a problem with the account of this server's credentials",
  AllAccessDisabled: "has disabled all access to the bucket",
  ExpiredToken: EXPIRED,
  ExpiredTokenException: EXPIRED,
  InvalidAccessKeyId: UNKNOWN_KEY,
  InvalidToken: "does not accept this server's session token",
  RequestExpired: SKEWED,
  RequestTimeTooSkewed: SKEWED,
  SignatureDoesNotMatch: WRONG_KEY,
  // versitygw's word for an access key that it does not know.
  XAdminUserNotFound: UNKNOWN_KEY,
};

/** Errors that mean that there is no object, or may mean it. */
const ABSENCES: ReadonlySet<string> = new Set(["AccessDenied", "Forbidden", "NoSuchKey", "NoSuchVersion", "NotFound"]);

const REGION_ERRORS: ReadonlySet<string> = new Set([
  "PermanentRedirect",
  "TemporaryRedirect",
  "AuthorizationHeaderMalformed",
  "IllegalLocationConstraintException",
]);

/** Whether the store asks to be asked less often. */
export function isThrottling(error: unknown): boolean {
  const status = statusOf(error);
  return status === 503 || status === 429 || nameOf(error) === "SlowDown";
}

/** The error of a request to a bucket. */
export function s3Failure(cause: unknown, { source, timeouts, notFound }: S3FailureOptions): SourceError {
  if (cause instanceof SourceError) return cause;
  const httpStatus = statusOf(cause);
  const fail = (outcome: SourceError["outcome"], did: string, fault?: "redirect") =>
    new SourceError(source, outcome, did, {
      cause,
      ...(httpStatus !== undefined && { httpStatus }),
      ...(fault !== undefined && { fault }),
    });
  if (cause instanceof NoCredentials) return withoutCredentials(cause, source, timeouts);
  if (httpStatus === undefined) return requestFailure(source, cause, timeouts);

  const name = nameOf(cause);
  if (name === "InvalidObjectState") {
    return fail("not-found", "has the log in its archive, where it cannot be read now: it has to be restored first");
  }
  if (name === "NoSuchBucket") return fail("not-found", "has no such bucket");
  // Some stores answer 404 to an access key that they do not know, so the status alone does not count.
  if (notFound.includes(httpStatus) && (ABSENCES.has(name) || name.startsWith("Status")))
    return fail("not-found", `answered ${httpStatus}`);
  if (REGION_ERRORS.has(name) || (httpStatus >= 300 && httpStatus < 400)) {
    const region = regionOf(cause);
    const where = region === undefined ? "" : `, ${region}`;
    return fail(
      "refused",
      `keeps the bucket in another region${where}: an operator has to change \`region\``,
      "redirect",
    );
  }
  if (isThrottling(cause)) return fail("unavailable", "asked this server to slow down");
  if (httpStatus >= 500) return fail("unavailable", `answered ${httpStatus}`);
  return fail("refused", REFUSALS[name] ?? `answered ${httpStatus}`);
}

function withoutCredentials({ cause }: NoCredentials, source: string, timeouts: HttpTimeouts): SourceError {
  const status = statusOf(cause);
  if (status !== undefined) {
    const did = `was not asked: the service that gives out AWS credentials answered ${status}`;
    return new SourceError(source, status >= 500 ? "unavailable" : "refused", did, { cause });
  }
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  if (code !== undefined && code !== "ENOENT") {
    const { outcome, did } = requestFailure(source, cause, timeouts);
    return new SourceError(source, outcome, `was not asked: the service that gives out AWS credentials ${did}`, {
      cause,
    });
  }
  return new SourceError(source, "refused", "was not asked: this server has no AWS credentials for it", { cause });
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error ? (error as SdkError).$metadata?.httpStatusCode : undefined;
}

/** The region that an error names, if it can be one. */
function regionOf(error: unknown): string | undefined {
  const { Region, $response } = error as SdkError;
  const region = Region ?? $response?.headers?.["x-amz-bucket-region"] ?? "";
  return /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/.test(region) ? region : undefined;
}
