import { useState } from "react";
import { Link } from "../routing/link.tsx";
import { signIn, useSession } from "../session/session.ts";
import { numberText } from "../text/format.ts";
import { useLanguage, useText } from "../text/text.tsx";
import { useLineCount } from "./counting-client.ts";
import { act, type Demo, type DemoAct } from "./demo.ts";
import styles from "./strip.module.css";

/** The demo's buttons for breaking things, and the count of lost and duplicated lines. */
export function DemoStrip({ viewer, outsider, live }: Demo) {
  const { demo: text } = useText();
  const language = useLanguage();
  const session = useSession();
  const { lines, lost, doubled, breaks } = useLineCount();
  const [message, setMessage] = useState("");
  const [isRevoked, setRevoked] = useState(false);
  const isOutsider = session.kind === "in" && session.user === outsider;

  const breakIt = (name: DemoAct): void => {
    act(name).then(
      () => {
        setMessage(text.done[name]);
        if (name === "revoke" || name === "restore") setRevoked(name === "revoke");
      },
      () => setMessage(text.failed),
    );
  };
  const switchUser = (token: string): void => {
    signIn(token).then(
      () => location.reload(),
      () => setMessage(text.failed),
    );
  };
  return (
    <aside className={styles.strip} aria-label={text.label}>
      <b className={styles.label}>{text.label}</b>
      <span className={styles.acts}>
        {live && (
          <Link to={{ page: "run", ...live }} className={styles.button}>
            {text.live}
          </Link>
        )}
        <button type="button" className={styles.button} onClick={() => breakIt("delete-pod")}>
          {text.deletePod}
        </button>
        <button type="button" className={styles.button} onClick={() => breakIt("restart")}>
          {text.restart}
        </button>
        <button type="button" className={styles.button} onClick={() => breakIt("cut")}>
          {text.cut}
        </button>
        <button type="button" className={styles.button} onClick={() => breakIt(isRevoked ? "restore" : "revoke")}>
          {isRevoked ? text.restore : text.revoke}
        </button>
        <button type="button" className={styles.button} onClick={() => switchUser(isOutsider ? viewer : outsider)}>
          {isOutsider ? text.viewer : text.outsider}
        </button>
      </span>
      <span className={styles.said} role="status">
        {message}
      </span>
      {lines > 0 && (
        <span className={styles.count}>
          <b className={lost + doubled > 0 ? styles.bad : styles.good}>
            {text.counter(numberText(lost, language), numberText(doubled, language))}
          </b>{" "}
          {text.counted(numberText(lines, language))}
          {breaks > 0 && `, ${text.breaks(numberText(breaks, language))}`}
        </span>
      )}
    </aside>
  );
}
