const MAX_FAULTS = 20;

/**
 * The faults in a configuration, one line each, with their positions. The process prints them and exits with status 2.
 */
export class ConfigError extends Error {
  /**
   * Sentences such as `taffrail.yaml:3:1: unknown key "sorces". Did you mean "sources"?`, ordered by
   * position: at most 20, then how many more.
   */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const ordered = [...faults].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
    const more = ordered.length - MAX_FAULTS;
    const listed = more > 0 ? [...ordered.slice(0, MAX_FAULTS), `and ${more} more`] : ordered;
    super(listed.join("\n"));
    this.name = "ConfigError";
    this.faults = listed;
  }
}
