import { type FormEvent, useId, useState } from "react";
import { useDemo } from "../demo/demo.ts";
import { startSignIn } from "../session/provider-sign-in.ts";
import { useServerInfo } from "../session/server-info.ts";
import { SignInRefused, signIn } from "../session/session.ts";
import { useText } from "../text/text.tsx";
import { cleanToken, strangeCharacter } from "./clean-token.ts";
import styles from "./sign-in.module.css";

const KUBECTL = "kubectl create token ACCOUNT";

interface SignInFormProps {
  /** The address to come back to from an identity provider. */
  readonly next: () => string;
  /** Whether the user wants to be another one. Default: no. */
  readonly asOther?: boolean;
}

/** Signs in with an identity provider, or with a token, which the page does not keep. */
export function SignInForm({ next, asOther = false }: SignInFormProps) {
  const { signIn: text } = useText();
  const { contact, identityProviders: providers } = useServerInfo();
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
      {providers.length > 0 && (
        <>
          <div className={styles.people}>
            {providers.map(({ name }) => (
              <button type="button" className="go" key={name} onClick={() => startSignIn(name, next(), asOther)}>
                {text.goWith(name)}
              </button>
            ))}
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
        <button
          type="submit"
          className={demo === undefined && providers.length === 0 ? "go" : "plain"}
          disabled={isBusy}
        >
          {isBusy ? text.going : text.go}
        </button>
      </form>
      <p className="soft">
        {providers.length > 0 ? text.howToo : text.how}
        <br />
        <code className="mono">{KUBECTL}</code>
      </p>
      {contact !== "" && <p className="soft">{text.contact(contact)}</p>}
    </div>
  );
}
