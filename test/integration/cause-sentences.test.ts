import { describe, expect, it } from "vitest";
import type { AnalysisRun } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { causeOf } from "../../src/client/cause.ts";
import { type CauseWords, causeKindText, causeSentence } from "../../src/client/cause-words.ts";
import { withoutEmphasis } from "../../src/client/emphasis.ts";
import { headline } from "../../src/ui/run/headline.ts";
import { attemptHeadline, otherAttempt } from "../../src/ui/run/other-attempt.ts";
import { reasons } from "../../src/ui/run/reasons.ts";
import { selectionOf } from "../../src/ui/run/selection.ts";
import { en, type Text } from "../../src/ui/text/en.ts";
import { zh } from "../../src/ui/text/zh.ts";
import { type MadePod, running, terminated, waiting } from "../fakes/pods.ts";
import type { MadeResult, MadeVerdict } from "./verdict-runs.ts";
import { useVerdictWorld } from "./verdict-world.ts";

// Each sentence that names a cause, in the words of the page and the command line, is provoked here by a run and its
// pods, through the gateway. A sentence without an input does not compile.

const { world, put, get, cli, row } = useVerdictWorld({ sources: ["pods"] });

type Words = Text["cause"];
/** The words of the page that do not name a cause: labels, and what is said of a log. */
type Label =
  | "words"
  | "saidByRun"
  | "firstOf"
  | "errorAt"
  | "onlyError"
  | "noError"
  | "nextError"
  | "toError"
  | "line"
  | "stage"
  | "freight"
  | "promotion"
  | "rollout"
  | "revision"
  | "took"
  | "running_"
  | "waiting_"
  | "reports"
  | "opensElsewhere";
/** `other` is for causes of later releases, which no gateway of this one tells. */
type Sentence =
  | `words.${Exclude<keyof CauseWords, "kinds" | "gone" | "other">}`
  | `kinds.${keyof CauseWords["kinds"]}`
  | `gone.${keyof CauseWords["gone"]}`
  | `page.${Exclude<keyof Words, Label>}`;

interface Provoked {
  readonly run: Omit<MadeVerdict, "name" | "uid">;
  readonly pods?: readonly Partial<MadePod>[];
  /** The sentence, in a language. */
  readonly says: (text: Words) => string;
  /** Whether the command line says it too. Default: no. */
  readonly cli?: boolean;
}

const one = (phase: string, parts: Partial<MadeResult> = {}, run: Partial<MadeVerdict> = {}): Provoked["run"] => ({
  phase,
  metrics: [{ name: "it", phase, ...parts }],
  ...run,
});
const failed = one("Failed");
const rate = (phase: string, parts: Partial<MadeResult> = {}, run: Partial<MadeVerdict> = {}) =>
  one(phase, { name: "rate", provider: "web", ...parts }, run);
const saying = (phase: string, message: string, more: object = {}) => one(phase, { measurement: { message, ...more } });
const ended = (reason: string, message: string, code?: number): Partial<MadePod> => ({
  phase: "Failed",
  status: { reason, message },
  containers: { main: code === undefined ? undefined : terminated(code) },
});
const waits = (reason: string): Partial<MadePod> => ({ phase: "Pending", containers: { main: waiting(reason) } });
const unscheduled: Partial<MadePod> = {
  phase: "Pending",
  status: { conditions: [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }] },
  containers: { main: undefined },
};
const exits = (code: number, reason?: string): Partial<MadePod> => ({
  phase: "Failed",
  containers: { main: terminated(code, "2026-01-01T00:00:20Z", reason) },
});
const gone = (message: string, parts: Partial<MadeResult>): Provoked["run"] =>
  one("Failed", { measurement: { message }, ...parts });
const BACKOFF = "Job has reached the specified backoff limit";
const UNPULLED = "nothing to be had from 10.0.0.1:5000";
const stopped = (parts: Partial<MadeResult> = {}) =>
  one(
    "Successful",
    { message: "metric terminated", measurement: { message: "metric terminated" }, ...parts },
    { message: "Run Terminated", spec: { terminate: true } },
  );
const untilStopped = stopped({ spec: { interval: "10s" }, earlier: [{}, {}] });
const numbered = (number: number) => ({ metadata: { "job-name": `it.${number}`, "job-namespace": "shop" } });
const twoAttempts = (phase: string) =>
  one(phase, { earlier: [{ phase: "Failed", ...numbered(1) }], measurement: numbered(2) });
const shards = [
  { ...exits(1), suffix: "aaaaa", index: 0 },
  { phase: "Succeeded", containers: { main: terminated(0) }, suffix: "bbbbb", index: 1 },
];
const limit = (counter: string, phase: string) =>
  rate(phase, { measurement: { value: "5" } }, { message: `Metric "rate" assessed ${phase} due to ${counter}` });

