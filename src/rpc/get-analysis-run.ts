import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  GetAnalysisRunRequest,
  GetAnalysisRunResponseSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { eachInTurns } from "../each-in-turns.ts";
import { Failure } from "../failure.ts";
import { usesPods } from "../logs/view.ts";
import { readAuthorizedRun } from "../runs/authorized-run.ts";
import { containersIn } from "../runs/containers-in.ts";
import { type Job, jobOf } from "../runs/job-of.ts";
import type { Pod } from "../runs/pod.ts";
import { readPods } from "../runs/read-pods.ts";
import type { Attempt, Metric, Run } from "../runs/run.ts";
import { type RunContext, readRunContext } from "../runs/run-context.ts";
import { runFacts } from "../runs/run-facts.ts";
import { jobMetrics, select } from "../runs/selection.ts";
import { causeByPods, listedVerdict, verdictOf } from "../runs/verdict.ts";
import { callerOf } from "./caller-context.ts";
import { given } from "./given.ts";
import { createLinkBudget, type LinkBudget, linksOf } from "./links.ts";
import { measuringMessage, PHASES, podMessage, summaryMessage, timestamp } from "./messages.ts";
import type { Services } from "./services.ts";
import { causeMessage } from "./verdict-message.ts";

/** What is known about a run besides the run itself. */
interface RunDetails {
  readonly context: RunContext;
  /** The Job of an attempt. Absent if there is none, or if the Job that the run names cannot be its own. */
  readonly jobOf: (attempt: Attempt) => Job | undefined;
  /** The pods of an attempt's Job that still exist. */
  readonly podsOf: (attempt: Attempt) => readonly Pod[];
  /** Whether a source reads the pods of an attempt. */
  readonly readsPods: (attempt: Attempt) => boolean;
  /** For the whole response. */
  readonly budget: LinkBudget & { pods: number; podsLeftOut: number };
}

/** The maximum number of pods in one response: all measurements may name the same Job. */
const MAX_PODS = 1_000;

/** Returns what a run measured, what can be selected from it, and links. */
export async function getAnalysisRun(
  services: Services,
  { namespace, name }: GetAnalysisRunRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof GetAnalysisRunResponseSchema>> {
  const run = await readAuthorizedRun(services, callerOf(values), { namespace, name }, signal);
  const details = await readDetails(services, run, signal);
  const { context, podsOf, readsPods, budget } = details;
  const verdict = verdictOf(run);
  const cause = causeByPods(run, verdict, (attempt) => (readsPods(attempt) ? podsOf(attempt) : undefined));
  // First, because there are few: the rest of the budget is for the attempts.
  const links = linksOf(services, run, context, {}, budget);
  const metrics: Awaited<ReturnType<typeof metricMessage>>[] = [];
  for (const metric of run.metrics) metrics.push(await metricMessage(services, run, metric, details));
  return {
    analysisRun: {
      // As in a list: what the run itself says.
      summary: summaryMessage({ ...run, verdict: listedVerdict(run) }),
      ...given("cause", cause && causeMessage(cause)),
      uid: run.uid,
      message: run.message,
      promotion: run.promotion ?? "",
      freightCollection: run.freightCollection ?? "",
      freight: context.freight.map((each) => ({
        name: each.name,
        alias: each.alias ?? "",
        warehouse: each.warehouse ?? "",
      })),
      shard: context.shard ?? "",
      rollout: run.rollout ?? "",
      revision: run.revision ?? "",
      links,
      metrics,
      ...given("leftOut", leftOutMessage(run, budget)),
      ...given("defaultSelection", defaultSelection(run, podsOf)),
    },
  };
}

async function readDetails({ kube, config, sources }: Services, run: Run, signal: AbortSignal): Promise<RunDetails> {
  const context = await readRunContext(kube, run, { shard: true, freight: true }, signal);
  const jobs = new Map<Attempt, Job>();
  const namespaces = new Set<string>();
  const live = new Set<Attempt>();
  for (const metric of jobMetrics(run)) {
    const facts = runFacts(run, context, metric.name);
    const isLive = usesPods(sources, facts);
    for (const attempt of metric.attempts) {
      const job = orUndefined(() => jobOf(run, attempt, config.jobNamespaces));
      if (job === undefined) continue;
      jobs.set(attempt, job);
      if (!isLive) continue;
      namespaces.add(job.namespace);
      live.add(attempt);
    }
  }
  const pods = await readPods(kube, run, namespaces, signal);
  const byJob = Map.groupBy(pods, ({ namespace, jobName }) => keyOf({ namespace, name: jobName }));
  return {
    context,
    jobOf: (attempt) => jobs.get(attempt),
    readsPods: (attempt) => live.has(attempt),
    podsOf: (attempt) => byJob.get(keyOf(jobs.get(attempt))) ?? [],
    budget: { ...createLinkBudget(), pods: MAX_PODS, podsLeftOut: 0 },
  };
}

/** A run may name Jobs of the same name in several namespaces. */
function keyOf(job: Job | undefined): string | undefined {
  return job && `${job.namespace}/${job.name}`;
}

function leftOutMessage({ leftOut }: Run, budget: RunDetails["budget"]) {
  const { args, dryRuns, ...counts } = leftOut;
  const links = budget.left <= 0;
  const pods = budget.podsLeftOut;
  if (!links && pods === 0 && Object.values(leftOut).every((count) => count === 0)) return undefined;
  return { ...counts, arguments: args, dryRunRules: dryRuns, pods, links };
}

async function metricMessage(services: Services, run: Run, metric: Metric, details: RunDetails) {
  const { context, jobOf, podsOf, budget } = details;
  const attemptMessage = (attempt: Attempt) => {
    const job = jobOf(attempt);
    const existing = podsOf(attempt);
    const pods = existing.slice(0, budget.pods);
    budget.pods -= pods.length;
    budget.podsLeftOut += existing.length - pods.length;
    return {
      number: attempt.number,
      phase: PHASES[attempt.phase],
      message: attempt.message,
      value: attempt.value,
      ...given("startTime", timestamp(attempt.startedAt)),
      ...given("endTime", timestamp(attempt.endedAt)),
      links: job === undefined ? [] : linksOf(services, run, context, { metric, attempt, job }, budget),
      pods: pods.map(podMessage),
    };
  };
  // All attempts may name the same Job, whose pods are then one list.
  const podsOfAll = (all: readonly Attempt[]) => [...new Set(all.map(podsOf))].flat();
  // Newest first, so that the oldest attempts lose their links if the budget is exceeded.
  const attempts: ReturnType<typeof attemptMessage>[] = [];
  await eachInTurns(metric.attempts.toReversed(), (attempt) => attempts.push(attemptMessage(attempt)));
  return {
    name: metric.name,
    provider: metric.provider,
    phase: PHASES[metric.phase],
    message: metric.message,
    dryRun: metric.dryRun,
    attempts: attempts.reverse(),
    containers: containersIn(metric, podsOfAll(metric.attempts)).map(({ added = false, ...each }) => ({
      ...each,
      added,
    })),
    ...measuringMessage(metric),
  };
}

function defaultSelection(run: Run, podsOf: RunDetails["podsOf"]) {
  const selection = orUndefined(() => select(run, {}, podsOf));
  if (selection === undefined) return undefined;
  const { metric, attempt, container, pod } = selection;
  return { metricName: metric.name, attempt: attempt.number, containerName: container.name, podName: pod?.name ?? "" };
}

/** What cannot be determined is left out here; a request for the log reports why. */
function orUndefined<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
