import { Code, ConnectError } from "@connectrpc/connect";

/** Whether a call failed because its caller lacks the permission, or has lost it. */
export function isDenied(error: unknown): boolean {
  return error !== undefined && ConnectError.from(error).code === Code.PermissionDenied;
}
