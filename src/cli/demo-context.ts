import { type Context, type ContextFile, contextNamed } from "./context-file.ts";

/** How long to wait for another demo's answer, in milliseconds. */
const ANSWER_MS = 1_000;

/**
 * The name for a demo's context: `demo`, or the next of `demo-2`, `demo-3`, … that is neither of another demo that runs
 * nor the user's own.
 *
 * @param token of the contexts that demos write.
 */
export async function demoContextName(file: ContextFile, token: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? "demo" : `demo-${number}`;
    const context = contextNamed(file, name);
    if (context === undefined || (isOfDemo(context, token) && !(await isRunning(context.server ?? "")))) return name;
  }
}

function isOfDemo({ server = "", token: own }: Context, token: string): boolean {
  return own === token && /^http:\/\/127\.0\.0\.1:\d+$/.test(server);
}

async function isRunning(server: string): Promise<boolean> {
  try {
    return (await fetch(`${server}/demo`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch (error) {
    // It may be busy: only a port that nobody listens on is free for certain.
    return (error as Error).name === "TimeoutError";
  }
}
