import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  AttemptRule,
  DocumentRule,
  type GetAnalysisRunLogsRequestSchema,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { CliError, EXIT } from "./exit.ts";
import type { LogsFlags } from "./logs-flags.ts";
import { timestampOf } from "./time-flags.ts";

type Request = MessageInitShape<typeof GetAnalysisRunLogsRequestSchema>;

/**
 * Makes the request from the flags.
 *
 * @param now milliseconds since 1970, from which `--since` counts back.
 * @throws CliError with status 2 if the attempt is invalid.
 */
export function logsRequest(flags: LogsFlags, namespace: string, name: string, now: number): Request {
  const { since, sinceTime, untilTime, wait } = flags;
  const from = since === undefined ? sinceTime && timestampOf(sinceTime) : timestampFromMs(now - since);
  return {
    namespace,
    name,
    metricName: flags.metric ?? "",
    containerName: flags.container ?? "",
    attempt: attemptField(flags.attempt),
    podName: flags.pod ?? "",
    allContainers: flags.allContainers ?? false,
    allPods: flags.allPods ?? false,
    follow: flags.follow ?? false,
    timestamps: flags.timestamps ?? false,
    limitLines: BigInt(flags.limitLines ?? 0),
    limitBytes: BigInt(flags.limitBytes ?? 0),
    cursor: flags.cursor ?? "",
    document: flags.showDocument === true ? DocumentRule.SHOW : DocumentRule.UNSPECIFIED,
    ...(flags.tail !== undefined && { tailLines: BigInt(flags.tail) }),
    ...(from && { since: from }),
    ...(untilTime !== undefined && { until: timestampOf(untilTime) }),
    ...(flags.grep !== undefined && { grep: grepField(flags, flags.grep) }),
    ...(wait !== undefined && { wait: durationFromMs(wait) }),
  };
}

/**
 * Refuses combinations of flags that commander cannot check.
 *
 * @throws CliError with status 2.
 */
export function checkFlags(flags: LogsFlags): void {
  const usage = (text: string, ...lines: string[]): CliError => new CliError(EXIT.usage, text, lines);
  const ofGrep = { fixed: "--fixed", ignoreCase: "-i", invertMatch: "-v", before: "--before", after: "--after" };
  for (const [name, flag] of Object.entries({ ...ofGrep, around: "--around" })) {
    if (flag !== undefined && flags.grep === undefined && flags[name as keyof LogsFlags] !== undefined)
      throw usage(`${flag} needs --grep`);
  }
  if (flags.grep === "") throw usage("--grep needs a pattern");
  if (flags.prefix === true && flags.output !== "text")
    throw usage(
      `--prefix works with -o text only, not with -o ${flags.output}`,
      "try     -o json, which names each line's container",
    );
  attemptField(flags.attempt);
}

function grepField(flags: LogsFlags, pattern: string) {
  return {
    pattern,
    fixed: flags.fixed ?? false,
    ignoreCase: flags.ignoreCase ?? false,
    invert: flags.invertMatch ?? false,
    before: flags.around ?? flags.before ?? 0,
    after: flags.around ?? flags.after ?? 0,
  };
}

const RULES: ReadonlyMap<string, AttemptRule> = new Map([
  ["last", AttemptRule.LAST],
  ["failed", AttemptRule.FAILED],
  ["all", AttemptRule.ALL],
]);

function attemptField(text: string | undefined): NonNullable<Request["attempt"]> {
  if (text === undefined) return { case: undefined };
  const rule = RULES.get(text);
  if (rule !== undefined) return { case: "attemptRule", value: rule };
  if (/^[1-9]\d{0,8}$/.test(text)) return { case: "attemptNumber", value: Number(text) };
  throw new CliError(EXIT.usage, `"${text}" is not an attempt`, ["try     -a 1, -a last, -a failed or -a all"]);
}
