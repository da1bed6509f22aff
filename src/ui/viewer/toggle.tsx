import css from "./viewer.module.css";

interface ToggleProps {
  readonly name: string;
  readonly sign: string;
  readonly isOn: boolean;
  readonly onToggle: () => void;
  readonly live?: boolean;
}

/** A button that is on or off. */
export function Toggle({ name, sign, isOn, onToggle, live = false }: ToggleProps) {
  return (
    <button
      type="button"
      className={`${css.quiet} ${isOn ? css.on : ""} ${live && isOn ? css.live : ""}`}
      aria-pressed={isOn}
      title={name}
      {...(sign === name ? {} : { "aria-label": /\d/.test(sign) ? `${name}: ${sign}` : name })}
      onClick={onToggle}
    >
      {sign}
    </button>
  );
}
