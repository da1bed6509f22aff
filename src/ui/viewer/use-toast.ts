import { useEffect, useState } from "react";

/** Milliseconds for which a short message stands. */
const TOAST_MS = 4_000;

/** A short message, empty where there is none, and how to say another. */
export function useToast(): readonly [toast: string, say: (words: string) => void] {
  const [toast, setToast] = useState("");
  useEffect(() => {
    if (toast === "") return;
    const id = setTimeout(() => setToast(""), TOAST_MS);
    return () => clearTimeout(id);
  }, [toast]);
  return [toast, setToast];
}
