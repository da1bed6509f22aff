/**
 * Waits for SIGTERM or SIGINT, then for `stop`. A second signal calls `stop` again, which then stops at once.
 *
 * @param interrupted aborted when the user interrupts otherwise.
 */
export async function untilStopped(stop: () => Promise<void>, interrupted?: AbortSignal): Promise<void> {
  let onSignal = (): void => {};
  try {
    await new Promise<void>((resolve, reject) => {
      onSignal = () => {
        stop().then(resolve, reject);
      };
      process.on("SIGTERM", onSignal).on("SIGINT", onSignal);
      interrupted?.addEventListener("abort", onSignal);
      if (interrupted?.aborted) onSignal();
    });
  } finally {
    process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
    interrupted?.removeEventListener("abort", onSignal);
  }
}
