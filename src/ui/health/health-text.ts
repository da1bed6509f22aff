import { useText } from "../text/text.tsx";

/** All words of the operators' page, in English: who never opens it does not load them. */
export const HEALTH_TEXT = {
  title: "Health of this server",
  version: "Version",
  started: "Started",
  uptime: "Has run for",
  streams: "Open streams",
  streamsOf: (open: string, limit: string, each: string) => `${open} of ${limit}, at most ${each} for one caller`,
  sent: "Logs sent",
  counts: "These numbers are of this replica alone, since it was started.",
  sources: "Log sources",
  source: {
    name: "Source",
    kind: "Kind",
    asked: "Asked",
    rate: "Success",
    p50: "First byte, half",
    p95: "95 of 100",
    open: "Open",
    last: "Last log",
    failure: "Last failure",
  },
  never: "never",
  notFound: "Where there was no log, by how long ago the job had ended",
  notFoundHint: "Many in the first minute: the log shipper lags. Many later: it loses logs.",
  running: "still running",
  between: (from: string, to: string) => `${from} to ${to}`,
  from: (from: string) => `${from} and more`,
  times: "Times",
  rights: "Rights of the server's own account",
  right: { verb: "Verb", resource: "Resource", allowed: "Allowed" },
  yes: "yes",
  no: "no",
  rightMissing: "Apply deploy/cluster-role.yaml and deploy/cluster-role-pods.yaml again.",
  noRights: "The cluster could not be asked.",
  settings: "Configuration in force",
  setting: { name: "Setting", value: "Value" },
  hash: (hash: string) => `Configuration ${hash}`,
  copy: "Copy a support bundle",
  denied: "Only operators see this page",
  deniedWhy: "It takes the right to get analysisruns.argoproj.io/explain in all namespaces.",
};

/** They in another language. */
export type HealthText = typeof HEALTH_TEXT;

/** They in the reader's language. */
export function useHealthText(): HealthText {
  return useText().health ?? HEALTH_TEXT;
}
