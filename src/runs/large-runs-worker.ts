/** A thread that parses large responses of the API server: see `LargeRuns`. */
import { parentPort } from "node:worker_threads";
import { answerTo, type LargeRunsQuestion } from "./large-runs-answer.ts";

parentPort?.on("message", (question: LargeRunsQuestion) => parentPort?.postMessage(answerTo(question)));
