/** What is wrong with a kubeconfig. */
export type KubeconfigFault =
  | "missing"
  | "unreadable"
  | "no-context"
  | "no-cluster"
  | "invalid-server"
  | "file-missing"
  | "plugin-missing"
  | "plugin-failed";

/**
 * Thrown when a kubeconfig cannot be used. The message is one sentence for its owner, who also reads `next`: what to do.
 * Neither contains a token or a key.
 */
export class KubeconfigError extends Error {
  readonly fault: KubeconfigFault;
  readonly next: string;

  constructor(fault: KubeconfigFault, message: string, next: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "KubeconfigError";
    this.fault = fault;
    this.next = next;
  }
}
