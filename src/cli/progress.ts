/** The delay before progress is first shown, and the interval between updates, in milliseconds. */
const DELAY_MS = 500;
const INTERVAL_MS = 200;

/** Shows how much of a log has arrived. */
export interface Progress {
  add(bytes: Uint8Array): void;
  /** The stream was resumed after a break. */
  resumed(atBytes: number, times: number): void;
  /** Removes what is shown. */
  clear(): void;
}

/**
 * @param show replaces the text that is shown; absent: nothing is shown.
 * @param now milliseconds.
 */
export function createProgress(show: ((text: string) => void) | undefined, now: () => number): Progress {
  let next = now() + DELAY_MS;
  let bytes = 0;
  let lines = 0;
  let resumption = "";
  return {
    add(piece) {
      if (show === undefined) return;
      bytes += piece.length;
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) lines += 1;
      if (now() < next) return;
      next = now() + INTERVAL_MS;
      show(`${megabytes(bytes)}  ${lines.toLocaleString("en")} lines${resumption}`);
    },
    resumed(atBytes, times) {
      resumption = `  resumed at ${megabytes(atBytes)} (${times}x)`;
    },
    clear: () => show?.(""),
  };
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
