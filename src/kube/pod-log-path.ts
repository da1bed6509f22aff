/** A container whose log is requested. */
export interface PodLogRef {
  readonly namespace: string;
  readonly name: string;
  readonly container: string;
  /** Whether to read the log of the container before its last restart. */
  readonly previous: boolean;
}

/** The parameters of a log request. Default: everything that the node has now. */
export interface PodLogOptions {
  /** Whether to continue as the log grows, until the container has terminated. */
  readonly follow?: boolean;
  /** Whether each line begins with its time (RFC 3339 with nine fractional digits) and a space. */
  readonly timestamps?: boolean;
  /**
   * How many lines from the end of the log as it is at the time of the request. `sinceTime` then applies to these.
   */
  readonly tailLines?: number;
  /**
   * Only lines that are not before this time: RFC 3339 in whole seconds, because the API server drops fractions.
   */
  readonly sinceTime?: string;
}

/**
 * The path of a container's log, with its query
 * (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#get-read-log-of-the-specified-pod).
 *
 * @param pods the path of the pods in the namespace.
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
