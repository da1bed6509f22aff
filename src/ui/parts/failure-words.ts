import { Code } from "@connectrpc/connect";
import type { ErrorDescription } from "../../client/describe-error.ts";
import type { Text } from "../text/en.ts";
import { type FailureWords, unreachable } from "./unreachable.ts";

/**
 * Explains a failed call to the user. The server's own message is used where it says more than ours.
 *
 * @param contact whom to ask; empty if the server does not say.
 */
export function failureWords(error: ErrorDescription, text: Text, project: string, contact: string): FailureWords {
  const { states, noLog } = text;
  const { code, reason, message, reference } = error;
  const theirs = [message, error.next].filter(Boolean).join(" ");
  const tell = noLog.tell(contact, reference);
  const forOperators = (title: string, why: string): FailureWords => ({ title, why, next: tell, mayPass: false });
  const passing = (title: string, why: string): FailureWords => ({
    title,
    why,
    next: noLog.ifItStays(contact, reference),
    mayPass: true,
  });
  switch (reason) {
    case "ACCESS_DENIED":
    case "AUTHORIZATION_LOST":
      return denied();
    // Only the server's words say what has to change.
    case "GROUPS_OMITTED":
      return { title: states.denied(project), why: theirs, next: "", mayPass: false };
    case "BACKEND_REFUSED":
      return forOperators(states.backendRefused, states.backendRefusedWhy);
    case "JOB_NOT_OF_RUN":
      return forOperators(states.jobNotOfRun, states.jobNotOfRunWhy);
    case "JOB_NOT_CREATED":
      return {
        title: states.jobNotCreated,
        why: states.jobNotCreatedWhy,
        next: states.jobNotCreatedNext,
        mayPass: false,
      };
    case "NOT_CONFIGURED":
      return forOperators(states.notConfigured, states.notConfiguredWhy);
    case "RUN_NOT_FOUND":
      return { title: states.runGone, why: states.runGoneWhy, next: "", mayPass: false };
    case "KUBERNETES_UNAVAILABLE":
      return passing(states.clusterAway, states.clusterAwayWhy);
    case "KUBERNETES_REFUSED":
      return forOperators(states.clusterRefused, states.clusterRefusedWhy);
    case "SERVER_SHUTDOWN":
      return passing(states.restarting, states.restartingWhy);
    case "TOO_MANY_STREAMS":
      return { title: states.tooMuch, why: states.tooMuchWhy, next: states.tooMuchNext, mayPass: true };
    case "NAME_INVALID":
    case "REQUEST_INVALID":
      return { title: states.nothing, why: states.nameInvalidWhy, next: "", mayPass: false };
    case "INTERNAL":
      return forOperators(states.wrong, states.wrongWhy);
  }
  switch (code) {
    case Code.PermissionDenied:
      return denied();
    case Code.Unavailable:
      return reason === "" ? unreachable(text) : passing(states.unavailable, states.unavailableWhy);
    case Code.ResourceExhausted:
      return passing(states.tooMuch, theirs);
    case Code.DeadlineExceeded:
      return passing(states.unavailable, theirs);
  }
  // An error without a reason does not come from a Taffrail server: it may be a proxy's web page.
  if (reason === "") return { title: states.notOurs, why: states.notOursWhy, next: states.notOursNext, mayPass: false };
  return forOperators(states.wrong, theirs);

  function denied(): FailureWords {
    return { title: states.denied(project), why: states.deniedWhy, next: states.askAccess(contact), mayPass: false };
  }
}
