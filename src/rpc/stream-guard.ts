import type { Access } from "../access/access.ts";
import { Failure } from "../failure.ts";
import type { Caller } from "../identity/caller.ts";
import { OVER } from "../over.ts";
import type { Services } from "./services.ts";

type GuardServices = Pick<Services, "access" | "authenticator" | "clock" | "wait" | "config">;

/**
 * Asks again and again, as long as a stream runs, whether its caller still may read it, past all caches; and ends it when the caller's token expires.
 *
 * @param may decides it, by an access that asks the cluster anew.
 * @param stop is aborted with a Failure AUTHORIZATION_LOST or TOKEN_EXPIRED, or with that of a review which could not be had: what cannot be decided is denied.
 */
export function guardStream(
  { access, authenticator, clock, wait, config }: GuardServices,
  caller: Caller,
  may: (caller: Caller, access: Access) => Promise<boolean>,
  stop: AbortController,
): { stop(): void } {
  const over = new AbortController();
  const { token, expiresAt = Number.POSITIVE_INFINITY } = caller;

  const review = async (): Promise<void> => {
    const now = await authenticator.authenticate(token, over.signal, { afresh: true });
    if (!(await may(now, access.afresh()))) throw authorizationLost();
  };

  const watch = async (): Promise<void> => {
    for (;;) {
      const left = expiresAt - clock.now();
      if (left <= 0) throw tokenExpired();
      await wait(Math.min(config.follow.recheck, left), over.signal);
      if (expiresAt <= clock.now()) throw tokenExpired();
      await review();
    }
  };
  watch().catch((error: unknown) => {
    if (!over.signal.aborted)
      stop.abort(error instanceof Failure && error.kind === "unauthenticated" ? tokenExpired(error) : error);
  });
  return { stop: () => over.abort(OVER) };
}

function authorizationLost(): Failure {
  return new Failure("denied", "AUTHORIZATION_LOST", "You may not read this any more.", {
    next: "Ask the project's owner for the right to get analysisruns and stages.",
  });
}

function tokenExpired(cause?: Failure): Failure {
  return new Failure("unauthenticated", "TOKEN_EXPIRED", "Your token has expired, or is not known any more.", {
    next: "Sign in again; then you can go on where it stopped.",
    cause,
  });
}
