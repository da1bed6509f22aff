import type { LogCursor } from "./position.ts";

type States = LogCursor["containers"];

/** So many logs are copied at each change; of more, only the changes are kept. */
const FEW = 8;
const MAX_CHANGES = 256;

/** How far each log of an attempt was read. Snapshots are cheap: they share what they have in common. */
export class LogStates {
  #base: States;
  #size: number;
  #changes: [key: string, state: States[string]][] = [];

  constructor(states: States = {}) {
    this.#base = states;
    this.#size = Object.keys(states).length;
  }

  /** Whether cursors are long. */
  get areMany(): boolean {
    return this.#size > FEW;
  }

  set(key: string, state: States[string]): void {
    // Nearly always, one log is read.
    if (this.#size === 0 || (this.#size === 1 && key in this.#base)) {
      this.#base = { [key]: state };
      this.#size = 1;
    } else if (this.#size <= FEW || this.#changes.length === MAX_CHANGES) {
      this.#base = { ...this.snapshot()(), [key]: state };
      this.#size = Object.keys(this.#base).length;
      this.#changes = [];
    } else this.#changes.push([key, state]);
  }

  /** The states as they are now. `undefined` if they would have to be copied for it: see `snapshot`. */
  get now(): States | undefined {
    return this.#changes.length === 0 ? this.#base : undefined;
  }

  /** Returns the states as they are now, on demand. */
  snapshot(): () => States {
    const base = this.#base;
    const changes = this.#changes;
    const { length } = changes;
    // Changes are only added.
    return () => (length === 0 ? base : { ...base, ...Object.fromEntries(changes.slice(0, length)) });
  }
}
