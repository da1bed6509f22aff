import { MIMEType } from "node:util";
import { SourceError } from "./source-error.ts";

/** The headers of a response, in lower case; repeated ones are lists. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Content codings that the decompression step detects by their first bytes. */
const KNOWN_CODINGS: ReadonlySet<string> = new Set(["gzip", "x-gzip", "zstd"]);

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

/** @throws SourceError if the body has a content coding that cannot be decoded here. */
export function checkCoding(source: string, headers: AnswerHeaders): void {
  const codings = codingsOf(headers["content-encoding"]).filter((each) => each !== "identity");
  if (codings.length === 0 || (codings.length === 1 && KNOWN_CODINGS.has(codings[0] ?? ""))) return;
  throw new SourceError(source, "refused", "sent the log in a compression that is not supported; gzip and zstd are");
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