const PROVOKED: Readonly<Record<Sentence, Provoked>> = {
  "kinds.testFailed": { run: failed, pods: [exits(1)], says: ({ words }) => words.kinds.testFailed, cli: true },
  "kinds.jobFailed": { run: failed, says: ({ words }) => words.kinds.jobFailed, cli: true },
  "kinds.infrastructure": {
    run: failed,
    pods: [ended("Evicted", "")],
    says: ({ words }) => words.kinds.infrastructure,
    cli: true,
  },
  "kinds.configuration": {
    run: failed,
    pods: [waits("CreateContainerConfigError")],
    says: ({ words }) => words.kinds.configuration,
    cli: true,
  },
  "kinds.stopped": { run: stopped(), says: ({ words }) => words.kinds.stopped, cli: true },
  "kinds.noVerdict": { run: rate("Inconclusive"), says: ({ words }) => words.kinds.noVerdict, cli: true },
  "kinds.unknown": { run: rate("Error"), says: ({ words }) => words.kinds.unknown, cli: true },

  "words.jobFailed": { run: failed, says: ({ words }) => words.jobFailed("it", 1, 1), cli: true },
  "words.conditionNotMet": {
    run: rate("Failed", { measurement: { value: "[0.31]" } }),
    says: ({ words }) => words.conditionNotMet("rate", "[0.31]"),
    cli: true,
  },
  "words.notMeasured": {
    run: rate("Error", { measurement: { message: "received a 500" } }),
    says: ({ words }) => words.notMeasured("rate", "received a 500"),
    cli: true,
  },
  "words.nothingMeasured": {
    run: { phase: "Error", message: "Analysis spec invalid: metrics[0]: no interval", metrics: [] },
    says: ({ words }) => words.nothingMeasured("Analysis spec invalid: metrics[0]: no interval"),
    cli: true,
  },
  "words.noMeasurement": {
    run: one("Failed", { measurement: null }),
    says: ({ words }) => words.noMeasurement("it"),
    cli: true,
  },
  "words.inconclusive": { run: rate("Inconclusive"), says: ({ words }) => words.inconclusive("rate"), cli: true },
  "words.stopped": { run: stopped(), says: ({ words }) => words.stopped("1 min"), cli: true },
  "words.measuredUntilStopped": {
    run: untilStopped,
    says: ({ words }) => words.measuredUntilStopped("it", "1 min"),
    cli: true,
  },
  "words.jobNotCreated": {
    run: saying("Error", "spec.template is invalid", { metadata: {} }),
    says: ({ words }) => words.jobNotCreated("it", "spec.template is invalid"),
    cli: true,
  },
  "words.quota": {
    run: saying("Error", "forbidden: exceeded quota: jobs", { metadata: {} }),
    says: ({ words }) => words.quota("it", "forbidden: exceeded quota: jobs"),
    cli: true,
  },
  "words.deadline": {
    run: saying("Failed", "Job was active longer than specified deadline"),
    says: ({ words }) => words.deadline("it"),
    cli: true,
  },
  "words.imageNotPulled": {
    run: failed,
    pods: [waits("ImagePullBackOff")],
    says: ({ words }) => words.imageNotPulled("it", UNPULLED),
    cli: true,
  },
  "words.imageInvalid": {
    run: failed,
    pods: [waits("InvalidImageName")],
    says: ({ words }) => words.imageInvalid("it"),
    cli: true,
  },
  "words.containerConfig": {
    run: failed,
    pods: [waits("CreateContainerConfigError")],
    says: ({ words }) => words.containerConfig("it", UNPULLED),
    cli: true,
  },
  "words.evicted": {
    run: failed,
    pods: [ended("Evicted", "The node was low on resource: memory.", 137)],
    says: ({ words }) => words.evicted("it", "memory", ""),
    cli: true,
  },
  "words.nodeShutdown": {
    run: failed,
    pods: [ended("Terminated", "Pod was terminated in response to imminent node shutdown.", 143)],
    says: ({ words }) => words.nodeShutdown("it"),
    cli: true,
  },
  "words.preempted": {
    run: failed,
    pods: [ended("Preempting", "Preempted in order to admit critical pod", 143)],
    says: ({ words }) => words.preempted("it"),
    cli: true,
  },
  "words.nodeLost": {
    run: failed,
    pods: [{ ...ended("NodeLost", "Node node-1 is unresponsive"), phase: "Unknown" }],
    says: ({ words }) => words.nodeLost("it"),
    cli: true,
  },
  "words.unschedulable": {
    run: failed,
    pods: [unscheduled],
    says: ({ words }) => words.unschedulable("it", "0/3 nodes"),
    cli: true,
  },
  "words.outOfMemory": {
    run: failed,
    pods: [exits(137, "OOMKilled")],
    says: ({ words }) => words.outOfMemory("main"),
    cli: true,
  },
  "words.exitCode": { run: failed, pods: [exits(3)], says: ({ words }) => words.exitCode("main", "3"), cli: true },
  "words.addedExitCode": {
    run: failed,
    pods: [{ phase: "Failed", initContainers: { "istio-init": terminated(1) }, containers: { main: undefined } }],
    says: ({ words }) => words.addedExitCode("istio-init", "1"),
    cli: true,
  },
  "words.heldUp": {
    run: one("Running"),
    pods: [{ containers: { main: { ...terminated(0), ...withoutEnd(0) }, "istio-proxy": running() } }],
    says: ({ words }) => words.heldUp("main", "0", "", "istio-proxy"),
    cli: true,
  },
  "words.podEnded": {
    run: failed,
    pods: [ended("OutOfcpu", "Pod was rejected: no cpu")],
    says: ({ words }) => words.podEnded("it", "OutOfcpu", "Pod was rejected: no cpu"),
    cli: true,
  },
  "words.backoffLimit": {
    run: gone(BACKOFF, { jobSpec: { backoffLimit: 2 } }),
    says: ({ words }) => words.backoffLimit(2),
    cli: true,
  },
  "words.podsFailed": {
    run: failed,
    pods: shards,
    says: ({ words }) =>
      words.podsFailed(1, 2, `${words.podExit(words.index(0), "1")}, ${words.podExit(words.index(1), "0")}`),
    cli: true,
  },
  "words.podExit": { run: failed, pods: shards, says: ({ words }) => words.podExit(words.index(0), "1"), cli: true },
  "words.index": { run: failed, pods: shards, says: ({ words }) => words.index(1), cli: true },
  "words.passedThough": {
    run: { phase: "Successful", metrics: [{ name: "it", phase: "Failed" }] },
    says: ({ words }) => words.passedThough("it"),
    cli: true,
  },
  "words.noMetric": {
    run: { phase: "Failed", metrics: [{ name: "it", phase: "Successful" }] },
    says: ({ words }) => words.noMetric,
    cli: true,
  },

  "gone.unknown": { run: gone(BACKOFF, {}), says: ({ words }) => words.gone.unknown, cli: true },
  "gone.restartPolicy": {
    run: gone(BACKOFF, { podSpec: { restartPolicy: "OnFailure" } }),
    says: ({ words }) => words.gone.restartPolicy,
    cli: true,
  },
  "gone.deadline": {
    run: gone("Job was active longer than specified deadline", { jobSpec: { activeDeadlineSeconds: 60 } }),
    says: ({ words }) => words.gone.deadline(60),
    cli: true,
  },
  "gone.ttl": {
    run: gone(BACKOFF, { jobSpec: { ttlSecondsAfterFinished: 10 } }),
    says: ({ words }) => words.gone.ttl(10),
    cli: true,
  },

  "page.failed": { run: failed, says: (text) => text.failed("it", text.attemptOf(1, 1)) },
  "page.error": { run: one("Error"), says: (text) => text.error("it", text.attemptOf(1, 1)) },
  "page.running": { run: one("Running"), says: (text) => text.running("it", text.attempt(1)) },
  "page.pending": { run: one("Pending", { measurement: null }), says: (text) => text.pending },
  "page.successful": { run: one("Successful"), says: (text) => text.successful },
  "page.inconclusive": { run: one("Inconclusive"), says: (text) => text.inconclusive("it") },
  "page.stopped": { run: stopped({ measurement: null }), says: (text) => text.stopped("1 min") },
  "page.ranUntilStopped": { run: untilStopped, says: (text) => text.ranUntilStopped("1 min") },
  "page.stoppedLog": { run: stopped(), says: (text) => text.stoppedLog },
  "page.failedUnknown": { run: { phase: "Failed", metrics: [] }, says: (text) => text.failedUnknown },
  "page.errorUnknown": { run: { phase: "Error", metrics: [] }, says: (text) => text.errorUnknown },
  "page.inconclusiveUnknown": {
    run: { phase: "Inconclusive", metrics: [] },
    says: (text) => text.inconclusiveUnknown,
  },
  "page.resultUnknown": {
    run: { phase: "Successful", metrics: [{ name: "it", phase: "Error" }] },
    says: (text) => text.resultUnknown,
  },
  "page.unknown": { run: { phase: "", metrics: [] }, says: (text) => text.unknown },
  "page.attemptOf": { run: failed, says: (text) => text.attemptOf(1, 1) },
  "page.attempt": { run: one("Running"), says: (text) => text.attempt(1) },
  "page.exited": { run: failed, pods: [exits(3)], says: (text) => text.exited("main", "3") },
  "page.exitedFor": {
    run: failed,
    pods: [exits(3, "Unusual")],
    says: (text) => text.exitedFor("main", "3", "Unusual"),
  },
  "page.endUnknown": {
    run: failed,
    pods: [exits(137, "ContainerStatusUnknown")],
    says: (text) => text.endUnknown("main"),
  },
  "page.runs": { run: one("Running"), pods: [{}], says: (text) => text.runs("main") },
  "page.shown": { run: twoAttempts("Failed"), says: (text) => text.shown(`it${text.attemptOf(1, 2)}`, "") },
  "page.wholeRun": {
    run: twoAttempts("Failed"),
    says: (text) => text.wholeRun(text.failed("it", text.attemptOf(2, 2))),
  },
  "page.waits": {
    run: one("Running"),
    pods: [waits("ImagePullBackOff")],
    says: (text) => text.waits("main", "ImagePullBackOff"),
  },
  "page.podWaits": { run: one("Running"), pods: [unscheduled], says: (text) => text.podWaits("0/3 nodes") },
  "page.attemptFailed": { run: twoAttempts("Running"), says: (text) => text.attemptFailed(1) },
  "page.measured": {
    run: rate("Failed", { measurement: { value: "5" } }),
    says: (text) => text.measured("web", "5"),
  },
  "page.wanted": {
    run: rate("Failed", { measurement: { value: "5" }, spec: { successCondition: "result < 5" } }),
    says: (text) => text.wanted("result < 5"),
  },
  "page.unwanted": {
    run: rate("Failed", { measurement: { value: "5" }, spec: { failureCondition: "result >= 5" } }),
    says: (text) => text.unwanted("result >= 5"),
  },
  "page.limitFailed": { run: limit("failed (2) > failureLimit (1)", "Failed"), says: (text) => text.limitFailed(2, 1) },
  "page.limitInconclusive": {
    run: limit("inconclusive (3) > inconclusiveLimit (2)", "Inconclusive"),
    says: (text) => text.limitInconclusive(3, 2),
  },
  "page.limitErrors": {
    run: limit("consecutiveErrors (5) > consecutiveErrorLimit (4)", "Error"),
    says: (text) => text.limitErrors(5, 4),
  },
  "page.allPassed": { run: one("Successful"), says: (text) => text.allPassed(1) },
  "page.dryRunsFailed": {
    run: {
      phase: "Successful",
      metrics: [
        { name: "it", phase: "Successful" },
        { name: "next", phase: "Failed", dryRun: true },
      ],
    },
    says: (text) => text.dryRunsFailed("next"),
  },
  "page.startsLater": { run: one("Pending", { measurement: null }), says: (text) => text.startsLater },
};

