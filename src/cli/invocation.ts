import { basename } from "node:path";

/** How the program was called. */
export interface Invocation {
  /** Whether as `kubectl taffrail`. */
  readonly isPlugin: boolean;
  /** Without the program's own name. */
  readonly args: readonly string[];
}

/**
 * Finds out from the name under which the program was called: kubectl runs `kubectl-taffrail` as its plugin, and
 * `kubectl_complete-taffrail` with the words to complete.
 *
 * @param argv as `process.argv`.
 */
export function invocationOf([, program = "", ...args]: readonly string[]): Invocation {
  const name = basename(program).replace(/\.[a-z]+$/, "");
  if (/^kubectl[_-]complete-taffrail$/.test(name))
    return { isPlugin: true, args: ["complete", "--kubectl", "--", ...args] };
  return { isPlugin: name === "kubectl-taffrail", args };
}
