import { Code, ConnectError } from "@connectrpc/connect";

/** Whether a call was denied: the caller may not read the log, or no longer. */
export function isDenied(error: unknown): boolean {
  return error !== undefined && ConnectError.from(error).code === Code.PermissionDenied;
}
