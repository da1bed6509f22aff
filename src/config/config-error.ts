/** Faults in a configuration: one line for each, with its place. The process says them and ends with status 2. */
export class ConfigError extends Error {
  /** Sentences such as `taffrail.yaml:3:1: there is no key "sorces". Did you mean "sources"?`. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(faults.join("\n"));
    this.name = "ConfigError";
    this.faults = faults;
  }
}
