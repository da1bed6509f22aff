import { Failure } from "../failure.ts";

/** Whether one of several logs is not there, or not yet: the others are shown all the same. */
export function hasNoLog(error: unknown): error is Failure {
  return error instanceof Failure && (error.kind === "not-found" || error.kind === "not-yet");
}
