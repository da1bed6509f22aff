import type { SourceFault } from "../failure.ts";
import { SourceError } from "./source-error.ts";

interface Meaning {
  readonly words: RegExp;
  readonly outcome: SourceError["outcome"];
  readonly did: string;
  readonly fault: SourceFault;
}

/**
 * A kubelet's messages in place of a log, with status 200: it starts the response before it looks for the file.
 * They are those of `ReadLogs` in Kubernetes' cri-client (pkg/logs/logs.go) and of the functions that it calls.
 */
const MEANINGS: readonly Meaning[] = [
  {
    words: /^unable to retrieve container logs for |no such file or directory/,
    outcome: "not-found",
    did: "no longer has the log: the node has removed it",
    fault: "log-removed",
  },
  {
    words: /^failed to get parse function|unsupported log format/,
    outcome: "not-found",
    did: "has only a damaged log: the node cannot read its file",
    fault: "log-damaged",
  },
  {
    words: /^failed to (create fsnotify watcher|watch directory)/,
    outcome: "unavailable",
    did: "cannot follow the log: the node is out of inotify instances or watches",
    fault: "node-limit",
  },
];

const OTHER: Omit<Meaning, "words"> = {
  outcome: "unavailable",
  did: "cannot read the log to its end: the node reports a failure",
  fault: "node-failed",
};

/** The meaning of a kubelet's message. The message names paths of the node, so it is only the cause. */
export function kubeletFailure(source: string, words: string): SourceError {
  const { outcome, did, fault } = MEANINGS.find((each) => each.words.test(words)) ?? OTHER;
  return new SourceError(source, outcome, did, { fault, cause: new Error(`The kubelet said: ${words}`) });
}
