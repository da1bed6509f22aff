import { Code } from "@connectrpc/connect";
import type { ReactNode } from "react";
import { describeError, type ErrorDescription } from "../../client/describe-error.ts";
import { goTo } from "../place/link.tsx";
import { useServerInfo } from "../session/server-info.ts";
import { signOut } from "../session/session.ts";
import type { Text } from "../text/en.ts";
import { useText } from "../text/text.tsx";
import { CopyButton } from "./copy-button.tsx";
import { StatePage } from "./state-page.tsx";

interface ErrorStateProps {
  readonly error: unknown;
  readonly project?: string;
  readonly isPage?: boolean;
  /** Asks again, where that may help. */
  readonly onAgain?: () => void;
  readonly details?: ReactNode;
  readonly children?: ReactNode;
}

/** A failed call as a page of its own: what, why, and what to do next. */
export function ErrorState({ error, project = "", isPage = false, onAgain, details, children }: ErrorStateProps) {
  const text = useText();
  const { contact } = useServerInfo();
  const described = describeError(error);
  const { title, why, next } = wordsFor(described, text, project, contact);
  const isDenied = described.code === Code.PermissionDenied;
  return (
    <StatePage title={title} why={why} next={next} isBad isPage={isPage} details={details}>
      {children}
      {isDenied && (
        <button type="button" className="go" onClick={() => void changePerson()}>
          {text.states.signInAsOther}
        </button>
      )}
      {onAgain && !isDenied && (
        <button type="button" className="go" onClick={onAgain}>
          {text.again}
        </button>
      )}
      <CopyButton value={() => operatorText(described, location.href)} done={text.noLog.copied}>
        {text.noLog.copyDetails}
      </CopyButton>
    </StatePage>
  );
}

async function changePerson(): Promise<void> {
  await signOut().catch(() => undefined);
  goTo({ page: "sign-in" }, { query: new URLSearchParams({ next: location.pathname + location.search }).toString() });
}

/** What an operator needs to find it again; it holds no secret. */
export function operatorText({ reason, message, reference, sources }: ErrorDescription, address: string): string {
  return [
    message,
    ...sources.map((each) => `source ${each.source}: ${each.message}`),
    `reason ${reason || "-"}, reference ${reference || "-"}`,
    address,
    new Date().toISOString(),
  ].join("\n");
}

interface Words {
  readonly title: string;
  readonly why: string;
  readonly next: string;
}

/** What a failed call means to its reader. The server's own sentence is used where it says more than ours. */
function wordsFor(error: ErrorDescription, text: Text, project: string, contact: string): Words {
  const { states } = text;
  const { code, reason, message, next } = error;
  const theirs = [message, next].filter(Boolean).join(" ");
  switch (reason) {
    case "ACCESS_DENIED":
      return { title: states.denied(project), why: states.deniedWhy, next: states.askAccess(contact) };
    case "BACKEND_REFUSED":
      return { title: states.backendRefused, why: states.backendRefusedWhy, next: ask(contact, text) };
    case "JOB_NOT_OF_RUN":
      return { title: states.jobNotOfRun, why: states.jobNotOfRunWhy, next: ask(contact, text) };
    case "NOT_CONFIGURED":
    case "SOURCES_NONE":
      return { title: states.notConfigured, why: states.notConfiguredWhy, next: ask(contact, text) };
    case "RUN_NOT_FOUND":
      return { title: states.runGone, why: states.runGoneWhy, next: "" };
  }
  switch (code) {
    case Code.PermissionDenied:
      return { title: states.denied(project), why: states.deniedWhy, next: states.askAccess(contact) };
    case Code.Unavailable:
      return reason === ""
        ? { title: navigator.onLine ? states.unreachable : states.offline, why: states.unreachableWhy, next: "" }
        : { title: states.unavailable, why: `${states.unavailableWhy} ${theirs}`, next: "" };
    case Code.ResourceExhausted:
      return { title: states.tooMuch, why: theirs, next: "" };
    case Code.Unimplemented:
      return reason === ""
        ? { title: states.notOurs, why: states.notOursWhy, next: "" }
        : { title: states.notConfigured, why: states.notConfiguredWhy, next: ask(contact, text) };
    default:
      // What has no reason was not said by a server of ours: a web page in place of an answer, for one.
      return reason === ""
        ? { title: states.notOurs, why: states.notOursWhy, next: message }
        : { title: states.wrong, why: theirs, next: "" };
  }
}

function ask(contact: string, { noLog }: Text): string {
  return contact === "" ? "" : noLog.askFor(contact);
}
