import { once } from "node:events";
import { request } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { largeLog } from "./large-log.ts";
import { type LogStore, type LogStoreOptions, STORE_TOKEN, startLogStore } from "./log-store.ts";

const NOW = new Date("2026-03-12T14:00:00Z");
const GROWING = "/logs/guestbook/0ce8fcc9-45ac-46b9-820d-bc210f8a7abf.soak.1/soak.log";
const LARGE = "/logs/guestbook/a398d022-d435-4df4-8322-905089933837.load.1/load.log";
const ROBOT = "1c5989f1-ba2d-4e83-858b-fed0a712755f.robot";
const headers = { authorization: `Bearer ${STORE_TOKEN}` };

let store: LogStore | undefined;
afterEach(() => store?.close());
async function start(options: Partial<LogStoreOptions> = {}): Promise<string> {
  store = await startLogStore({ now: NOW, ...options });
  return store.url;
}

describe("startLogStore", () => {
  it("serves the console log of each attempt", async () => {
    const url = await start();
    for (const [attempt, failed] of [
      [1, 2],
      [2, 1],
    ]) {
      const answer = await fetch(`${url}/logs/guestbook/${ROBOT}.${attempt}/robot.log`, { headers });
      expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(answer.headers.get("etag")).toMatch(/^"[0-9a-f]{16}"$/);
      const text = await answer.text();
      expect(answer.headers.get("content-length")).toBe(String(Buffer.byteLength(text)));
      expect(text).toContain(`16 tests, ${16 - (failed ?? 0)} passed, ${failed} failed`);
      expect(text).toContain("expected HTTP 200, got HTTP 503");
    }
  });

  it("serves logs only to the gateway, and reports to everybody", async () => {
    const url = await start();
    const log = `${url}/logs/guestbook/${ROBOT}.2/robot.log`;
    expect((await fetch(log)).status).toBe(401);
    expect((await fetch(log, { headers: { authorization: "Bearer demo-viewer" } })).status).toBe(401);
    const report = await fetch(`${url}/reports/guestbook/${ROBOT}.2/report.html`);
    expect(report.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(await report.text()).toContain("Visitor redeems a voucher");
  });

  it.each([
    "/logs/guestbook/84c4b877-6785-47a3-a8e5-8909ccb2b416.robot.1/robot.log",
    "/logs/guestbook/..%2f..%2fcluster.yaml",
    "/logs/guestbook/../../cluster.yaml",
    "/logs/guestbook/%2e%2e/x.log",
    "/logs/guestbook",
    "/cluster.yaml",
  ])("answers 404 to %s", async (path) => {
    const answer = await fetch((await start()) + path, { headers });
    expect(answer.status).toBe(404);
  });

  it("answers 405 to other methods", async () => {
    expect((await fetch((await start()) + GROWING, { method: "PUT", headers })).status).toBe(405);
  });

  it("lets the running job's log grow by a line a second, and never changes a line", async () => {
    let time = NOW.getTime();
    const url = await start({ clock: { now: () => time } });
    const read = async (): Promise<{ etag: string | null; text: string }> => {
      const answer = await fetch(url + GROWING, { headers });
      return { etag: answer.headers.get("etag"), text: await answer.text() };
    };
    const first = await read();
    expect(first.text.match(/\n/g)).toHaveLength(20);
    time += 999;
    expect(await read()).toEqual(first);
    time += 1;
    const second = await read();
    expect(second.etag).not.toBe(first.etag);
    expect(second.text.startsWith(first.text)).toBe(true);
    expect(second.text.match(/\n/g)).toHaveLength(21);
    time += 599_000;
    const later = await read();
    expect(later.text.startsWith(second.text)).toBe(true);
    expect(later.text.match(/\n/g)).toHaveLength(620);
  });

  it("pulls a body no faster than its reader reads", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    let pulled = 0;
    const endless = {
      length: chunk.length * 10_000,
      etag: "endless",
      *chunks() {
        for (; pulled < 10_000; pulled += 1) yield chunk;
      },
    };
    const url = await start({ made: new Map([["/logs/a/b/c.log", () => endless]]) });
    const call = request(`${url}/logs/a/b/c.log`, { headers }).end();
    const [answer] = await once(call, "response");
    answer.pause();
    // If 200 iterations of the event loop bring no further pull, the store has stopped.
    let before = -1;
    while (before !== pulled) {
      before = pulled;
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    }
    expect(pulled).toBeGreaterThan(0);
    expect(pulled).toBeLessThan(500);
    call.destroy();
  });
});

describe("largeLog", () => {
  it("is 200 MB of whole lines, as long as announced, with the cause of the failure near its end", () => {
    const log = largeLog(NOW.getTime());
    let size = 0;
    let last: Uint8Array = new Uint8Array();
    for (const chunk of log.chunks()) {
      size += chunk.length;
      last = chunk;
    }
    expect(size).toBe(log.length);
    expect(size).toBeGreaterThan(199_000_000);
    expect(size).toBeLessThan(201_000_000);
    const tail = Buffer.from(last).toString("utf8");
    expect(tail).toContain("connection pool exhausted");
    expect(tail.endsWith("was crossed\n")).toBe(true);
  });

  it("is the same each time, and contains scripts other than Latin", () => {
    const [one] = largeLog(NOW.getTime()).chunks();
    const [again] = largeLog(NOW.getTime()).chunks();
    expect(one).toEqual(again);
    const text = Buffer.from(one ?? []).toString("utf8");
    expect(text).toContain("李雷");
    expect(text.split("\n")).toHaveLength(1001);
  });

  it("is served whole by the store", async () => {
    const answer = await fetch((await start()) + LARGE, { headers });
    let size = 0;
    for await (const chunk of answer.body ?? []) size += chunk.length;
    expect(size).toBe(Number(answer.headers.get("content-length")));
  });
});