/** A container that ended at a time that is not known. */
function withoutEnd(exitCode: number): object {
  return { state: { terminated: { exitCode, reason: "Completed", startedAt: null, finishedAt: null } } };
}

/** Everything that the page says of a run's cause: headline, sentences, and its row in the list. */
function pageTexts(run: AnalysisRun, text: Text, language: string): string {
  const cause = causeOf(run);
  const metric = run.metrics[0]?.name ?? "";
  const attempt = String(run.metrics[0]?.attempts[0]?.number ?? 0);
  const other = otherAttempt(run, selectionOf(run, { metric, attempt }));
  const told = run.cause;
  return [
    headline(cause, text, language),
    ...reasons(cause, run, text, 0, language),
    ...(told === undefined
      ? []
      : [causeKindText(told, text.cause.words), causeSentence(told, text.cause.words, "1 min")]),
    ...(cause.container?.startTime && !cause.container.endTime ? [text.cause.runs(cause.container.name)] : []),
    ...(other === undefined
      ? []
      : [attemptHeadline(other, text), text.cause.wholeRun(headline(cause, text, language))]),
  ].join("\n");
}

describe("a sentence about a cause", () => {
  it.each(Object.entries(PROVOKED))("is provoked by a run, in every language: %s", async (_, provoked) => {
    const { run: made, pods = [], says } = provoked;
    const run = put(made, false);
    for (const pod of pods) world().addPod(run, pod);
    const got = await get(run);
    expect(pageTexts(got, en, "en")).toContain(says(en.cause));
    expect(pageTexts(got, zh, "en")).toContain(says(zh.cause));
    if (provoked.cli !== true) return;
    const { out } = await cli("why", run.name);
    expect(`${out}${await row(run)}`.toLowerCase()).toContain(withoutEmphasis(says(en.cause)).toLowerCase());
  });
});
