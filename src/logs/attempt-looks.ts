import type { Changes, ChangesReader, Watched } from "./changes.ts";
import type { AttemptView } from "./view.ts";

export interface AttemptLooksOptions {
  /** The attempt as it is. */
  readonly view: AttemptView;
  /** Looks the attempt up: a GET of its run, and a LIST of the run's pods if a source reads pods. */
  readonly look: () => Promise<AttemptView>;
  /** What to watch for changes of a view. */
  readonly watchedBy: (view: AttemptView) => Watched;
  readonly changes: Changes;
  /** Called after each look. */
  readonly onLook: (view: AttemptView) => void;
}

/** The result of a look. */
interface Looked {
  /** How many changes had been reported when it began. */
  readonly version: number;
  readonly result: Promise<AttemptView>;
}

/**
 * An attempt as it is now, for all who read its logs: it is looked up once after each change that a watch reports, and
 * not between them. Polling a store costs the API server nothing.
 */
export class AttemptLooks {
  readonly #options: AttemptLooksOptions;
  #view: AttemptView;
  /** The last look that began, and whether it is in progress. */
  #last: Looked | undefined;
  #isLooking = false;
  /** Whether changes since the last look were not watched. */
  #isStale = false;

  constructor(options: AttemptLooksOptions) {
    this.#options = options;
    this.#view = options.view;
  }

  /** The attempt as it was when it was last looked up. */
  get view(): AttemptView {
    return this.#view;
  }

  /**
   * Returns the attempt as it is.
   *
   * The first look is made without a watch, since many logs end with it; the watch begins with the second.
   *
   * @throws what the look throws, until something changes.
   */
  async now(): Promise<AttemptView> {
    const { changes, watchedBy } = this.#options;
    const watched = watchedBy(this.#view);
    if (!changes.isWatching(watched)) {
      if (this.#last !== undefined) changes.watch(watched);
      this.#isStale = true;
    }
    const { version } = changes;
    for (;;) {
      const last = this.#last;
      if (last !== undefined && !this.#isStale && last.version >= version) return last.result;
      if (last === undefined || !this.#isLooking) return this.#look();
      // It began before the change.
      await last.result.catch(() => undefined);
    }
  }

  /** Waits for changes since the last look. */
  reader(): ChangesReader {
    const { changes, watchedBy } = this.#options;
    return changes.reader(() => watchedBy(this.#view), this.#last?.version);
  }

  #look(): Promise<AttemptView> {
    const { look, changes, onLook } = this.#options;
    const { version } = changes;
    this.#isLooking = true;
    this.#isStale = false;
    const result = look().then((view) => {
      this.#view = view;
      onLook(view);
      return view;
    });
    this.#last = { version, result };
    const end = (): void => {
      this.#isLooking = false;
    };
    result.then(end, end);
    return result;
  }
}
