import { MIMEType } from "node:util";
import { SourceError } from "./source-error.ts";

/** The headers of a response, in lower case; repeated ones are lists. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Content codings that cannot be undone here, and their names. Bytes show those that can: gzip and zstd. */
const UNSUPPORTED_CODINGS: ReadonlyMap<string, string> = new Map([
  ["br", "br"],
  ["compress", "compress"],
  ["x-compress", "compress"],
  ["deflate", "deflate"],
]);

/** The media type and the charset of a Content-Type. Parts that cannot be parsed count as absent. */
export function contentTypeOf(headers: AnswerHeaders): { mediaType: string | undefined; charset: string | undefined } {
  try {
    const type = new MIMEType(first(headers["content-type"]) ?? "");
    return { mediaType: type.essence, charset: type.params.get("charset") ?? undefined };
  } catch {
    return { mediaType: undefined, charset: undefined };
  }
}

/**
 * Whether the response is delimited by a length or by chunks, so that a broken connection cannot be mistaken for its
 * end.
 */
export function isDelimited(headers: AnswerHeaders): boolean {
  const transfer = codingsOf(headers["transfer-encoding"]);
  // With any other transfer coding, the body ends with the connection (RFC 9112 §6.3).
  return transfer.length > 0 ? transfer.at(-1) === "chunked" : headers["content-length"] !== undefined;
}

/**
 * The content coding that cannot be undone here, if the response declares one. Anything else in the header, such as
 * `aws-chunked` or a charset, is what somebody's upload said, and codes nothing.
 */
export function unsupportedCoding(headers: AnswerHeaders): string | undefined {
  return codingsOf(headers["content-encoding"])
    .map((each) => UNSUPPORTED_CODINGS.get(each))
    .find((each) => each !== undefined);
}

/** @throws SourceError for every status except 200, 204 and, if a range was requested, 206 and 416. */
export function checkStatus(source: string, status: number, notFoundStatuses: readonly number[], isPart = false): void {
  if (status === 200 || status === 204 || (isPart && (status === 206 || status === 416))) return;
  const outcome = notFoundStatuses.includes(status)
    ? "not-found"
    : status === 429 || status >= 500
      ? "unavailable"
      : "refused";
  throw new SourceError(source, outcome, `answered ${status}`, { httpStatus: status });
}

/**
 * The bytes in the response to a range request (RFC 9110 §14.4); `undefined`: all of them, since the store does not
 * support ranges; `other`: not the requested ones.
 */
export function partOf(
  status: number,
  headers: AnswerHeaders,
  wanted: number,
): { readonly first: number; readonly total: number | undefined } | "other" | undefined {
  if (status !== 206 && status !== 416) return undefined;
  const [, from, total] =
    /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(first(headers["content-range"])?.trim() ?? "") ?? [];
  const known = total === undefined || total === "*" ? undefined : Number(total);
  if (status === 416) return { first: wanted, total: known };
  return Number(from) === wanted && from !== undefined ? { first: wanted, total: known } : "other";
}

/**
 * The target of a redirect, or `undefined` if the response is not one.
 *
 * @throws SourceError unless it has the same scheme, host and port: the operator's credentials are for that origin
 *   only.
 */
export function redirectOf(source: string, from: URL, status: number, headers: AnswerHeaders): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(status)) return undefined;
  const location = first(headers.location);
  const to = location === undefined ? null : URL.parse(location, from);
  if (to?.origin === from.origin) return to;
  throw new SourceError(source, "refused", "redirected to another host", {
    httpStatus: status,
    fault: "redirect",
  });
}

/** The codings in a list, in order, over all headers of that name. */
function codingsOf(value: AnswerHeaders[string]): string[] {
  return [value ?? []]
    .flat()
    .flatMap((each) => each.split(","))
    .map((each) => each.trim().toLowerCase())
    .filter((each) => each !== "");
}

function first(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
