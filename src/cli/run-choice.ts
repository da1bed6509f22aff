import { AnalysisPhase } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { Connection } from "./connection.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { age, UNPASSED } from "./run-words.ts";

/** How many runs to offer. */
const MAX_CHOICES = 10;

/**
 * The name of the run that an argument stands for: itself, `@latest` or `@failed`. Without an argument the user is
 * asked, if there is a terminal.
 *
 * @throws CliError with status 2 if no run is given, 3 if there is none.
 */
export async function chooseRun(argument: string | undefined, connection: Connection, io: CliIo): Promise<string> {
  const { client, project } = connection;
  if (argument === undefined) return askForRun(connection, io);
  if (!argument.startsWith("@")) return argument;
  if (argument !== "@latest" && argument !== "@failed") {
    throw new CliError(EXIT.usage, `unknown run "${argument}"`, ["try     @latest, @failed, or the run's name"]);
  }
  const phases = argument === "@failed" ? UNPASSED : [];
  const { analysisRuns } = await client.listAnalysisRuns(
    { namespace: project, phases, pageSize: 1 },
    { signal: io.signal },
  );
  const [newest] = analysisRuns;
  if (argument === "@failed" && newest?.phase === AnalysisPhase.INCONCLUSIVE)
    io.say(`note: @failed includes inconclusive runs: ${newest.name} has no verdict`);
  if (newest !== undefined) return newest.name;
  throw new CliError(EXIT.noSuchName, `project ${project} has no ${argument === "@failed" ? "failed run" : "run"}`);
}

async function askForRun({ client, project }: Connection, io: CliIo): Promise<string> {
  if (io.ask === undefined) {
    throw new CliError(EXIT.usage, "no run given", [
      `try     taffrail logs @failed -n ${project}`,
      `        taffrail runs -n ${project}      lists them`,
    ]);
  }
  const { analysisRuns: runs } = await client.listAnalysisRuns(
    { namespace: project, phases: UNPASSED, pageSize: MAX_CHOICES },
    { signal: io.signal },
  );
  if (runs.length === 0) throw new CliError(EXIT.noSuchName, `project ${project} has no failed run`);
  io.say(`failed runs of project ${project}, newest first:`);
  const now = Date.now();
  for (const [index, run] of runs.entries())
    io.say(`${String(index + 1).padStart(4)}  ${age(run, now).padStart(4)}  ${run.stage || "-"}  ${run.name}`);
  const answer = (await io.ask("which one? [1] ")).trim() || "1";
  const chosen = /^\d+$/.test(answer) ? runs[Number(answer) - 1] : runs.find(({ name }) => name === answer);
  if (chosen !== undefined) return chosen.name;
  throw new CliError(EXIT.usage, `"${answer}" is not in the list`);
}
