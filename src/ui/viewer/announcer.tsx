import { useEffect, useState } from "react";
import css from "./viewer.module.css";

/** Milliseconds between two things that are said. */
const PAUSE_MS = 5_000;

/** Says the newest of what is told, politely and not too often, to those who listen. */
export function Announcer({ message }: { readonly message: string }) {
  const [said, setSaid] = useState({ message: "", at: Number.NEGATIVE_INFINITY });
  useEffect(() => {
    if (message === said.message) return;
    const wait = Math.max(0, said.at + PAUSE_MS - performance.now());
    const id = setTimeout(() => setSaid({ message, at: performance.now() }), wait);
    return () => clearTimeout(id);
  }, [message, said]);
  return (
    <div className={css.unheard} role="status" aria-live="polite">
      {said.message}
    </div>
  );
}
