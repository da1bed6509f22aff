import { keyNames } from "../text/key-names.ts";
import { useLanguage } from "../text/text.tsx";
import styles from "./keys-dialog.module.css";

/** A table of all keys. */
export function KeyTable() {
  return (
    <div className={styles.groups}>
      {keyNames(useLanguage()).map(({ title, keys }) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl>
            {keys.map(([names, does]) => (
              <div key={names}>
                <dt>
                  <kbd>{names}</kbd>
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}
