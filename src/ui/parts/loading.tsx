import { useEffect, useState } from "react";
import { useText } from "../text/text.tsx";
import styles from "./loading.module.css";

/** Before it says that something is loading: what comes sooner shows itself. */
const QUIET_MS = 300;

/** Says that something is loading, once it takes long enough to be worth saying. */
export function Loading() {
  const text = useText();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLong(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p className={styles.loading} role="status">
      {isLong && text.loading}
    </p>
  );
}
