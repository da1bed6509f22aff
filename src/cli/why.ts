import { ConnectError } from "@connectrpc/connect";
import type { Command } from "commander";
import {
  type AnalysisRun,
  type Attempt,
  type ContainerStatus,
  type Metric,
  NoticeKind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import {
  causeOf,
  containerStatus,
  decidingMetrics,
  exitOf,
  hasPassed,
  heldUp,
  isClusterCause,
  isFailure,
  isOpen,
} from "../client/cause.ts";
import { englishCause, goneSentence, podsSentence, retriesSentence } from "../client/cause-words.ts";
import { describeError } from "../client/describe-error.ts";
import { withoutEmphasis } from "../client/emphasis.ts";
import { createErrorFinder, type ErrorFinder, type NumberedLine } from "../client/first-error.ts";
import { leftOutParts } from "../client/left-out.ts";
import { measuredCount, type Tally, talliesOf } from "../client/measured.ts";
import { printable } from "../quoted.ts";
import { type Connection, type ConnectionFlags, withConnection, withConnectionFlags } from "./connection.ts";
import { type CliIo, programName } from "./io.ts";
import { givenFlags, shellWord } from "./resume-command.ts";
import { chooseRun } from "./run-choice.ts";
import { age, causeText, LEFT_OUT_WORDS, phaseName, resultName } from "./run-words.ts";
import { createTerminalFilter } from "./terminal-safe.ts";

/** Lines shown before and after the first error, and last lines shown if there is none. */
const AROUND = 3;
const TAIL = 8;
const MAX_LINE_LENGTH = 300;

/** Adds `taffrail why`. */
export function addWhyCommand(program: Command, io: CliIo): void {
  withConnectionFlags(program.command("why"), io.isPlugin)
    .description("Explain in a few lines why a verification failed: metric, exit code, first error, reports.")
    .argument("[run]", "the AnalysisRun's name, or @latest, or @failed: the newest that failed or was inconclusive")
    .action((run: string | undefined, flags: ConnectionFlags, command: Command) =>
      withConnection(flags, io, (connection) => explain(io, run, connection, command)),
    );
}

async function explain(
  io: CliIo,
  argument: string | undefined,
  connection: Connection,
  command: Command,
): Promise<void> {
  const name = await chooseRun(argument, connection, io);
  const { analysisRun: run } = await connection.client.getAnalysisRun(
    { namespace: connection.project, name },
    { signal: io.signal },
  );
  if (run === undefined) return;
  const lines = summaryLines(run);
  const { metricName, attempt: number } = run.defaultSelection ?? {};
  const metric = run.metrics.find((each) => each.name === metricName);
  const attempt = metric?.attempts.find((each) => each.number === number);
  // A run that passed has nothing to explain, and the log of another metric than the one that decided explains nothing.
  const deciding = run.cause === undefined ? causeOf(run).metric?.name : run.cause.metricName;
  const explains = !hasPassed(run.summary) && deciding === metricName;
  if (metric !== undefined && attempt !== undefined && explains) {
    lines.push(...(await logLines(connection, run, metric, attempt, io)));
  }
  for (const { title, url } of [...(attempt?.links ?? []), ...run.links]) {
    lines.push(printable(`${title}: ${linkText(url, connection)}`));
  }
  const follow = isOpen(run.summary?.phase) ? " -f" : "";
  // It reads from where this one did.
  const flags = givenFlags(command, (flag) => flag !== "namespace" && flag !== "project");
  const words = [...programName(io).split(" "), "logs", name, "-n", connection.project, ...flags];
  lines.push(`next: ${words.map(shellWord).join(" ")}${follow}`);
  io.print(...lines);
}

/** The address of a report. One in a private bucket leads over the server, which ends with this command without one. */
function linkText(url: string, { server }: Connection): string {
  if (!url.startsWith("/")) return url;
  return server === undefined ? "open it on the page: taffrail ui" : new URL(url, server).href;
}

/** From the run itself: its phase, what it verified, which metric failed and how. */
function summaryLines(run: AnalysisRun): string[] {
  const { summary, message } = run;
  const about = [
    summary?.stage && `Stage ${summary.stage}`,
    run.promotion && `promotion ${run.promotion}`,
    ...run.freight.map(({ name, alias }) => `freight ${alias || name.slice(0, 7)}`),
    run.rollout && `Rollout ${run.rollout} revision ${run.revision}`,
  ].filter(Boolean);
  const when = summary && `${age(summary, Date.now())} ago`;
  const lines = [
    `${summary?.name}: ${resultName(summary)}, ${when}${about.length > 0 ? ` (${about.join(", ")})` : ""}`,
  ];
  const cause = causeText(run.cause);
  if (cause !== "") lines.push(`  ${cause}`);
  const decided = causeOf(run);
  const held = isOpen(summary?.phase) ? heldUp(decided) : undefined;
  if (held !== undefined) {
    const { ended, by } = held;
    const ago = ended.endTime === undefined ? "" : age({ createTime: ended.endTime }, Date.now());
    lines.push(`  ${withoutEmphasis(englishCause.heldUp(ended.name, String(ended.exitCode ?? "?"), ago, by.name))}`);
  }
  if (run.cause !== undefined) {
    const gone = goneSentence(run.cause, englishCause);
    const pods = podsSentence(run.cause, decided.attempt?.pods ?? [], englishCause);
    const retries = retriesSentence(run.cause, englishCause);
    lines.push(
      ...[pods, retries, gone]
        .filter((sentence) => sentence !== "")
        .map((sentence) => `  ${withoutEmphasis(sentence)}`),
    );
  }
  if (message !== "") lines.push(`  ${message}`);
  for (const metric of decidingMetrics(run)) {
    lines.push(`metric ${metric.name}: ${phaseName(metric.phase)}${metric.message && `: ${metric.message}`}`);
    const own = decided.metric === metric ? decided.attempt?.message : metric.attempts.at(-1)?.message;
    if (own && own !== metric.message && !cause.includes(own)) lines.push(`  ${own}`);
    if (metric.provider !== "job") {
      const value = metric.attempts.at(-1)?.value;
      lines.push(`  measured by ${metric.provider}${value ? `, last value ${value}` : ""} (no log)`);
      lines.push(...measuringLines(metric));
    }
  }
  for (const { name, phase } of run.metrics.filter(({ dryRun, phase }) => dryRun && isFailure(phase)))
    lines.push(`dry run ${name}: ${phaseName(phase)}, which does not count`);
  const leftOut = leftOutParts(run.leftOut, LEFT_OUT_WORDS);
  if (leftOut.length > 0) lines.push(`not shown, since the run has more than is read: ${leftOut.join(", ")}`);
  return lines.map((line) => printable(line.slice(0, MAX_LINE_LENGTH)));
}

/** The measurements' conditions and counts. */
function measuringLines(metric: Metric): string[] {
  const { successCondition, failureCondition, count = 0 } = metric;
  const measured = measuredCount(metric);
  const tallies = talliesOf(metric).map((each) => {
    const { what, counted, limit } = each;
    const allowed = limit === undefined ? "" : what === "consecutiveSuccesses" ? ` of ${limit}` : ` (at most ${limit})`;
    return `${counted} ${TALLY_WORDS[what]}${allowed}`;
  });
  return [
    ...(successCondition === "" ? [] : [`  succeeds if ${oneLine(successCondition)}`]),
    ...(failureCondition === "" ? [] : [`  fails if ${oneLine(failureCondition)}`]),
    `  measured ${measured}${count > 0 ? ` of ${count}` : ""} times: ${tallies.join(", ")}`,
  ];
}

const TALLY_WORDS: Readonly<Record<Tally["what"], string>> = {
  failed: "failed",
  inconclusive: "inconclusive",
  consecutiveErrors: "consecutive errors",
  consecutiveSuccesses: "consecutive successes",
};

/** Conditions often span several lines. */
function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

/** From the log: its first error, or its last lines; or why there is no log. */
async function logLines(
  { client, project }: Connection,
  run: AnalysisRun,
  metric: Metric,
  attempt: Attempt,
  io: CliIo,
): Promise<string[]> {
  const container = run.defaultSelection?.containerName ?? "";
  // Where Kubernetes ended the pod, its exit codes are not the program's own.
  const status = isClusterCause(run.cause) ? "" : exitText(containerStatus(run, attempt));
  const heading = `attempt ${attempt.number} of ${metric.attempts.length}, container ${container}${status}`;
  const finder = createErrorFinder({ around: AROUND, tail: TAIL });
  let cut = "";
  try {
    const request = { namespace: project, name: run.summary?.name ?? "", metricName: metric.name };
    const events = client.getAnalysisRunLogs(
      { ...request, containerName: container, attempt: { case: "attemptNumber", value: attempt.number } },
      { signal: io.signal },
    );
    for await (const event of events) {
      if (event.kind === "chunk") finder.push(event.bytes, event.firstLine);
      if (event.kind === "notice" && event.notice.kind === NoticeKind.ATTEMPT_STOPPED) cut = event.notice.message;
      if (finder.done) break;
    }
  } catch (error) {
    if (io.signal.aborted || !(error instanceof ConnectError)) throw error;
    const { message, next } = describeError(error);
    // What came before a log broke off is part of it.
    if (hasLines(finder)) return [heading, ...errorLines(finder), `  ${printable(message)}`];
    return [
      heading,
      `  no log: ${printable(message.replace(/^No log: /, ""))}`,
      ...(next === "" ? [] : [`  ${printable(next)}`]),
    ];
  }
  return [heading, ...errorLines(finder), ...(cut === "" ? [] : [`  ${printable(cut)}`])];
}

function exitText(status: ContainerStatus | undefined): string {
  const exit = exitOf(status);
  if (exit === undefined) return "";
  const { code, reason, message } = exit;
  if (code === undefined) return "";
  const detail = message && `: ${printable(message).slice(0, MAX_LINE_LENGTH)}`;
  return ` ended with exit code ${code}${reason && ` (${reason})`}${detail}`;
}

function hasLines(finder: ErrorFinder): boolean {
  return finder.result() !== undefined || finder.last().length > 0;
}

function errorLines(finder: ErrorFinder): string[] {
  const error = finder.result();
  if (error === undefined) {
    const last = finder.last();
    if (last.length === 0) return ["  the log is empty: the container wrote no output"];
    return ["  no line looks like an error; the last lines:", ...last.map((line) => lineText(line, " "))];
  }
  const words = printable(error.words.slice(0, MAX_LINE_LENGTH));
  return [
    `first error, line ${error.line.number}:${words === error.line.text.trim() ? "" : ` ${words}`}`,
    ...error.before.map((line) => lineText(line, " ")),
    lineText(error.line, ">"),
    ...error.after.map((line) => lineText(line, " ")),
  ];
}

function lineText({ number, text }: NumberedLine, mark: string): string {
  const filter = createTerminalFilter({ colors: false });
  const shown = filter.write(Buffer.from(text)) + filter.end();
  return `${mark} ${String(number).padStart(6)}  ${shown.replace(/\n/g, " ").slice(0, MAX_LINE_LENGTH)}`;
}
