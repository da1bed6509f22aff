/** How long a log may take before its progress is shown, and how often that changes, in milliseconds. */
const QUIET = 500;
const EVERY = 200;

/** Shows how much of a log has come. */
export interface Progress {
  add(bytes: Uint8Array): void;
  /** The stream went on after a break. */
  resumed(atBytes: number, times: number): void;
  /** Takes it away. */
  clear(): void;
}

/**
 * @param show replaces the text that is shown; absent where nothing is to be shown.
 * @param now milliseconds.
 */
export function createProgress(show: ((text: string) => void) | undefined, now: () => number): Progress {
  let next = now() + QUIET;
  let bytes = 0;
  let lines = 0;
  let resumption = "";
  return {
    add(piece) {
      if (show === undefined) return;
      bytes += piece.length;
      for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) lines += 1;
      if (now() < next) return;
      next = now() + EVERY;
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
