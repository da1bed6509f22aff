import { useEffect, useId, useRef } from "react";
import { hereAtLine } from "../session/here.ts";
import { useText } from "../text/text.tsx";
import styles from "./sign-in.module.css";
import { SignInForm } from "./sign-in-form.tsx";

/** Asks the user to sign in again, over the page, which stays. Closes by itself after the sign-in. */
export function SignInDialog() {
  const { signIn: text, keys } = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={title}>
      <h2 id={title}>{text.again}</h2>
      <p className="soft">{text.againWhy}</p>
      <SignInForm next={hereAtLine} />
      <form method="dialog">
        <button type="submit" className="quiet">
          {keys.close}
        </button>
      </form>
    </dialog>
  );
}
