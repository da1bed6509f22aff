import { type Clock, systemClock } from "../clock.ts";
import type { Body } from "./body.ts";
import { deployLog } from "./deploy-log.ts";
import { DEPLOY_JOB, DEPLOY_MS } from "./deploy-run.ts";
import { growingLog } from "./growing-log.ts";
import { largeLog } from "./large-log.ts";
import { readStaticFile } from "./static-file.ts";
import { type TimedLines, timedBody, timedLog } from "./timed-log.ts";
import type { WrittenLog } from "./written-log.ts";

export interface LogFilesOptions {
  /** When the demo was started: the time that the objects' times are relative to. */
  readonly now: Date;
  /** Decides how much of the growing log exists. Default: the system's clock. */
  readonly clock?: Clock;
  /** The folder with `logs/` and `reports/`, ending with a slash. Default: the demo's own. */
  readonly files?: URL;
  /** Bodies that are generated, not read, by path. Default: the demo's growing log and its large one. */
  readonly made?: ReadonlyMap<string, (start: number, now: number) => Body | undefined>;
}

/** The texts that the demo serves, from the store and from pods. */
export interface LogFiles {
  /**
   * The current content of `/logs/PROJECT/JOB/CONTAINER.log` or `/reports/PROJECT/JOB/report.html`; `undefined`: none.
   */
  find(path: string): Promise<Body | undefined>;
  /** What the container whose log is stored at this path has written, or is writing. */
  findWritten(path: string): Promise<WrittenLog | Body | undefined>;
}

const DEPLOY = `/logs/guestbook/${DEPLOY_JOB}/deploy.log`;
const SOAK = "/logs/guestbook/0ce8fcc9-45ac-46b9-820d-bc210f8a7abf.soak.1/soak.log";
const MADE = new Map<string, (start: number, now: number) => Body | undefined>([
  // Like most archives, this one has a log only some time after the job's end.
  [DEPLOY, (start, now) => (now < start + DEPLOY_MS.stored ? undefined : timedBody(deployLog(start), now))],
  [SOAK, (start, now) => timedBody(growingLog(start), now)],
  ["/logs/guestbook/a398d022-d435-4df4-8322-905089933837.load.1/load.log", largeLog],
]);
/** Logs that grow while their job runs. */
const WRITTEN: ReadonlyMap<string, (start: number) => TimedLines> = new Map([
  [DEPLOY, deployLog],
  [SOAK, growingLog],
]);

const SEGMENT = "[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?";
const LOG = new RegExp(`^/logs/${SEGMENT}/${SEGMENT}/${SEGMENT}\\.log$`);
const REPORT = new RegExp(`^/reports/${SEGMENT}/${SEGMENT}/report\\.html$`);

/** Opens the demo's texts. */
export function createLogFiles(options: LogFilesOptions): LogFiles {
  const { now, clock = systemClock, made = MADE, files = new URL("./", import.meta.url) } = options;
  const find: LogFiles["find"] = async (path) => {
    if (!LOG.test(path) && !REPORT.test(path)) return undefined;
    return made.get(path)?.(now.getTime(), clock.now()) ?? (await readStaticFile(new URL(`.${path}`, files)));
  };
  return {
    find,
    findWritten: async (path) => {
      const lines = WRITTEN.get(path)?.(now.getTime());
      return lines === undefined ? find(path) : timedLog(lines, clock);
    },
  };
}
