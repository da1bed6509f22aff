import { useEffect, useState } from "react";

/** Milliseconds for which a message is shown. */
const TOAST_MS = 4_000;

/** The current message, or an empty one, and a function to show another. */
export function useToast(): readonly [toast: string, say: (words: string) => void] {
  const [toast, setToast] = useState("");
  useEffect(() => {
    if (toast === "") return;
    const id = setTimeout(() => setToast(""), TOAST_MS);
    return () => clearTimeout(id);
  }, [toast]);
  return [toast, setToast];
}
