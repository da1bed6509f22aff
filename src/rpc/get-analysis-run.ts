import type { MessageInitShape } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type {
  GetAnalysisRunRequest,
  GetAnalysisRunResponseSchema,
  LinkSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { Failure } from "../failure.ts";
import { readAuthorizedRun } from "../runs/authorized-run.ts";
import { jobOf } from "../runs/job-of.ts";
import type { Attempt, Metric, Run } from "../runs/run.ts";
import { jobMetrics, select } from "../runs/selection.ts";
import { readSurroundings, type Surroundings } from "../runs/surroundings.ts";
import { callerOf } from "./caller-context.ts";
import { linksOf } from "./links.ts";
import { given, PHASES, summaryMessage, timestamp } from "./messages.ts";
import type { Services } from "./services.ts";

type Links = MessageInitShape<typeof LinkSchema>[];

/** Tells what a run measured, what may be selected from it, and where to read on. */
export async function getAnalysisRun(
  services: Services,
  { namespace, name }: GetAnalysisRunRequest,
  { signal, values }: HandlerContext,
): Promise<MessageInitShape<typeof GetAnalysisRunResponseSchema>> {
  const run = await readAuthorizedRun(services, callerOf(values), { namespace, name }, signal);
  const surroundings = await readSurroundings(services.kube, run, signal);
  return {
    analysisRun: {
      summary: summaryMessage(run),
      uid: run.uid,
      message: run.message,
      promotion: run.promotion ?? "",
      freightCollection: run.freightCollection ?? "",
      freight: surroundings.freight.map((each) => ({
        name: each.name,
        alias: each.alias ?? "",
        warehouse: each.warehouse ?? "",
      })),
      shard: surroundings.shard ?? "",
      rollout: run.rollout ?? "",
      revision: run.revision ?? "",
      metrics: run.metrics.map((metric) => metricMessage(services, run, surroundings, metric)),
      ...given("defaultSelection", defaultSelection(run)),
      links: linksOf(services.links, run, surroundings, {}),
    },
  };
}

function metricMessage(services: Services, run: Run, surroundings: Surroundings, metric: Metric) {
  const attemptLinks = (attempt: Attempt): Links => {
    if (metric.provider !== "job") return [];
    try {
      const job = jobOf(run, attempt, services.config.jobNamespaces);
      return linksOf(services.links, run, surroundings, { metric, attempt, job });
    } catch (error) {
      // An attempt whose Job cannot be the run's is told without links; asking for its log tells why.
      if (error instanceof Failure) return [];
      throw error;
    }
  };
  return {
    name: metric.name,
    provider: metric.provider,
    phase: PHASES[metric.phase],
    message: metric.message,
    dryRun: metric.dryRun,
    attempts: metric.attempts.map((attempt) => ({
      number: attempt.number,
      phase: PHASES[attempt.phase],
      message: attempt.message,
      value: attempt.value,
      ...given("startTime", timestamp(attempt.startedAt)),
      ...given("endTime", timestamp(attempt.endedAt)),
      links: attemptLinks(attempt),
    })),
    containers: metric.containers.map(({ name, init }) => ({ name, init })),
  };
}

function defaultSelection(run: Run) {
  if (jobMetrics(run).length === 0) return undefined;
  try {
    const { metric, attempt, container } = select(run, {});
    return { metricName: metric.name, attempt: attempt.number, containerName: container.name };
  } catch (error) {
    // Nothing was measured yet: there is nothing to show by default.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
