import { Code } from "@connectrpc/connect";
import type { ReactNode } from "react";
import { describeError } from "../../client/describe-error.ts";
import { goTo } from "../routing/link.tsx";
import { here } from "../session/here.ts";
import { IS_LOCAL } from "../session/page-kind.ts";
import { useServerInfo } from "../session/server-info.ts";
import { signOut } from "../session/session.ts";
import { useText } from "../text/text.tsx";
import { CopyButton } from "./copy-button.tsx";
import { failureWords } from "./failure-words.ts";
import { operatorText } from "./operator-text.ts";
import { StatePage, type Trying } from "./state-page.tsx";
import { useRetry } from "./use-retry.ts";

interface ErrorStateProps {
  readonly error: unknown;
  readonly project?: string;
  readonly isPage?: boolean;
  /** Retries; absent if that cannot help. */
  readonly onAgain?: () => void;
  /** Whether a retry is in progress. */
  readonly isAsking?: boolean;
  readonly trying?: Trying | undefined;
  /** Whether the caller retries by itself, so that there is no countdown here. */
  readonly repeats?: boolean;
  readonly details?: ReactNode;
}

const NEVER = (): void => {};

/** Explains a failed call: what, why, and what to do next. */
export function ErrorState(props: ErrorStateProps) {
  const { error, project = "", isPage = false, onAgain, isAsking = false, trying, repeats = false, details } = props;
  const text = useText();
  const { contact } = useServerInfo();
  const described = describeError(error);
  const { title, why, next, mayPass } = failureWords(described, text, project, contact);
  const isDenied = described.code === Code.PermissionDenied;
  const isNotOurs = described.reason === "" && !mayPass;
  const retry = useRetry(mayPass && onAgain !== undefined && !repeats, onAgain ?? NEVER, isAsking);
  return (
    <StatePage
      title={title}
      why={why}
      next={next}
      retry={retry}
      isAsking={isAsking}
      trying={trying}
      isBad
      isPage={isPage}
      details={details}
    >
      {isDenied && !IS_LOCAL && (
        <button type="button" className="go" onClick={() => void changeUser()}>
          {text.states.signInAsOther}
        </button>
      )}
      {isNotOurs && (
        <button type="button" className="go" onClick={() => location.reload()}>
          {text.states.reload}
        </button>
      )}
      {onAgain && !isDenied && !isNotOurs && (
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

async function changeUser(): Promise<void> {
  await signOut({ stay: true }).catch(() => undefined);
  goTo({ page: "sign-in" }, { query: new URLSearchParams({ next: here(), other: "1" }).toString() });
}
