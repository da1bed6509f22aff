import { useEffect, useRef, useState } from "react";

/** Samples a value that changes often, every `ms` milliseconds. */
export function useSlowly<T>(value: T, ms: number): T {
  const [shown, setShown] = useState(value);
  const newest = useRef(value);
  useEffect(() => {
    newest.current = value;
  });
  useEffect(() => {
    const id = setInterval(() => setShown(newest.current), ms);
    return () => clearInterval(id);
  }, [ms]);
  return shown;
}
