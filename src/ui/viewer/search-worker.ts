import { answerPattern, type PatternTask } from "./store/pattern-task.ts";

// Runs patterns in a worker, so that one that never ends can be killed.
addEventListener("message", ({ data }: MessageEvent<PatternTask>) => {
  const answer = answerPattern(data);
  postMessage(answer, { transfer: answer.lines === undefined ? [] : [answer.lines.buffer] });
});
