/**
 * The cost of filtering lines: the filter alone on the bench's log, in pieces of 256 KiB as from a source, compared
 * with `grep` and `rg` on the same file if they are installed.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { createLineFilter } from "../../src/stream/line-filter.ts";
import type { TimedText } from "../../src/stream/line-filter-types.ts";
import { createLineMatcher } from "../../src/stream/line-matcher.ts";
import { writeLog } from "./corpus.ts";
import { percentile } from "./statistics.ts";

const LOG_BYTES = 64 * 2 ** 20;
const TEXT_BYTES = 256 * 1024;
const ROUNDS = 5;

interface Search {
  readonly name: string;
  readonly pattern: string;
  readonly fixed?: boolean;
  readonly ignoreCase?: boolean;
  readonly context?: number;
  /** Whether lines end as in Windows. */
  readonly crlf?: boolean;
}

const SEARCHES: readonly Search[] = [
  { name: "literal, no match", pattern: "connection refused", fixed: true },
  { name: "literal, one line in 1,000", pattern: "in 77 ms", fixed: true },
  { name: "literal, no match, CRLF", pattern: "connection refused", fixed: true, crlf: true },
  { name: "literal, one line in 1,000, CRLF", pattern: "in 77 ms", fixed: true, crlf: true },
  { name: "literal, one line in 1,000, 3 lines of context", pattern: "in 77 ms", fixed: true, context: 3 },
  { name: "literal, nine lines in ten", pattern: "check status", fixed: true },
  { name: "literal, any case", pattern: "Connection Refused", fixed: true, ignoreCase: true },
  { name: "`ERROR\\|FATAL`", pattern: "ERROR|FATAL" },
  { name: "`ERROR\\|FATAL`, CRLF", pattern: "ERROR|FATAL", crlf: true },
  { name: "`status=5\\d\\d`", pattern: "status=5\\d\\d" },
  { name: "`timeout after \\d+ms`", pattern: "timeout after \\d+ms" },
  { name: "`step \\d+7 .* in 9\\d ms`", pattern: "step \\d+7 .* in 9\\d ms" },
  { name: "`(a+)+$`", pattern: "(a+)+$" },
  { name: "`\\b\\d{9}\\b`", pattern: "\\b\\d{9}\\b" },
];

/** Measures the searches on a log that is created in `folder`. Returns lines of Markdown. */
export async function measureGrep(folder: string): Promise<string[]> {
  const file = join(folder, "grep.log");
  await writeLog(file, LOG_BYTES);
  const log = await readFile(file);
  const windowsFile = join(folder, "grep-crlf.log");
  const windowsLog = Buffer.from(log.toString("latin1").replaceAll("\n", "\r\n"), "latin1");
  await writeFile(windowsFile, windowsLog);
  const programs = await installed(["grep", "rg"]);
  const lines = [
    `## Choosing lines of ${log.length / 2 ** 20} MiB (median of ${ROUNDS}, MB/s; the programs with their start)`,
    "",
    `| pattern | matches | filter |${programs.map((name) => ` ${name} |`).join("")}`,
    `| --- | ---: | ---: |${programs.map(() => " ---: |").join("")}`,
  ];
  for (const search of SEARCHES) {
    let matches = 0;
    const [searched, path] = search.crlf === true ? [windowsLog, windowsFile] : [log, file];
    const filter = await median(searched.length, () => {
      matches = filterLog(searched, search);
    });
    const others: string[] = [];
    for (const name of programs) {
      const { rate, count } = await runProgram(name, search, path, searched.length);
      others.push(` ${rate.toFixed(0)}${count === matches ? "" : ` (${count} matches)`} |`);
    }
    lines.push(`| ${search.name} | ${matches} | ${filter.toFixed(0)} |${others.join("")}`);
  }
  return lines;
}

/** The number of matching lines. */
function filterLog(log: Buffer, { pattern, fixed = false, ignoreCase = false, context = 0 }: Search): number {
  const matches = createLineMatcher({ pattern, fixed, ignoreCase });
  const filter = createLineFilter(
    { timestamps: false, grep: { matches, invert: false, before: context, after: context } },
    { line: 1 },
  );
  let count = 0;
  const send = (text: TimedText): void => {
    const pushed = filter.push(text);
    let step = pushed.next();
    while (!step.done) step = pushed.next();
    for (const { runs } of step.value) for (const run of runs) count += run.context ? 0 : run.count;
  };
  for (let at = 0; at < log.length; at += TEXT_BYTES) send({ bytes: log.subarray(at, at + TEXT_BYTES) });
  return count;
}

async function median(bytes: number, run: () => unknown): Promise<number> {
  const rates: number[] = [];
  // The first round only warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    const begin = performance.now();
    await run();
    if (round > 0) rates.push(bytes / 1000 / (performance.now() - begin));
  }
  return percentile(rates, 0.5);
}

async function runProgram(
  name: string,
  { pattern, fixed = false, ignoreCase = false, context = 0 }: Search,
  file: string,
  bytes: number,
): Promise<{ readonly rate: number; readonly count: number }> {
  const options = [
    fixed ? "-F" : name === "grep" ? "-P" : "",
    ignoreCase ? "-i" : "",
    context > 0 ? `-C${context}` : "",
  ];
  const args = [...options.filter((option) => option !== ""), "-n", "-e", pattern, file];
  const search = (more: readonly string[]) =>
    new Promise<string>((resolve) => {
      // They exit with 1 if nothing matches.
      execFile(name, [...more, ...args], { maxBuffer: 2 ** 30 }, (_, output) => resolve(output));
    });
  const rate = await median(bytes, () => search([]));
  return { rate, count: Number((await search(["-c"])).trim() || "0") };
}

async function installed(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const name of names) {
    const works = await promisify(execFile)(name, ["--version"]).then(
      () => true,
      () => false,
    );
    if (works) found.push(name);
  }
  return found;
}
