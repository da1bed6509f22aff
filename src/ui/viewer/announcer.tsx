import { useEffect, useState } from "react";
import css from "./viewer.module.css";

/** Milliseconds between two announcements. */
const PAUSE_MS = 5_000;

/** Announces the newest message to screen readers, politely and not too often. */
export function Announcer({ message }: { readonly message: string }) {
  const [announced, setAnnounced] = useState({ message: "", at: Number.NEGATIVE_INFINITY });
  useEffect(() => {
    if (message === announced.message) return;
    const wait = Math.max(0, announced.at + PAUSE_MS - performance.now());
    const id = setTimeout(() => setAnnounced({ message, at: performance.now() }), wait);
    return () => clearTimeout(id);
  }, [message, announced]);
  return (
    <div className={css.unheard} role="status" aria-live="polite">
      {announced.message}
    </div>
  );
}
