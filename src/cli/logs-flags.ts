import { type Command, InvalidArgumentError, Option } from "commander";
import { type ConnectionFlags, withConnectionFlags } from "./connection.ts";
import { parseDuration, parseTime } from "./time-flags.ts";

/** The flags of `taffrail logs`. */
export interface LogsFlags extends ConnectionFlags {
  readonly metric?: string;
  readonly container?: string;
  readonly allContainers?: boolean;
  readonly attempt?: string;
  readonly pod?: string;
  readonly showDocument?: boolean;
  readonly allPods?: boolean;
  readonly follow?: boolean;
  /** Milliseconds. */
  readonly wait?: number;
  readonly tail?: number;
  /** Milliseconds. */
  readonly since?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  /** RFC 3339. */
  readonly untilTime?: string;
  readonly grep?: string;
  readonly fixed?: boolean;
  readonly ignoreCase?: boolean;
  readonly invertMatch?: boolean;
  readonly before?: number;
  readonly after?: number;
  readonly around?: number;
  readonly timestamps?: boolean;
  readonly limitLines?: number;
  readonly limitBytes?: number;
  readonly cursor?: string;
  readonly prefix?: boolean;
  readonly output: "text" | "raw" | "json";
  readonly color: "auto" | "always" | "never";
  readonly pager: boolean;
  readonly exitStatus?: boolean;
}

/** The server's limits. */
const MAX_CONTEXT = 1_000;
const MAX_TAIL = 10_000_000;

/** Adds the flags of {@link LogsFlags} to a command. */
export function withLogsFlags(command: Command, isPlugin = false): Command {
  const option = (flags: string, description: string): Option => new Option(flags, description);
  return withConnectionFlags(command, isPlugin)
    .optionsGroup("Which log:")
    .option("-m, --metric <metric>", "the metric (default: the first job metric that failed)")
    .option(
      "-c, --container <container>",
      "the container or init container (default: the one that failed, else the pods' default)",
    )
    .addOption(option("--all-containers", "all containers, including init containers").conflicts("container"))
    .option("-a, --attempt <attempt>", "its number, or last, failed or all (default: the one that decided)")
    .option("--pod <pod>", "the pod, if the Job created several (default: the newest that still exists)")
    .option("--show-document", "print the web page or error that a store returned instead of the log")
    .addOption(option("--all-pods", "all pods of the Job, merged by time").conflicts("pod"))
    .optionsGroup("How long:")
    .option("-f, --follow", "follow the log until the job has ended; wait for a job that has not started")
    .option("--wait <duration>", "wait up to 30s, 5m, 2h for a log that does not exist yet", parseDuration)
    .optionsGroup("Which part of it:")
    .option("--tail <lines>", "only the last lines", whole(MAX_TAIL))
    .addOption(
      option("--since <duration>", "only lines of the last 30s, 5m, 2h")
        .argParser(parseDuration)
        // A cursor is bound to a fixed time, and this one moves with the clock.
        .conflicts(["sinceTime", "cursor"]),
    )
    .option("--since-time <time>", "only lines of this time (RFC 3339) and later", parseTime)
    .option("--until-time <time>", "only lines before this time (RFC 3339)", parseTime)
    .option("--limit-lines <lines>", "at most this many lines", aboveZero)
    .option("--limit-bytes <bytes>", "at most this many bytes", aboveZero)
    .option("--cursor <cursor>", "resume where an earlier call with the same flags ended")
    .optionsGroup("Which lines:")
    .option("--grep <pattern>", "only lines that match a regular expression in RE2's syntax")
    .option("--fixed", "match the pattern literally")
    .option("-i, --ignore-case", "ignore case")
    .option("-v, --invert-match", "only lines that do not match")
    .option("--before <lines>", "print this many lines before each match too", whole(MAX_CONTEXT))
    .option("--after <lines>", "print this many lines after each match too", whole(MAX_CONTEXT))
    .addOption(
      option("--around <lines>", "print this many lines before and after each match too")
        .argParser(whole(MAX_CONTEXT))
        .conflicts(["before", "after"]),
    )
    .optionsGroup("How to print it:")
    .option("--timestamps", "print the source's time before each line")
    .option("--prefix", "print [container] before each line; with --all-pods [pod/container], with -a all [attempt/…]")
    .addOption(
      option("-o, --output <format>", "text: safe for a terminal; raw: the unchanged bytes; json: an object per line")
        .choices(["text", "raw", "json"])
        .default("text"),
    )
    .addOption(
      option("--color <when>", "whether to keep colours in text").choices(["auto", "always", "never"]).default("auto"),
    )
    .option("--no-pager", "do not use a pager on a terminal")
    .option("--exit-status", "exit with 10 if the verification failed or has no verdict");
}

function whole(max: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number <= max) return number;
    throw new InvalidArgumentError(`Use a number from 0 to ${max}.`);
  };
}

/** For the server, 0 means no limit. */
function aboveZero(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number > 0 && number <= Number.MAX_SAFE_INTEGER) return number;
  throw new InvalidArgumentError("Use a number above 0.");
}
