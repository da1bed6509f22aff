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
  readonly find: () => Promise<Response>;
  /** Has the server renew the session. */
  readonly renew: () => Promise<Response>;
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
    clearTimeout(this.#timer);
    this.#expiresAt = Number.POSITIVE_INFINITY;
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
    return alone(async () => {
      try {
        const found = await this.#options.find();
        if (found.ok) {
          const who = (await found.json()) as Who;
          if (isEnough(who.expiresIn === null ? Number.POSITIVE_INFINITY : Date.now() + who.expiresIn * 1_000)) {
            this.#options.onSession(who);
            return "renewed";
          }
        }
        const response = await this.#options.renew();
        if (!response.ok) return response.status === 401 ? "over" : "unavailable";
        this.#options.onSession((await response.json()) as Who);
        return "renewed";
      } catch {
        return "unavailable";
      }
    });
  }
}

/** Runs work while no other tab does. Browsers offer locks only to secure pages. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks === undefined ? work() : await navigator.locks.request(LOCK, work);
}
