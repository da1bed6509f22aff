import { TIME_FORMATS } from "./store/line-time.ts";
import type { ViewState } from "./view-state.ts";
import css from "./viewer.module.css";
import type { ViewerText } from "./viewer-text.ts";

interface TimeFieldProps {
  readonly view: ViewState;
  readonly onView: (next: ViewState) => void;
  readonly text: ViewerText;
}

/** Chooses the format of times. */
export function TimeField({ view, onView, text }: TimeFieldProps) {
  return (
    <label className={css.field}>
      {text.time}
      <select
        value={view.ts}
        onChange={(event) =>
          onView({ ...view, ts: TIME_FORMATS.find((format) => format === event.currentTarget.value) ?? "raw" })
        }
      >
        {TIME_FORMATS.map((format) => (
          <option key={format} value={format}>
            {text.times[format]}
          </option>
        ))}
      </select>
    </label>
  );
}
