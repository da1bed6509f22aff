import { Code, ConnectError } from "@connectrpc/connect";
import { isRetryable } from "../../client/retry.ts";
import { sleep, systemTimer, type Timer } from "../../client/sleep.ts";

/** How something is kept up to date. */
export interface KeepingUp {
  /** Tells each change, as long as it goes. */
  watch(): Promise<void>;
  /** Asks once. */
  look(): Promise<void>;
  /** How often to look where watching is not to be had. */
  readonly lookMs: number;
  /** Told what a look failed with. */
  failed(error: ConnectError): void;
  /** Default: the system's. */
  readonly timer?: Timer;
}

/** Looks that come to nothing however often they are made. */
const FINAL: ReadonlySet<Code> = new Set([Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented]);

/** Watches; where that is denied, or has failed, looks again and again. Watches anew where that may help. Ends where nothing does. */
export async function keepUp(
  { watch, look, lookMs, failed, timer = systemTimer }: KeepingUp,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    let again = true;
    try {
      await watch();
    } catch (error) {
      signal.throwIfAborted();
      again = isRetryable(ConnectError.from(error), false);
    }
    do {
      try {
        await look();
      } catch (error) {
        signal.throwIfAborted();
        const typed = ConnectError.from(error);
        failed(typed);
        if (FINAL.has(typed.code)) return;
      }
      await sleep(lookMs, signal, timer);
    } while (!again);
  }
}
