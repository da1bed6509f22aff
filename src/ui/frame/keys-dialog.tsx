import { useCallback, useId, useRef } from "react";
import { useSettings } from "../settings/settings.ts";
import { useText } from "../text/text.tsx";
import { useKeys } from "./keys.ts";
import styles from "./keys-dialog.module.css";

const GROUPS = [
  ["run", ["?", "[ ]", "{ }", "1 … 9", "0"]],
  ["log", ["e E", "w W", "/", "n N", "&", "g G", ":", "f", "z", "t"]],
  ["lines", ["j k", "x", "X", "y", "Y", "Esc"]],
] as const;

/** The button that lists the keys, and its dialog. */
export function KeysDialog() {
  const { keys: text } = useText();
  const { keys: isOn } = useSettings();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const open = useCallback(() => dialog.current?.showModal(), []);
  useKeys({ "?": open });
  return (
    <>
      <button type="button" className={`quiet ${styles.open}`} onClick={open}>
        {text.title} <kbd>?</kbd>
      </button>
      <dialog ref={dialog} className={styles.dialog} aria-labelledby={title}>
        <form method="dialog" className={styles.head}>
          <h2 id={title}>{text.title}</h2>
          <button type="submit" className="quiet">
            {text.close} <kbd>Esc</kbd>
          </button>
        </form>
        {!isOn && <p className="soft">{text.off}</p>}
        <div className={styles.groups}>
          {GROUPS.map(([group, names]) => (
            <section key={group}>
              <h3>{text.groups[group]}</h3>
              <dl>
                {names.map((name) => (
                  <div key={name}>
                    <dt>
                      <kbd>{name}</kbd>
                    </dt>
                    <dd>{text.names[name]}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
      </dialog>
    </>
  );
}
