import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** The CPU time that a process has used so far, in seconds: user and system, all threads. Linux only. */
export function readCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the program's name in parentheses and may contain blanks: count from after it, where 11 and 12
  // are utime and stime.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** A process's current resident memory, in bytes. Linux only. */
export function readMemory(pid: number): number {
  return readStatus(pid, "VmRSS");
}

/** A process's peak resident memory since {@link resetPeakMemory}, in bytes. Linux only. */
export function readPeakMemory(pid: number): number {
  return readStatus(pid, "VmHWM");
}

/** Resets a process's peak to its current memory. */
export function resetPeakMemory(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, "5");
}

function readStatus(pid: number, field: "VmRSS" | "VmHWM"): number {
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  if (line === null) throw new Error(`Process ${pid} tells no ${field}.`);
  return Number(line[1]) * 1024;
}
