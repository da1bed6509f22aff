import { useEffect, useRef } from "react";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

/** Lists the keys. */
export function KeyList({
  isOn,
  onClose,
  text,
}: {
  readonly isOn: boolean;
  readonly onClose: () => void;
  readonly text: ViewerText;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} className={css.keys} aria-label={text.keys} onClose={onClose}>
      <form method="dialog">
        <h2>{text.keys}</h2>
        <button type="submit" className={css.quiet}>
          {text.close} <kbd>Esc</kbd>
        </button>
      </form>
      {!isOn && <p>{text.keysOff}</p>}
      <dl>
        {text.keyNames.map(([keys, action]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{action}</dd>
          </div>
        ))}
      </dl>
    </dialog>
  );
}
