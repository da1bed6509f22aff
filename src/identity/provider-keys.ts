import { createLocalJWKSet, type JSONWebKeySet } from "jose";
import { type Clock, steadyClock } from "../clock.ts";
import { ProviderFault, providerUnavailable } from "./provider-fault.ts";
import type { ProviderMetadata } from "./provider-metadata.ts";

/** The keys of a provider at one time. */
export type KeySet = ReturnType<typeof createLocalJWKSet>;

/** How it went to read a provider's keys. */
export interface KeysHealth {
  /** The number of keys that tokens are verified with. */
  readonly keys: number;
  /** When they were last read, in milliseconds since 1970. */
  readonly lastSuccessAt: number | undefined;
  /** Why they could not be read the last time, unless that was before the last success. */
  readonly lastFailure: { readonly at: number; readonly message: string } | undefined;
}

export interface ProviderKeysOptions {
  /** The provider's name in the configuration. */
  readonly name: string;
  readonly metadata: Pick<ProviderMetadata, "readKeys">;
  readonly clock: Clock;
  /** Called when the keys cannot be read any longer, with the reason, and when they can be again. Default: nobody is. */
  readonly onChange?: ((fault: unknown) => void) | undefined;
}

/** Until then, keys are used as they are. Then they are read again: one that was withdrawn is not good for longer. */
const FRESH_MS = 5 * 60_000;
/** How long keys stay good while the provider cannot be read. */
const OUTAGE_MS = 24 * 3_600_000;
/** How soon keys may be read again for a token of an unknown key: anybody can send such a token. */
const UNKNOWN_KEY_MS = 10_000;
/** How soon after a failure. */
const RETRY_MS = 5_000;

/**
 * A provider's keys, which are read when they are first needed and again after five minutes, or when a token's key is
 * unknown, at most every ten seconds. While the provider cannot be read, the keys that are known stay good for a day.
 */
export class ProviderKeys {
  readonly #options: ProviderKeysOptions;
  readonly #steady: Clock;
  #current: { readonly keys: KeySet; readonly count: number; readonly readAt: number; readonly at: number } | undefined;
  #failure: { readonly at: number; readonly message: string; readonly cause: unknown } | undefined;
  #mayReadAt = 0;
  #reading: Promise<KeySet> | undefined;

  constructor(options: ProviderKeysOptions) {
    this.#options = options;
    this.#steady = steadyClock(options.clock);
  }

  get health(): KeysHealth {
    return {
      keys: this.#current?.count ?? 0,
      lastSuccessAt: this.#current?.at,
      lastFailure: this.#failure && { at: this.#failure.at, message: this.#failure.message },
    };
  }

  /** Reads the keys, so that operators learn of a fault before users do. A failure is in `health`. */
  async warm(): Promise<void> {
    await this.#read().catch(() => undefined);
  }

  /**
   * Verifies something with the provider's keys, and once more with newer ones if it fails for them.
   *
   * @param isKeyUnknown whether an error of `verify` may mean that the keys are too old.
   * @throws Failure IDENTITY_PROVIDER_UNAVAILABLE; what `verify` throws.
   */
  async verify<T>(verify: (keys: KeySet) => Promise<T>, isKeyUnknown: (error: unknown) => boolean): Promise<T> {
    const keys = await this.#keys();
    try {
      return await verify(keys);
    } catch (error) {
      const newer = isKeyUnknown(error) ? await this.#newerThan(keys) : undefined;
      if (newer === undefined) throw error;
      return verify(newer);
    }
  }

  async #keys(): Promise<KeySet> {
    const known = this.#current;
    if (known === undefined) return this.#readOrThrow();
    const age = this.#steady.now() - known.readAt;
    if (age <= FRESH_MS) return known.keys;
    const isGood = age <= OUTAGE_MS;
    if (this.#failure !== undefined && isGood) {
      // The provider is down: nobody has to wait for it.
      if (this.#mayRead) this.#read().catch(() => undefined);
      return known.keys;
    }
    return this.#readOrThrow().catch((error: unknown) => {
      if (isGood) return known.keys;
      throw error;
    });
  }

  /** @returns `undefined` if the provider was read a moment ago. */
  async #newerThan(keys: KeySet): Promise<KeySet | undefined> {
    if (this.#current !== undefined && this.#current.keys !== keys) return this.#current.keys;
    if (this.#reading === undefined && !this.#mayRead && this.#failure === undefined) return undefined;
    return this.#readOrThrow();
  }

  get #mayRead(): boolean {
    return this.#steady.now() >= this.#mayReadAt;
  }

  async #readOrThrow(): Promise<KeySet> {
    try {
      if (this.#reading === undefined && !this.#mayRead && this.#failure !== undefined) throw this.#failure.cause;
      return await this.#read();
    } catch (error) {
      throw providerUnavailable(this.#options.name, error);
    }
  }

  /** One reading serves all who wait for it. */
  #read(): Promise<KeySet> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<KeySet> {
    const { metadata, clock, onChange } = this.#options;
    try {
      const found = await metadata.readKeys();
      const keys = createLocalJWKSet({ keys: [...found] } as JSONWebKeySet);
      const readAt = this.#steady.now();
      this.#current = { keys, count: found.length, readAt, at: clock.now() };
      if (this.#failure !== undefined) onChange?.(undefined);
      this.#failure = undefined;
      this.#mayReadAt = readAt + UNKNOWN_KEY_MS;
      return keys;
    } catch (cause) {
      if (this.#failure === undefined) onChange?.(cause);
      const message = cause instanceof ProviderFault ? cause.message : "could not be read";
      this.#failure = { at: clock.now(), message, cause };
      this.#mayReadAt = this.#steady.now() + RETRY_MS;
      throw cause;
    }
  }
}
