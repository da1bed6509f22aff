import { type SourceAttempt, SourceFault, SourceOutcome } from "../../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { ErrorDescription } from "../../client/describe-error.ts";
import { verbatim } from "../../client/emphasis.ts";
import type { Text } from "../text/en.ts";

/** The outcome of asking one source, in the user's language. */
export function sourceWords(attempt: SourceAttempt, { noLog }: Text): string {
  return noLog.source(attempt.source, outcomeWords(attempt, noLog));
}

function outcomeWords(attempt: SourceAttempt, { faults, outcomes }: Text["noLog"]): string {
  const { source, outcome, httpStatus, message, fault } = attempt;
  // The source's name is shown before it.
  const theirs = verbatim(message.startsWith(`Source "${source}" `) ? message.slice(source.length + 10) : message);
  switch (fault) {
    case SourceFault.NAME_NOT_RESOLVED:
      return faults.nameNotResolved;
    case SourceFault.CONNECTION_REFUSED:
      return faults.connectionRefused;
    case SourceFault.CONNECTION_CLOSED:
      return faults.connectionClosed;
    case SourceFault.TLS:
      return faults.tls;
    case SourceFault.ADDRESS_NOT_ALLOWED:
      return faults.addressNotAllowed;
    case SourceFault.NOT_HTTP:
      return faults.notHttp;
    case SourceFault.REDIRECT:
      return faults.redirect(httpStatus);
    case SourceFault.NO_POD:
      return faults.noPod;
    case SourceFault.LOG_REMOVED:
      return faults.logRemoved;
    case SourceFault.POD_ENDED:
      return faults.podEnded;
    case SourceFault.NEVER_STARTED:
      return faults.neverStarted;
    case SourceFault.WEB_PAGE:
      return faults.webPage;
    case SourceFault.ERROR_DOCUMENT:
      return faults.errorDocument;
  }
  switch (outcome) {
    case SourceOutcome.NOT_MATCHED:
      return outcomes.notMatched;
    case SourceOutcome.VARIABLE_MISSING:
      return outcomes.variableMissing;
    case SourceOutcome.VALUE_REFUSED:
      return outcomes.valueRefused;
    case SourceOutcome.NOT_FOUND:
      return httpStatus > 0 ? outcomes.notFoundStatus(httpStatus) : theirs || outcomes.notFound;
    case SourceOutcome.REFUSED:
      return httpStatus > 0 ? outcomes.refusedStatus(httpStatus) : theirs || outcomes.refused;
    case SourceOutcome.UNAVAILABLE:
      return httpStatus > 0 ? outcomes.unavailableStatus(httpStatus) : theirs || outcomes.unavailable;
    case SourceOutcome.SILENT:
      return outcomes.silent;
    case SourceOutcome.NOT_YET:
      return outcomes.notYet;
    case SourceOutcome.DAMAGED:
      return outcomes.damaged;
    default:
      return theirs || outcomes.unknown;
  }
}

/** One sentence that explains why there is no log. For names that do not exist it is the server's own message. */
export function whyNoLog({ reason, sources, message }: ErrorDescription, { noLog, states }: Text): string {
  const has = (fault: SourceFault): boolean => sources.some((each) => each.fault === fault);
  switch (reason) {
    case "BACKEND_REFUSED":
      if (has(SourceFault.ADDRESS_NOT_ALLOWED)) return noLog.whys.addressNotAllowed;
      return has(SourceFault.REDIRECT) ? noLog.whys.redirect : states.backendRefusedWhy;
    case "SOURCE_UNAVAILABLE":
      if (has(SourceFault.TLS)) return noLog.whys.tls;
      return has(SourceFault.NAME_NOT_RESOLVED) ? noLog.whys.nameNotResolved : states.unavailableWhy;
    case "SOURCE_SILENT":
      return noLog.whys.silent;
    case "LOG_NOT_FOUND":
      if (has(SourceFault.WEB_PAGE)) return noLog.whys.webPage;
      return has(SourceFault.ERROR_DOCUMENT) ? noLog.whys.errorDocument : noLog.whys.missing;
    case "SOURCE_DAMAGED":
      return noLog.whys.damaged;
    case "LOG_NOT_YET":
      return noLog.outcomes.notYet;
    case "METRIC_NOT_FOUND":
      return noLog.whys.noSuchMetric;
    case "ATTEMPT_NOT_FOUND":
      return noLog.whys.noSuchAttempt;
    case "CONTAINER_NOT_FOUND":
      return noLog.whys.noSuchContainer;
    default:
      return verbatim(message);
  }
}

/** Whether a source answered with a document in place of the log, which can be shown. */
export function hasDocument({ sources }: ErrorDescription): boolean {
  return sources.some(({ fault }) => fault === SourceFault.WEB_PAGE || fault === SourceFault.ERROR_DOCUMENT);
}

/** Whether a retry may find the log; if not, an operator is needed. */
export function mayComeBack({ reason, sources }: ErrorDescription): boolean {
  if (reason === "SOURCE_SILENT" || reason === "LOG_NOT_YET") return true;
  return reason === "SOURCE_UNAVAILABLE" && !sources.some(({ fault }) => fault === SourceFault.TLS);
}
