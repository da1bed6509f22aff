import { Failure } from "../failure.ts";
import type { RunRef } from "../runs/run.ts";

/**
 * Reads which run a path is about: `/raw/PROJECT/RUN`.
 *
 * @throws Failure REQUEST_INVALID if it is about none.
 */
export function readRunPath(target: string, route: "/raw/" | "/links/"): RunRef {
  // From the raw target: a URL resolves dots and converts backslashes, which would select something else.
  const [path = ""] = target.split("?", 1);
  const [namespace = "", name = "", ...more] = path.slice(route.length).split("/").map(decode);
  if (more.length > 0) throw invalidPath(`The path must be ${route}PROJECT/RUN.`);
  return { namespace, name };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalidPath("Invalid percent-encoding in the path.");
  }
}

function invalidPath(message: string): Failure {
  return new Failure("bad-request", "REQUEST_INVALID", message, { next: "Correct the URL." });
}
