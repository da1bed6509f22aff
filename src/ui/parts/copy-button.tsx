import { type ReactNode, useEffect, useState } from "react";
import { useText } from "../text/text.tsx";

const SHOWN_MS = 2_000;

interface CopyButtonProps {
  readonly className?: string;
  /** What is copied. */
  readonly value: () => string;
  /** What it says once it is done. */
  readonly done: string;
  readonly children: ReactNode;
}

/** Copies a text, and says so. */
export function CopyButton({ className = "plain", value, done, children }: CopyButtonProps) {
  const text = useText();
  const [said, setSaid] = useState("");
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = (): void => {
    const written = navigator.clipboard?.writeText(value()) ?? Promise.reject(new Error("no clipboard"));
    written.then(
      () => setSaid(done),
      () => setSaid(text.notCopied),
    );
  };
  return (
    <>
      <button type="button" className={className} onClick={copy}>
        {said || children}
      </button>
      <span className="hidden" role="status">
        {said}
      </span>
    </>
  );
}
