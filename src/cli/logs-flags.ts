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

/** What the server takes as a context, and as a tail. */
const MOST_CONTEXT = 1_000;
const MOST_TAIL = 10_000_000;

/** Adds the flags of {@link LogsFlags} to a command. */
export function withLogsFlags(command: Command): Command {
  const option = (flags: string, description: string): Option => new Option(flags, description);
  return withConnectionFlags(command)
    .optionsGroup("Which log:")
    .option("-m, --metric <metric>", "the metric (default: the first job metric that failed)")
    .option(
      "-c, --container <container>",
      "the container or init container (default: the one that failed, else the pods' default)",
    )
    .addOption(option("--all-containers", "all containers, init containers too").conflicts("container"))
    .option("-a, --attempt <attempt>", "its number, or last, failed or all (default: the one that decided)")
    .option("--pod <pod>", "the pod, where the Job made several (default: the newest that the cluster still knows)")
    .optionsGroup("How long:")
    .option("-f, --follow", "go on until the job has ended; one that has not begun is waited for")
    .option("--wait <duration>", "wait for a log that is not there yet, at most so long: 30s, 5m, 2h", parseDuration)
    .optionsGroup("Which part of it:")
    .option("--tail <lines>", "the last lines only", whole(MOST_TAIL))
    .addOption(
      option("--since <duration>", "lines of the last 30s, 5m, 2h only")
        .argParser(parseDuration)
        // A cursor belongs to one time, and this one goes with the clock.
        .conflicts(["sinceTime", "cursor"]),
    )
    .option("--since-time <time>", "lines of this time (RFC 3339) and later only", parseTime)
    .option("--until-time <time>", "lines before this time (RFC 3339) only", parseTime)
    .option("--limit-lines <lines>", "at most so many lines", aboveZero)
    .option("--limit-bytes <bytes>", "at most so many bytes", aboveZero)
    .option("--cursor <cursor>", "go on where an earlier call with the same flags has ended")
    .optionsGroup("Which lines:")
    .option("--grep <pattern>", "lines that match only: a regular expression in RE2's syntax")
    .option("--fixed", "the pattern is a text")
    .option("-i, --ignore-case", "upper and lower case are the same")
    .option("-v, --invert-match", "lines that do not match")
    .option("--before <lines>", "so many lines before each match, too", whole(MOST_CONTEXT))
    .option("--after <lines>", "so many lines after each match, too", whole(MOST_CONTEXT))
    .addOption(
      option("--around <lines>", "so many lines before and after each match, too")
        .argParser(whole(MOST_CONTEXT))
        .conflicts(["before", "after"]),
    )
    .optionsGroup("How to print it:")
    .option("--timestamps", "the source's time before each line")
    .option("--prefix", "[container] before each line; with -a all [attempt/container]")
    .addOption(
      option("-o, --output <format>", "text: safe for a terminal; raw: the bytes as they are; json: an object a line")
        .choices(["text", "raw", "json"])
        .default("text"),
    )
    .addOption(
      option("--color <when>", "whether text keeps colours").choices(["auto", "always", "never"]).default("auto"),
    )
    .option("--no-pager", "no pager on a terminal")
    .option("--exit-status", "exit with 10 when the verification failed");
}

function whole(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number <= most) return number;
    throw new InvalidArgumentError(`It is not a number up to ${most}.`);
  };
}

/** To the server, 0 is no limit at all. */
function aboveZero(text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number > 0 && number <= Number.MAX_SAFE_INTEGER) return number;
  throw new InvalidArgumentError("It is not a number above 0.");
}
