/**
 * Waits for SIGTERM or SIGINT, then for `stop`. A second signal calls `stop` again, which then stops at once.
 */
export async function untilStopped(stop: () => Promise<void>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onSignal = (): void => {
      stop().then(resolve, reject);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}
