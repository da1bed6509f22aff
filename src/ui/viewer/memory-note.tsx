import { useState } from "react";
import { sizeWords } from "./size-words.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface MemoryNoteProps {
  /** Bytes of memory that the log uses. */
  readonly bytes: number;
  /** The number of bytes above which the note is shown. */
  readonly warnsAt: number;
  readonly text: ViewerText;
}

/** A dismissible note that a log uses much of the device's memory. */
export function MemoryNote({ bytes, warnsAt, text }: MemoryNoteProps) {
  const [isRead, setRead] = useState(false);
  if (bytes < warnsAt || isRead) return null;
  return (
    <div className={css.memory} role="status">
      <span>{text.takesMemory(sizeWords(warnsAt))}</span>
      <span className={css.space} />
      <button type="button" className={css.quiet} onClick={() => setRead(true)} aria-label={text.close}>
        ✕
      </button>
    </div>
  );
}
