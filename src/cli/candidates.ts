import type { Command, Option } from "commander";
import type { AnalysisRun } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { systemTimer } from "../client/sleep.ts";
import { kubeContextNames, kubeconfigFiles } from "../kube/kubeconfig-files.ts";
import { type Connection, type ConnectionFlags, withConnection } from "./connection.ts";
import { readContexts } from "./context-file.ts";
import type { CliIo } from "./io.ts";
import { chooseRun } from "./run-choice.ts";

/** Users do not wait longer than this for candidates. */
const SERVER_TIMEOUT_MS = 1_000;
/** Without a server, a process of our own has to read the kubeconfig and get credentials first. */
const LOCAL_TIMEOUT_MS = 3_000;
/** A provider may take longer than users wait, and must not be interrupted. */
const NO_RENEWAL = { renews: false };
const RUNS = 50;
const RUN_RULES = ["@failed", "@latest"];

/** A partial command line: its flags with their values, and its arguments. */
interface Line {
  readonly flags: Readonly<Record<string, string>>;
  readonly operands: readonly string[];
  /** The flag whose value the last word is. */
  readonly pendingFlag: Option | undefined;
}

/**
 * Completes the last of some words.
 *
 * Names come from the server, which gets one second to respond. If that fails, there are none, and no error.
 *
 * @param words the words after the program's name, up to the cursor; the last one may be empty.
 */
export async function candidatesFor(program: Command, words: readonly string[], io: CliIo): Promise<readonly string[]> {
  const [name = "", ...rest] = words;
  const last = words.at(-1) ?? "";
  const command = rest.length > 0 ? program.commands.find((each) => each.name() === name) : undefined;
  const all = await candidatesIn(program, command, words, rest, io);
  // A name with control characters would break the output's lines.
  return [...new Set(all)].filter((each) => each.startsWith(last) && !/\p{Cc}/u.test(each));
}

async function candidatesIn(
  program: Command,
  command: Command | undefined,
  words: readonly string[],
  rest: readonly string[],
  io: CliIo,
): Promise<readonly string[]> {
  const last = words.at(-1) ?? "";
  if (command === undefined) return commandNames(program, words);
  // `context use`: a command of a command.
  const [name = "", ...inner] = rest;
  const sub = inner.length > 0 ? command.commands.find((each) => each.name() === name) : undefined;
  if (command.commands.length > 0 && sub === undefined) return commandNames(command, rest);
  const [of, line] = sub === undefined ? [command, rest] : [sub, inner];
  return argumentsOf(of, readLine(of, line), last, io).catch(() => []);
}

function commandNames(program: Command, words: readonly string[]): readonly string[] {
  if (words.length > 1) return [];
  return program
    .createHelp()
    .visibleCommands(program)
    .map((each) => each.name());
}

async function argumentsOf(command: Command, line: Line, last: string, io: CliIo): Promise<readonly string[]> {
  const { pendingFlag, operands } = line;
  if (pendingFlag === undefined && last.startsWith("-")) {
    return command.options.flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
  }
  if (pendingFlag?.argChoices !== undefined) return pendingFlag.argChoices;
  const { argChoices } = command.registeredArguments[operands.length] ?? {};
  if (pendingFlag === undefined && argChoices !== undefined) return argChoices;
  const isContext = pendingFlag === undefined && command.registeredArguments[operands.length]?.name() === "context";
  if (pendingFlag?.long === "--context" && (io.isPlugin || line.flags["--local"] !== undefined)) {
    return kubeContextNames(kubeconfigFiles(line.flags["--kubeconfig"], io.env));
  }
  if (pendingFlag?.long === "--context" || pendingFlag?.long === "--taffrail-context" || isContext)
    return Object.keys(readContexts(io.env).contexts);
  return askServer(command, line, io);
}

