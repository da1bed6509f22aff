/** What the server says of a session. */
export interface Who {
  readonly username: string;
  /** In how many seconds it expires unless it is renewed; `null`: unknown. */
  readonly expiresIn: number | null;
  readonly expires: string | null;
  /** When it ends even if it is renewed. */
  readonly ends: string | null;
}

export interface RenewalOptions {
  /** Asks the server who is signed in. */
  readonly find: (signal: AbortSignal) => Promise<Response>;
  /** Has the server renew the session. */
  readonly renew: (signal: AbortSignal) => Promise<Response>;
  /** Called for each session that was renewed here or, meanwhile, in another tab. */
  readonly onSession: (who: Who) => void;
}

/** Outcome of a renewal: `unavailable` says that it may work later. */
export type Renewed = "renewed" | "over" | "unavailable";

/** At which part of its time a session is renewed. */
const PART = 0.8;
const RETRY_MS = 30_000;
/** A session that another tab has just renewed is longer good by more than this. */
const SLACK_MS = 5_000;
const LOCK = "taffrail.session";
/** For how long a user who signs in or out waits for a tab that does not give up its renewal. */
const PATIENCE_MS = 5_000;

/**
 * Renews the session before it expires, in one tab at a time: refresh tokens may be good only once.
 *
 * A renewal that fails is repeated as long as the session is good; nobody is signed out by it.
 */
export class Renewal {
  readonly #options: RenewalOptions;
  /** By this browser's clock; in milliseconds since 1970. */
  #expiresAt = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #regaining: Promise<Renewed> | undefined;
  #underWay = new AbortController();

  constructor(options: RenewalOptions) {
    this.#options = options;
  }

  /** Takes over what the server said, and plans the renewal. */
  plan({ expiresIn, expires, ends }: Who): void {
    clearTimeout(this.#timer);
    this.#expiresAt = expiresIn === null ? Number.POSITIVE_INFINITY : Date.now() + expiresIn * 1_000;
    if (expiresIn === null || expires === ends) return;
    this.#timer = setTimeout(() => void this.#renewBefore(), expiresIn * 1_000 * PART);
  }

  /** Forgets the session. */
  stop(): void {
    this.giveUp();
    clearTimeout(this.#timer);
    this.#expiresAt = Number.POSITIVE_INFINITY;
  }

  /** Gives up a renewal that is under way in this tab, as if the server did not answer. */
  giveUp(): void {
    this.#underWay.abort();
    this.#underWay = new AbortController();
  }

  /**
   * Runs what signs in or out: the answer to a renewal would undo that. One of this tab is given up. Those of other tabs
   * are awaited, but not for long.
   */
  async replace<T>(work: () => Promise<T>): Promise<T> {
    this.giveUp();
    const waiting = new AbortController();
    const timer = setTimeout(() => waiting.abort(), PATIENCE_MS);
    const inTurn = (): Promise<T> => {
      clearTimeout(timer);
      return work();
    };
    try {
      return await alone(inTurn, waiting.signal);
    } catch (error) {
      if (waiting.signal.aborted) return await work();
      throw error;
    }
  }

  /** Finds a session that is good: this one, that of another tab, or a renewed one. */
  regain(): Promise<Renewed> {
    this.#regaining ??= this.#renew(() => true).finally(() => {
      this.#regaining = undefined;
    });
    return this.#regaining;
  }

  async #renewBefore(): Promise<void> {
    const expiresAt = this.#expiresAt;
    const outcome = await this.#renew((until) => until > expiresAt + SLACK_MS);
    if (outcome === "renewed" || Date.now() + RETRY_MS >= expiresAt || this.#expiresAt !== expiresAt) return;
    this.#timer = setTimeout(() => void this.#renewBefore(), RETRY_MS);
  }

  /** @param isEnough whether a session that is good until then need not be renewed. */
  #renew(isEnough: (until: number) => boolean): Promise<Renewed> {
    // Of a renewal that waits for other tabs, too.
    const { signal } = this.#underWay;
    return alone(async () => {
      const take = (who: Who): "renewed" => {
        signal.throwIfAborted();
        this.#options.onSession(who);
        return "renewed";
      };
      try {
        signal.throwIfAborted();
        const found = await this.#options.find(signal);
        if (found.ok) {
          const who = (await found.json()) as Who;
          if (isEnough(who.expiresIn === null ? Number.POSITIVE_INFINITY : Date.now() + who.expiresIn * 1_000)) {
            return take(who);
          }
        }
        signal.throwIfAborted();
        const response = await this.#options.renew(signal);
        if (!response.ok) return response.status === 401 ? "over" : "unavailable";
        return take((await response.json()) as Who);
      } catch {
        return "unavailable";
      }
    });
  }
}

/**
 * Runs work while no other tab does. Browsers offer locks only to secure pages.
 *
 * @param patience when to stop waiting for other tabs. @throws its reason then.
 */
async function alone<T>(work: () => Promise<T>, patience?: AbortSignal): Promise<T> {
  if (navigator.locks === undefined) return await work();
  return await navigator.locks.request(LOCK, patience === undefined ? {} : { signal: patience }, work);
}
