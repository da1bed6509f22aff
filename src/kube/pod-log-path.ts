/** A container whose log is wanted. */
export interface PodLogRef {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  /** Whether that of its run before the last restart is. */
  readonly previous: boolean;
}

/** What of a log, and how. Default: all that the node has now, as it was written. */
export interface PodLogOptions {
  /** Whether to go on as the log grows, until the container has ended. */
  readonly follow?: boolean;
  /** Whether each line begins with its time, as RFC 3339 with nine digits after the second, and a space. */
  readonly timestamps?: boolean;
  /**
   * How many lines from the end of what there is when it is asked for: those are looked at and then what `sinceTime`
   * says.
   */
  readonly tailLines?: number;
  /**
   * Only lines that are not before this time: RFC 3339 in whole seconds, since that is what the API server passes on.
   */
  readonly sinceTime?: string;
}

/**
 * The path of a container's log, with its query
 * (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod).
 *
 * @param pods the path of the pods of its namespace.
 */
export function podLogPath(
  pods: string,
  { name, container, previous }: PodLogRef,
  { follow = false, timestamps = false, tailLines, sinceTime }: PodLogOptions,
): string {
  const query = new URLSearchParams({
    container,
    ...(previous && { previous: "true" }),
    ...(follow && { follow: "true" }),
    ...(timestamps && { timestamps: "true" }),
    ...(tailLines !== undefined && { tailLines: String(tailLines) }),
    ...(sinceTime !== undefined && { sinceTime }),
  });
  return `${pods}/${encodeURIComponent(name)}/log?${query}`;
}
