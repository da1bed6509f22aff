import { useId } from "react";
import { useText } from "../text/text.tsx";
import { isFiltered, PHASES, type RunFilter, TIMES } from "./run-filter.ts";
import styles from "./runs.module.css";

interface RunFiltersProps {
  readonly filter: RunFilter;
  readonly stages: readonly string[];
  onChange(filter: RunFilter): void;
}

/** The form for filtering runs. */
export function RunFilters({ filter, stages, onChange }: RunFiltersProps) {
  const { runs: text, phases } = useText();
  const known = filter.stage && !stages.includes(filter.stage) ? [...stages, filter.stage] : stages;
  const set = (name: keyof RunFilter, value: string): void => {
    const { [name]: _, ...rest } = filter;
    onChange({ ...rest, ...(value !== "" && { [name]: value }) });
  };
  return (
    <fieldset className={styles.filters}>
      <legend className="hidden">{text.filters}</legend>
      <Select
        label={text.stage}
        value={filter.stage}
        choices={[["", text.anyStage], ...known.map((each) => [each, each] as const)]}
        onChange={(value) => set("stage", value)}
      />
      <Select
        label={text.phase}
        value={filter.phase}
        choices={[["", text.anyPhase], ...PHASES.map((each) => [each, phases[each]] as const)]}
        onChange={(value) => set("phase", value)}
      />
      <Select
        label={text.time}
        value={filter.time}
        choices={[["", text.times.all], ...TIMES.map((each) => [each, text.times[each]] as const)]}
        onChange={(value) => set("time", value)}
      />
      {filter.freight && (
        <span>
          {text.freight} <b className="mono">{filter.freight.slice(0, 7)}</b>
        </span>
      )}
      {isFiltered(filter) && (
        <button type="button" className="quiet" onClick={() => onChange({})}>
          {text.clear}
        </button>
      )}
    </fieldset>
  );
}

interface SelectProps {
  readonly label: string;
  readonly value: string | undefined;
  readonly choices: readonly (readonly [value: string, label: string])[];
  onChange(value: string): void;
}

function Select({ label, value = "", choices, onChange }: SelectProps) {
  const id = useId();
  return (
    <span className={styles.select}>
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {choices.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}
