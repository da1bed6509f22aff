import { Failure } from "../failure.ts";

/** What a stream ends with that goes on when the server stops. */
export function shuttingDown(): Failure {
  return new Failure("unavailable", "SERVER_SHUTDOWN", "This server is stopping.", {
    next: "Ask again: another one answers.",
  });
}
