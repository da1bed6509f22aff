import { type FormEvent, useId, useState } from "react";
import { useDemo } from "../demo/demo.ts";
import { useServerInfo } from "../session/server-info.ts";
import { SignInRefused, signIn } from "../session/session.ts";
import { useText } from "../text/text.tsx";
import { cleanToken, strangeCharacter } from "./clean-token.ts";
import styles from "./sign-in.module.css";

const KUBECTL = "kubectl create token ACCOUNT";

/** Signs in with a token. The page does not keep the token. */
export function SignInForm({ onDone = () => {} }: { readonly onDone?: () => void }) {
  const { signIn: text } = useText();
  const { contact } = useServerInfo();
  const demo = useDemo();
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const id = useId();

  const go = async (given: string): Promise<void> => {
    setProblem("");
    setBusy(true);
    try {
      await signIn(given);
      setToken("");
      onDone();
    } catch (error) {
      setProblem(error instanceof SignInRefused ? error.message || text.refused : text.unreachable);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const given = cleanToken(token);
    const strange = strangeCharacter(given);
    if (given === "") setProblem(text.nothing);
    else if (strange !== undefined) setProblem(text.strange(strange));
    else void go(given);
  };

  return (
    <div className={styles.form}>
      {demo !== undefined && (
        <>
          <p>{text.demo}</p>
          <div className={styles.people}>
            <button type="button" className="go" disabled={isBusy} onClick={() => void go(demo.viewer)}>
              {text.demoViewer}
            </button>
            <button type="button" className="plain" disabled={isBusy} onClick={() => void go(demo.outsider)}>
              {text.demoOutsider}
            </button>
          </div>
          <hr />
        </>
      )}
      <form onSubmit={submit}>
        <label htmlFor={id}>{text.token}</label>
        <input
          id={id}
          type="password"
          className="mono"
          autoComplete="off"
          spellCheck={false}
          value={token}
          aria-invalid={problem !== ""}
          aria-describedby={`${id}-problem`}
          onChange={(event) => setToken(event.target.value)}
        />
        <p id={`${id}-problem`} className={styles.problem} role="alert">
          {problem}
        </p>
        <button type="submit" className={demo === undefined ? "go" : "plain"} disabled={isBusy}>
          {isBusy ? text.going : text.go}
        </button>
      </form>
      <p className="soft">
        {text.how}
        <br />
        <code className="mono">{KUBECTL}</code>
      </p>
      {contact !== "" && <p className="soft">{text.contact(contact)}</p>}
    </div>
  );
}
