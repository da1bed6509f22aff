import { readFileSync } from "node:fs";
import { createConnectTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { as, readLog } from "../../test/integration/read-log.ts";
import { parseConfig } from "../config/load.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import { type Gateway, startGateway } from "../server/gateway.ts";
import { createLog } from "../telemetry/log.ts";
import { DEMO_CLUSTER, demoConfig } from "./config.ts";
import { STORE_TOKEN } from "./log-store.ts";
import { loadObjects } from "./objects.ts";
import { type DemoServers, startDemoServers } from "./servers.ts";

const NOW = new Date("2026-03-12T14:00:00Z");
const SOAK = "0ce8fcc9-45ac-46b9-820d-bc210f8a7abf.soak.1";
const RUNS = {
  running: "dev.01kkh78mj0ybmgq052an9t2aa5.dd78add",
  robot: "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5",
  sidecar: "dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f",
  waiting: "uat.01kkhbdr20m4d5e6f7g8h9jkmn.00d90e5",
};

let servers: DemoServers;
let gateway: Gateway;
beforeAll(async () => {
  const clock = { now: () => NOW.getTime() + 5_000 };
  const objects = loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), NOW);
  servers = await startDemoServers({ objects, now: NOW, clock });
  gateway = await startGateway({
    compiled: parseConfig(demoConfig(servers.store.url), {
      name: "config.yaml",
      folder: ".",
      env: { TAFFRAIL_DEMO_STORE_TOKEN: STORE_TOKEN },
      clock,
    }),
    kube: createKubeApi({
      server: servers.cluster.url,
      credentials: async () => ({ headers: { authorization: "Bearer demo-gateway" }, tls: {} }),
    }),
    clock,
    log: createLog("trace", { write: () => {} }),
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
  });
});
afterAll(async () => {
  await gateway.stop();
  await servers.close();
});

const read = (name: string, containerName = "") =>
  readLog(
    createConnectTransport({ baseUrl: `http://127.0.0.1:${gateway.address.port}`, httpVersion: "1.1" }),
    { namespace: "guestbook", name, containerName },
    as("demo-viewer"),
  );

describe("the demo", () => {
  it("shows the log of the running job from its pod, and the store has the same text", async () => {
    const { text, origin } = await read(RUNS.running);
    expect(origin).toMatchObject({ source: "pods", live: true, podName: `${SOAK}-q7wzk` });
    expect(text.match(/\n/g)).toHaveLength(25);
    const headers = { authorization: `Bearer ${STORE_TOKEN}` };
    const stored = await fetch(`${servers.store.url}/logs/guestbook/${SOAK}/soak.log`, { headers });
    expect(await stored.text()).toBe(text);
  });

  it("has the running job's log followed from its pod, with the times that the store's copy has", async () => {
    let now = NOW.getTime() + 5_000;
    const objects = loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), NOW);
    const growing = await startDemoServers({ objects, now: NOW, clock: { now: () => now } });
    const kube = createKubeApi({
      server: growing.cluster.url,
      credentials: async () => ({ headers: { authorization: "Bearer demo-gateway" }, tls: {} }),
    });
    const pod = { namespace: "guestbook", name: `${SOAK}-q7wzk`, container: "soak", previous: false };
    const leave = new AbortController();
    const { body } = await kube.openPodLog(pod, { follow: true, timestamps: true, tailLines: 3 }, leave.signal);
    const lines: string[] = [];
    for await (const piece of body) {
      lines.push(...String(piece).split(/(?<=\n)/));
      if (lines.length === 3) now += 2_000;
      if (lines.length === 5) break;
    }
    for (const line of lines) {
      const [, time, text] = /^(\S{30}) (.*)$/s.exec(line) ?? [];
      expect(text?.startsWith(time?.replace("000000Z", "Z") ?? "-")).toBe(true);
    }
    const headers = { authorization: `Bearer ${STORE_TOKEN}` };
    const stored = await fetch(`${growing.store.url}/logs/guestbook/${SOAK}/soak.log`, { headers });
    expect((await stored.text()).endsWith(lines.map((line) => line.slice(31)).join(""))).toBe(true);
    await kube.close();
    await growing.close();
  });

  it("shows the failed run's log from the store, although its pod still exists", async () => {
    const { text, origin } = await read(RUNS.robot);
    expect(origin).toMatchObject({
      source: "store",
      live: false,
      attempt: 2,
      podName: expect.stringContaining("robot.2"),
    });
    expect(text).toContain("16 tests, 15 passed, 1 failed");
  });

  it("shows the sidecar that failed first, and not the pods' default container", async () => {
    const { text, origin } = await read(RUNS.sidecar);
    expect(origin?.containerName).toBe("proxy");
    expect(text).toContain("certificate has expired");
    expect((await read(RUNS.sidecar, "tests")).text).toContain("not ok 3 - a voucher is redeemed");
  });

  it("says what a run is waiting for", async () => {
    expect((await read(RUNS.waiting)).error).toMatchObject({
      code: "FailedPrecondition",
      reason: "LOG_NOT_YET",
      message: expect.stringContaining("the container waits to be started (Unschedulable)"),
    });
  });
});
