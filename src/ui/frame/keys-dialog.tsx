import { lazy, Suspense, useCallback, useId, useMemo, useRef, useState } from "react";
import { useSettings } from "../settings/settings.ts";
import { useText } from "../text/text.tsx";
import styles from "./keys-dialog.module.css";
import { usePageKeys } from "./use-page-keys.ts";

// The names of the keys are loaded when the dialog is first opened.
const KeyTable = lazy(async () => ({ default: (await import("./key-table.tsx")).KeyTable }));

/** The button that opens the list of keys, and its dialog. */
export function KeysDialog() {
  const { keys: text } = useText();
  const { keys: isOn } = useSettings();
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [isAsked, setAsked] = useState(false);
  const open = useCallback(() => {
    setAsked(true);
    dialog.current?.showModal();
  }, []);
  usePageKeys(useMemo(() => ({ "?": open }), [open]));
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
        <Suspense>{isAsked && <KeyTable />}</Suspense>
      </dialog>
    </>
  );
}
