import { DEPLOY_MS } from "./deploy-run.ts";
import type { TimedLines } from "./timed-log.ts";

const REPLICAS = 12;

/** The log of the job that starts a while after the demo and ends two minutes later. */
export function deployLog(start: number): TimedLines {
  // The last line is written a second before the end, so that a timer that fires early does not lose it.
  const most = (DEPLOY_MS.ended - DEPLOY_MS.began) / 1000 - 1;
  const lineAt = (index: number, time: string): string => {
    if (index === 0) return `${time} INFO  deploy: guestbook 1.14.0, ${REPLICAS} replicas\n`;
    if (index === most - 1) return `${time} INFO  deploy: done, ${REPLICAS} of ${REPLICAS} replicas are ready\n`;
    const replica = Math.floor((index * REPLICAS) / most) + 1;
    return `${time} INFO  replica ${replica} of ${REPLICAS}: ${index % 10 === 9 ? "ready" : "waiting for its probe"}\n`;
  };
  return { startedAt: start + DEPLOY_MS.began, most, lineAt };
}
