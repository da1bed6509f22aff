import { useEffect, useRef, useState } from "react";
import { type Goal, readGoal } from "./store/go-to.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface GoToFieldProps {
  readonly onGo: (goal: Goal | undefined) => void;
  readonly onClose: () => void;
  readonly text: ViewerText;
}

/** A field for a line or a time to go to. */
export function GoToField({ onGo, onClose, text }: GoToFieldProps) {
  const [wanted, setWanted] = useState("");
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  return (
    <form
      className={css.goTo}
      onSubmit={(event) => {
        event.preventDefault();
        onGo(readGoal(wanted));
      }}
    >
      <label>
        <span>{text.goTo}</span>
        <input
          ref={input}
          value={wanted}
          placeholder={text.goToHint}
          onChange={(event) => setWanted(event.currentTarget.value)}
          onBlur={onClose}
          onKeyDown={(event) => {
            if (event.key === "Escape") onClose();
          }}
        />
      </label>
    </form>
  );
}
