import { useText } from "../text/text.tsx";

/** All words of the operators' page, in English: who never opens it does not load them. */
export const HEALTH_TEXT = {
  title: "Server health",
  version: "Version",
  started: "Started",
  uptime: "Uptime",
  streams: "Open streams",
  streamsOf: (open: string, limit: string, each: string) => `${open} of ${limit}, at most ${each} per caller`,
  sent: "Logs sent",
  counts: "These numbers cover this replica only, since it started.",
  sources: "Log sources",
  source: {
    name: "Source",
    kind: "Kind",
    asked: "Asked",
    rate: "Success",
    p50: "First byte, p50",
    p95: "p95",
    open: "Open",
    last: "Last log",
    failure: "Last failure",
  },
  never: "never",
  notFound: "Logs not found, by time since the job ended",
  notFoundHint: "Many in the first minute: the log shipper lags. Many later: it loses logs.",
  running: "still running",
  between: (from: string, to: string) => `${from} to ${to}`,
  from: (from: string) => `${from} or more`,
  times: "Times",
  rights: "Rights of the server's own account",
  right: { verb: "Verb", resource: "Resource", allowed: "Allowed" },
  yes: "yes",
  no: "no",
  rightMissing: "Apply deploy/cluster-role.yaml and deploy/cluster-role-pods.yaml again.",
  noRights: "The cluster did not answer.",
  settings: "Active configuration",
  setting: { name: "Setting", value: "Value" },
  hash: (hash: string) => `Configuration ${hash}`,
  copy: "Copy a support bundle",
  denied: "Only operators see this page",
  deniedWhy: "You need the right to get analysisruns.argoproj.io/explain in all namespaces.",
};

/** They in another language. */
export type HealthText = typeof HEALTH_TEXT;

/** They in the reader's language. */
export function useHealthText(): HealthText {
  return useText().health ?? HEALTH_TEXT;
}
