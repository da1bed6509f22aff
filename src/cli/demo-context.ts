import { type Context, type ContextFile, contextNamed, readContexts } from "./context-file.ts";

/** How long to wait for another demo's answer, in milliseconds. */
const ANSWER_MS = 1_000;

/**
 * Chooses the name for a demo's context: `demo`, or the next of `demo-2`, `demo-3`, … that is neither of another demo that
 * runs nor the user's own.
 *
 * @param token of the contexts that demos write.
 */
export async function demoContextName(
  env: NodeJS.ProcessEnv,
  token: string,
): Promise<(file: Pick<ContextFile, "contexts">) => string> {
  const isOfDemo = (context: Context): boolean => context.token === token && DEMO.test(context.server ?? "");
  const servers = Object.values(readContexts(env).contexts).filter(isOfDemo);
  const stopped = new Set<string | undefined>();
  await Promise.all(servers.map(async ({ server = "" }) => !(await isRunning(server)) && stopped.add(server)));
  // By then, the file may have the context of another demo that has just started.
  return (file) => {
    for (let number = 1; ; number += 1) {
      const name = number === 1 ? "demo" : `demo-${number}`;
      const context = contextNamed(file, name);
      if (context === undefined || (isOfDemo(context) && stopped.has(context.server))) return name;
    }
  };
}

const DEMO = /^http:\/\/127\.0\.0\.1:\d+$/;

async function isRunning(server: string): Promise<boolean> {
  try {
    return (await fetch(`${server}/demo`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  } catch (error) {
    // It may be busy: only a port that nobody listens on is free for certain.
    return (error as Error).name === "TimeoutError";
  }
}
