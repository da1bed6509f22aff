import { type ReactNode, useEffect, useState } from "react";
import { useText } from "../text/text.tsx";

const SHOWN_MS = 2_000;

interface CopyButtonProps {
  readonly className?: string;
  /** The text to copy. */
  readonly value: () => string;
  /** The button's text after copying. */
  readonly done: string;
  readonly children: ReactNode;
}

/** A button that copies a text and confirms it. */
export function CopyButton({ className = "plain", value, done, children }: CopyButtonProps) {
  const text = useText();
  const [confirmation, setConfirmation] = useState("");
  useEffect(() => {
    if (confirmation === "") return;
    const timer = setTimeout(() => setConfirmation(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [confirmation]);
  const copy = (): void => {
    const written = navigator.clipboard?.writeText(value()) ?? Promise.reject(new Error("no clipboard"));
    written.then(
      () => setConfirmation(done),
      () => setConfirmation(text.notCopied),
    );
  };
  return (
    <>
      <button type="button" className={className} onClick={copy}>
        {confirmation || children}
      </button>
      <span className="hidden" role="status">
        {confirmation}
      </span>
    </>
  );
}
