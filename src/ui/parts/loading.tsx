import { useEffect, useState } from "react";
import { useText } from "../text/text.tsx";
import styles from "./loading.module.css";

/** Milliseconds before the text appears. */
const DELAY_MS = 300;

/** Says that something is loading, after a short delay. */
export function Loading() {
  const text = useText();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), DELAY_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p className={styles.loading} role="status">
      {isLong && text.loading}
    </p>
  );
}
