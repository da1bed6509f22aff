import { readFileSync } from "node:fs";
import { pino } from "pino";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import { systemClock } from "../../src/clock.ts";
import { DEMO_CLUSTER } from "../../src/demo/config.ts";
import { type DemoGateway, startDemoGateway } from "../../src/demo/demo-gateway.ts";
import type { MiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { type KubeObject, loadObjects } from "../../src/demo/objects.ts";
import { startDemoServers } from "../../src/demo/servers.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";

/** `describe`, skipped without a browser. */
export const suite = describe.skipIf(chromiumPath() === undefined);

/** The run that the demo opens on. */
export const ROBOT_RUN = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";
/** A run with a growing log. */
export const LIVE_RUN = "dev.01kkh78mj0ybmgq052an9t2aa5.dd78add";

/** The demo and a browser. */
export interface DemoWorld {
  readonly browser: Browser;
  readonly gateway: DemoGateway;
  readonly cluster: MiniKubernetes;
  /** The cluster's objects at the start. */
  readonly objects: readonly KubeObject[];
}

/** Starts them for all tests of a file. */
export function useDemoWorld(): () => DemoWorld {
  let world: DemoWorld | undefined;
  let close = async (): Promise<void> => {};
  beforeAll(async () => {
    const now = new Date();
    const objects = loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), now);
    const servers = await startDemoServers({ objects, now });
    const gateway = await startDemoGateway({
      servers,
      objects,
      clock: systemClock,
      log: pino({ level: "silent" }),
      port: 0,
      opens: { project: "guestbook", run: ROBOT_RUN },
    });
    const browser = await launchChromium();
    world = { browser, gateway, cluster: servers.cluster, objects };
    close = async () => {
      await browser.close();
      void gateway.stop();
      await gateway.stop();
      await servers.close();
    };
  });
  afterAll(() => close());
  return () => {
    if (world === undefined) throw new Error("The demo has not been started yet.");
    return world;
  };
}
