import { Failure, type FailureDetails } from "./failure.ts";

/**
 * The one table from a limit whose refusals are counted to their reason, in the order of docs/configuration.md. A limit
 * is called like its setting; those without one have a name of the same form.
 */
export const LIMITS = {
  "limits.streams": "TOO_MANY_STREAMS",
  "limits.streamsPerCaller": "TOO_MANY_STREAMS",
  "limits.publicStreams": "TOO_MANY_STREAMS",
  "limits.publicStreamsPerAddress": "TOO_MANY_STREAMS",
  "limits.publicRequestsPerAddress": "TOO_MANY_REQUESTS",
  "reflection.requests": "TOO_MANY_REQUESTS",
  /** The connection is closed without a word. */
  "limits.connections": "",
  "limits.callsPerCaller": "TOO_MANY_CALLS",
  "limits.signInsPerAddress": "TOO_MANY_SIGN_INS",
  "limits.signIns": "TOO_MANY_SIGN_INS",
  "kubernetes.waiting": "SERVER_BUSY",
  "kubernetes.watched": "LIMIT_REACHED",
  "sources.connections": "SOURCE_BUSY",
  "limits.logBytes": "LIMIT_REACHED",
  "limits.decompressionRatio": "LIMIT_REACHED",
  "limits.readerStall": "READER_STALLED",
  /** Of a wait for the next attempt. Other waits end with the reason of what is missing. */
  "limits.wait": "LIMIT_REACHED",
  "request.bytes": "LIMIT_REACHED",
  "request.time": "REQUEST_TOO_SLOW",
} as const satisfies Readonly<Record<string, string>>;

export type LimitName = keyof typeof LIMITS;

/** The failure of what exceeds a limit. `message` names its value. */
export function limitExceeded(limit: LimitName, message: string, details: FailureDetails = {}): Failure {
  return new Failure("too-much", LIMITS[limit], message, { ...details, limit });
}

/** The limit behind a failure. If a refusal does not name one, the first with its reason. */
export function limitOf({ kind, reason, limit }: Pick<Failure, "kind" | "reason" | "limit">): LimitName | undefined {
  if (limit !== undefined || kind !== "too-much") return limit;
  return (Object.keys(LIMITS) as LimitName[]).find((each) => reason !== "" && LIMITS[each] === reason);
}

/** The limit on sign-ins, and on rejected tokens: that of one address, or of all. */
export function signInLimit(of: "key" | "total"): LimitName {
  return of === "key" ? "limits.signInsPerAddress" : "limits.signIns";
}
