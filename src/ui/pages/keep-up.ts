import { Code, ConnectError } from "@connectrpc/connect";
import { isRetryable } from "../../client/retry.ts";
import { sleep, systemTimer, type Timer } from "../../client/sleep.ts";

/** How to keep something up to date. */
export interface KeepingUp {
  /** Reports changes until the watch ends. */
  watch(): Promise<void>;
  /** Reads once. */
  read(): Promise<void>;
  /** Milliseconds between reads while watching does not work. */
  readonly pollMs: number;
  /** Called with the error of a failed read. */
  failed(error: ConnectError): void;
  /** Default: the system's. */
  readonly timer?: Timer;
}

/** Errors that further reads do not change. */
const PERMANENT: ReadonlySet<Code> = new Set([Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented]);

/** Watches; polls if watching is denied or fails. Watches again if that may help. Ends if neither works. */
export async function keepUp(
  { watch, read, pollMs, failed, timer = systemTimer }: KeepingUp,
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
        await read();
      } catch (error) {
        signal.throwIfAborted();
        const typed = ConnectError.from(error);
        failed(typed);
        if (PERMANENT.has(typed.code)) return;
      }
      await sleep(pollMs, signal, timer);
    } while (!again);
  }
}
