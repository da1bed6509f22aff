import { useId } from "react";
import { Link } from "../routing/link.tsx";
import { signOut, useSession } from "../session/session.ts";
import { changeSettings, type Settings, useSettings } from "../settings/settings.ts";
import { en } from "../text/en.ts";
import { useText } from "../text/text.tsx";
import styles from "./menu.module.css";

/** The menu with the user, the settings and sign-out. The browser opens and closes it, also by Esc. */
export function Menu() {
  const text = useText();
  const session = useSession();
  const settings = useSettings();
  const id = useId();
  const user = session.kind === "in" ? session.user : "";
  const { menu } = text;
  return (
    <>
      <button
        type="button"
        className={`quiet ${styles.open}`}
        popoverTarget={id}
        aria-label={`${menu.title} ${user}`.trim()}
      >
        <span className={styles.user}>{user === "" ? menu.title : user}</span>
        <span aria-hidden="true">▾</span>
      </button>
      <div id={id} popover="auto" className={styles.menu}>
        {user !== "" && <p className="soft">{text.signedInAs(user)}</p>}
        <Choice
          legend={menu.theme}
          value={settings.theme}
          choices={[
            ["system", menu.themes.system],
            ["light", menu.themes.light],
            ["dark", menu.themes.dark],
          ]}
          onChange={(theme) => changeSettings({ theme: theme as Settings["theme"] })}
        />
        <Choice
          legend={menu.language}
          value={settings.language}
          choices={[
            ["system", menu.systemLanguage],
            ["en", en.language],
            ["zh", "中文"],
          ]}
          onChange={(language) => changeSettings({ language: language as Settings["language"] })}
        />
        <Choice
          legend={menu.keys}
          value={settings.keys ? "on" : "off"}
          choices={[
            ["on", menu.keysOn],
            ["off", menu.keysOff],
          ]}
          onChange={(keys) => changeSettings({ keys: keys === "on" })}
        />
        <p className={styles.end}>
          <Link to={{ page: "health" }}>{menu.health}</Link>
          {session.kind === "in" && (
            <button type="button" className="plain" onClick={() => void signOut().catch(() => location.reload())}>
              {menu.signOut}
            </button>
          )}
        </p>
      </div>
    </>
  );
}

interface ChoiceProps {
  readonly legend: string;
  readonly value: string;
  readonly choices: readonly (readonly [value: string, label: string])[];
  onChange(value: string): void;
}

function Choice({ legend, value, choices, onChange }: ChoiceProps) {
  const name = useId();
  return (
    <fieldset className={styles.choice}>
      <legend>{legend}</legend>
      {choices.map(([each, label]) => (
        <label key={each}>
          <input type="radio" name={name} checked={each === value} onChange={() => onChange(each)} />
          {label}
        </label>
      ))}
    </fieldset>
  );
}
