/** A thread that parses large responses of the API server: see `LargeRuns`. */
import { getPriority, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { answerTo, type LargeRunsQuestion } from "./large-runs-answer.ts";

/** Whoever does not wait for a large run comes first. */
const NICE = 10;

// Linux has a priority for each thread (setpriority(2), "C library/kernel differences"); elsewhere this would be that of
// the whole process.
if (process.platform === "linux") {
  try {
    setPriority(Math.max(NICE, getPriority()));
  } catch {
    // Where that is forbidden, it works all the same.
  }
}

parentPort?.on("message", (question: LargeRunsQuestion) => parentPort?.postMessage(answerTo(question)));
