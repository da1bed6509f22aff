import { createClient } from "@connectrpc/connect";
import {
  type AnalysisRun,
  AnalysisRunLogService,
  type AnalysisRunSummary,
  type Verdict,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { causeOf } from "../../src/client/cause.ts";
import { headline } from "../../src/ui/run/headline.ts";
import { reasons } from "../../src/ui/run/reasons.ts";
import { en } from "../../src/ui/text/en.ts";
import { type CliResult, runInProcess } from "../fakes/cli.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { type PodRun, type PodWorld, usePodWorld } from "./pod-world.ts";
import { as, type ReadLog, readLog } from "./read-log.ts";
import { jobOf, type MadeVerdict, verdictRun } from "./verdict-runs.ts";

/** Runs of any outcome, and what a gateway, the command line and the page tell of them. */
export interface VerdictWorld {
  readonly world: () => PodWorld;
  /**
   * Makes a run.
   *
   * @param archived whether the store has its metrics' logs. Default: yes.
   */
  put(made: Omit<MadeVerdict, "name" | "uid">, archived?: boolean): PodRun;
  get(run: PodRun): Promise<AnalysisRun>;
  /** The run as a list tells it. @param verdicts those of the runs that are listed. Default: any. */
  listed(run: PodRun, verdicts?: readonly Verdict[]): Promise<AnalysisRunSummary | undefined>;
  read(run: PodRun): Promise<ReadLog>;
  /** What the command line prints and says. */
  cli(...args: readonly string[]): Promise<CliResult>;
  /** The page's headline, and the sentences below it. */
  page(run: PodRun): Promise<readonly string[]>;
  /** The row of a run in `taffrail runs`. */
  row(run: PodRun): Promise<string>;
}

/** Starts one for all tests of a file. */
export function useVerdictWorld(options?: Parameters<typeof usePodWorld>[0]): VerdictWorld {
  const world = usePodWorld(options);
  const client = () => createClient(AnalysisRunLogService, world().transport);
  let runs = 0;
  const get = async ({ namespace, name }: PodRun): Promise<AnalysisRun> => {
    const { analysisRun } = await client().getAnalysisRun({ namespace, name }, as(TOKENS.reader));
    if (analysisRun === undefined) throw new Error("There is no run in the answer.");
    return analysisRun;
  };
  const cli = (...args: readonly string[]) =>
    runInProcess([...args, "-n", "shop", "--server", world().url], { env: { TAFFRAIL_TOKEN: TOKENS.reader } });
  return {
    world,
    get,
    cli,
    put(made, archived = true) {
      runs += 1;
      const ref = { name: `uat.verdict-${runs}`, uid: `00000000-0000-4000-8000-${String(runs).padStart(12, "7")}` };
      world().cluster.put(verdictRun({ ...ref, ...made }));
      const run = { namespace: "shop", ...ref, job: jobOf(ref.uid, made.metrics[0]?.name ?? "") };
      for (const { name } of archived ? made.metrics : [])
        world().archive({ ...run, job: jobOf(ref.uid, name) }, sends(`${name} says\n`));
      return run;
    },
    async listed({ name }, verdicts = []) {
      const query = { namespace: "shop", pageSize: 500, verdicts: [...verdicts] };
      const { analysisRuns } = await client().listAnalysisRuns(query, as(TOKENS.reader));
      return analysisRuns.find((each) => each.name === name);
    },
    read: ({ namespace, name }) => readLog(world().transport, { namespace, name }),
    async page(run) {
      const got = await get(run);
      const cause = causeOf(got);
      return [headline(cause, en, "en"), ...reasons(cause, got, en, Date.now(), "en")];
    },
    async row({ name }) {
      const { out } = await cli("runs");
      const found = out.split("\n").find((line) => line.includes(`${name} `) || line.endsWith(name));
      return found?.replace(/ {2,}/g, " | ").replace(/\d+[smhd]/, "AGE") ?? "";
    },
  };
}