async function askServer(
  command: Command,
  { flags, operands, pendingFlag }: Line,
  io: CliIo,
): Promise<readonly string[]> {
  const isRun = pendingFlag === undefined && command.registeredArguments[operands.length]?.name() === "run";
  const timeoutAbort = new AbortController();
  const timeoutMs = io.isPlugin || flags["--local"] !== undefined ? LOCAL_TIMEOUT_MS : SERVER_TIMEOUT_MS;
  const cancelTimeout = (io.timer ?? systemTimer)(timeoutMs, () => timeoutAbort.abort());
  // Completion must not prompt, neither to confirm a ConfigMap nor through a credential plugin.
  const { ask: _, ...silent } = io;
  const own: CliIo = { ...silent, say: () => {}, signal: AbortSignal.any([io.signal, timeoutAbort.signal]) };
  try {
    if (pendingFlag?.long === "--namespace" || pendingFlag?.long === "--project") {
      return await withConnection(
        { project: "none", ...connectionFlags(flags) },
        own,
        async ({ client }) => (await client.listProjects({}, { signal: own.signal })).projects.map(({ name }) => name),
        NO_RENEWAL,
      );
    }
    return await withConnection(
      connectionFlags(flags),
      own,
      async (connection) => {
        if (isRun) return [...RUN_RULES, ...(await runNames(connection, own))];
        if (pendingFlag?.long === "--stage") return stageNames(connection, own);
        const run = pendingFlag && (await runOf(connection, operands[0] ?? "@failed", own));
        return run === undefined ? [] : namesIn(run, pendingFlag?.long, flags);
      },
      NO_RENEWAL,
    );
  } finally {
    cancelTimeout();
  }
}

async function runNames({ client, project }: Connection, { signal }: CliIo): Promise<readonly string[]> {
  const { analysisRuns } = await client.listAnalysisRuns({ namespace: project, pageSize: RUNS }, { signal });
  return analysisRuns.map(({ name }) => name);
}

async function stageNames({ client, project }: Connection, { signal }: CliIo): Promise<readonly string[]> {
  const { analysisRuns } = await client.listAnalysisRuns({ namespace: project, pageSize: RUNS }, { signal });
  return analysisRuns.flatMap(({ stage }) => (stage === "" ? [] : [stage]));
}

async function runOf(connection: Connection, argument: string, io: CliIo): Promise<AnalysisRun | undefined> {
  const name = await chooseRun(argument, connection, io);
  const request = { namespace: connection.project, name };
  return (await connection.client.getAnalysisRun(request, { signal: io.signal })).analysisRun;
}

function namesIn(run: AnalysisRun, flag: string | undefined, flags: Line["flags"]): readonly string[] {
  const jobs = run.metrics.filter(({ provider }) => provider === "job");
  const named = flags["--metric"] ?? run.defaultSelection?.metricName;
  const metric = jobs.find(({ name }) => name === named);
  switch (flag) {
    case "--metric":
      return jobs.map(({ name }) => name);
    case "--container":
      return metric?.containers.map(({ name }) => name) ?? [];
    case "--attempt":
      return [...(metric?.attempts.map(({ number }) => String(number)) ?? []), "last"];
    case "--pod":
      return metric?.attempts.flatMap(({ pods }) => pods.map(({ name }) => name)) ?? [];
    default:
      return [];
  }
}

function connectionFlags(flags: Line["flags"]): ConnectionFlags {
  const keys = {
    server: "--server",
    tokenFile: "--token-file",
    context: "--context",
    namespace: "--namespace",
    project: "--project",
    kubeconfig: "--kubeconfig",
    config: "--config",
    configMap: "--config-map",
    taffrailContext: "--taffrail-context",
  };
  const given = Object.entries(keys).flatMap(([key, flag]) => (flags[flag] === undefined ? [] : [[key, flags[flag]]]));
  return { ...Object.fromEntries(given), ...(flags["--local"] !== undefined && { local: true }) };
}

/** Parses the words before the last one. */
function readLine(command: Command, words: readonly string[]): Line {
  const flags: Record<string, string> = {};
  const operands: string[] = [];
  let pendingFlag: Option | undefined;
  for (const word of words.slice(0, -1)) {
    const [flag = "", value] = word.startsWith("--") ? word.split(/=(.*)/s, 2) : [word];
    if (pendingFlag !== undefined) {
      flags[pendingFlag.long ?? ""] = word;
      pendingFlag = undefined;
    } else if (word.startsWith("-") && word.length > 1) {
      const option = command.options.find(({ short, long }) => flag === short || flag === long);
      if (option?.required && value === undefined) pendingFlag = option;
      else if (option?.long && (value !== undefined || !option.required)) flags[option.long] = value ?? "";
    } else operands.push(word);
  }
  return { flags, operands, pendingFlag };
}
