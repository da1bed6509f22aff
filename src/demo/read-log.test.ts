import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { podName, podObject, running, terminated } from "../../test/fakes/pods.ts";
import { createScriptedPodLog, type LogCut, type ScriptedPodLog } from "../../test/fakes/scripted-pod-log.ts";
import { growingLog } from "./growing-log.ts";
import { type MiniKubernetes, startMiniKubernetes } from "./mini-kubernetes.ts";
import type { KubeObject } from "./objects.ts";
import { timedBody, timedLog } from "./timed-log.ts";
import { type WrittenLog, writtenLog } from "./written-log.ts";

const RBAC = "rbac.authorization.k8s.io/v1";
const UID = "1c5989f1-ba2d-4e83-858b-fed0a712755f";
const JOB = `${UID}.smoke.1`;
const POD = podName({ job: JOB });
const READER: readonly KubeObject[] = [
  {
    apiVersion: "demo.taffrail/v1",
    kind: "Token",
    metadata: { name: "reader" },
    token: "reader",
    user: { username: "reader" },
  },
  {
    apiVersion: RBAC,
    kind: "ClusterRole",
    metadata: { name: "reader" },
    rules: [{ apiGroups: [""], resources: ["pods/log"], verbs: ["get"] }],
  },
  {
    apiVersion: RBAC,
    kind: "ClusterRoleBinding",
    metadata: { name: "reader" },
    roleRef: { kind: "ClusterRole", name: "reader" },
    subjects: [{ kind: "User", name: "reader" }],
  },
];

let log: ScriptedPodLog;
let kubernetes: MiniKubernetes;
beforeEach(async () => {
  log = createScriptedPodLog();
  kubernetes = await startMiniKubernetes({
    objects: READER,
    podLog: async ({ previous }) => (previous ? { chunks: () => [Buffer.from("before\nthat\n")] } : log),
  });
  put(running());
});
afterEach(() => kubernetes.close());

const put = (main: object) =>
  kubernetes.put(podObject({ uid: UID, job: JOB, spec: { nodeName: "worker-1" }, containers: { main: { ...main } } }));

async function open(query = "") {
  const answer = await fetch(`${kubernetes.url}/api/v1/namespaces/shop/pods/${POD}/log?${query}`, {
    headers: { authorization: "Bearer reader" },
  });
  if (answer.body === null) throw new Error("There is no body.");
  const pieces = answer.body[Symbol.asyncIterator]();
  return {
    status: answer.status,
    /** Reads until it has this text, or the response ends. */
    async until(text: string): Promise<string> {
      let got = "";
      while (!got.includes(text)) {
        const { done, value } = await pieces.next();
        if (done) break;
        got += Buffer.from(value).toString();
      }
      return got;
    },
    async rest(): Promise<string> {
      return this.until("no log has this");
    },
  };
}
const read = async (query: string): Promise<string> => (await open(query)).rest();

describe("the requested part of a log", () => {
  beforeEach(() => {
    log.append("2026-01-01T00:00:01.9Z", "one\n");
    log.append("2026-01-01T00:00:02Z", "two\nthree\n");
    log.append("2026-01-01T00:00:03.123456789Z", "four\n");
  });

  const TIMED = [
    "2026-01-01T00:00:01.900000000Z one\n",
    "2026-01-01T00:00:02.000000000Z two\n",
    "2026-01-01T00:00:02.000000000Z three\n",
    "2026-01-01T00:00:03.123456789Z four\n",
  ];

  it.each<[string, string]>([
    ["", "one\ntwo\nthree\nfour\n"],
    ["timestamps=true", TIMED.join("")],
    ["tailLines=2", "three\nfour\n"],
    ["tailLines=0", ""],
    ["tailLines=99", "one\ntwo\nthree\nfour\n"],
    ["sinceTime=2026-01-01T00:00:02Z", "two\nthree\nfour\n"],
    // The API server passes on whole seconds.
    ["sinceTime=2026-01-01T00:00:02.9Z", "two\nthree\nfour\n"],
    ["sinceTime=2026-01-01T01:00:03%2B01:00", "four\n"],
    ["sinceTime=2026-01-01T00:00:04Z", ""],
    // The tail is located first.
    ["tailLines=3&sinceTime=2026-01-01T00:00:03Z", "four\n"],
    ["tailLines=1&sinceTime=2026-01-01T00:00:02Z", "four\n"],
    ["tailLines=1&timestamps=1", TIMED[3] ?? ""],
    [
      "previous=true&follow=true&timestamps=true",
      "2026-01-01T00:00:01.000000000Z before\n2026-01-01T00:00:01.000000000Z that\n",
    ],
  ])("is given for %j", async (query, text) => {
    if (query.startsWith("previous")) {
      put({ ...running(), lastState: (terminated(1) as { readonly state: object }).state });
    }
    expect(await read(query)).toBe(text);
  });

  it.each(["tailLines=-1", "tailLines=x", "sinceTime=yesterday"])("is refused as %s", async (query) => {
    expect((await open(query)).status).toBe(400);
  });

  it("has no timestamps within a line that was written in parts", async () => {
    log.append("2026-01-01T00:00:05Z", "five ");
    log.append("2026-01-01T00:00:06Z", "and six\n");
    expect(await read("timestamps=true&tailLines=2")).toBe("2026-01-01T00:00:05.000000000Z five and six\n");
  });

  it("lacks its head after a rotation", async () => {
    log.rotate(1);
    expect(await read("")).toBe("four\n");
    expect(await read("tailLines=3")).toBe("four\n");
  });
});

describe("a log that is followed", () => {
  it("has what there is, then each line as it is written, until the container has ended and all was sent", async () => {
    log.append("2026-01-01T00:00:01Z", "one\n");
    const following = await open("follow=true&timestamps=true");
    expect(await following.until("one\n")).toBe("2026-01-01T00:00:01.000000000Z one\n");
    log.append("2026-01-01T00:00:02Z", "two\n");
    expect(await following.until("two\n")).toBe("2026-01-01T00:00:02.000000000Z two\n");
    put(terminated(0));
    expect(await following.rest()).toBe("");
  });

  it("sends headers before a line is written", async () => {
    expect((await open("follow=true")).status).toBe(200);
  });

  it("includes what was written just before the container ended", async () => {
    const following = await open("follow=true");
    await log.untilWaiting(1);
    log.append("2026-01-01T00:00:02Z", "last words");
    put(terminated(1));
    expect(await following.rest()).toBe("last words");
  });

  it("ends with its pod, even if another one then has its name", async () => {
    for (const again of [false, true]) {
      const following = await open("follow=true");
      await log.untilWaiting(1);
      const pod = put(running());
      kubernetes.remove(pod);
      if (again) put(running());
      expect(await following.rest()).toBe("");
      put(running());
    }
  });

  it("ends immediately if the container has ended", async () => {
    log.append("2026-01-01T00:00:01Z", "one\n");
    put(terminated(0));
    expect(await read("follow=true")).toBe("one\n");
  });

  it("continues with what is left after a rotation", async () => {
    log.append("2026-01-01T00:00:01Z", "one\n");
    const following = await open("follow=true&tailLines=0");
    await log.untilWaiting(1);
    log.rotate(0);
    log.append("2026-01-01T00:00:02Z", "two\n");
    expect(await following.until("two\n")).toBe("two\n");
  });

  it.each<LogCut>(["breaks", "ends"])(
    "%s when it is cut, now or after some bytes, and reports what was sent",
    async (how) => {
      log.append("2026-01-01T00:00:01Z", "größer\n");
      const following = await open("follow=true");
      expect(await following.until("\n")).toBe("größer\n");
      log.cut(how);
      if (how === "breaks") await expect(following.rest()).rejects.toThrow();
      else expect(await following.rest()).toBe("");

      log.cutAfter(3, how);
      const cut = await open("follow=true&tailLines=1");
      if (how === "breaks") await expect(cut.rest()).rejects.toThrow();
      else expect(await cut.rest()).toBe("gr\ufffd");
      expect(log.answers).toEqual([
        { query: { follow: "true" }, sent: Buffer.from("größer\n").toString("latin1") },
        { query: { follow: "true", tailLines: "1" }, sent: Buffer.from("gr\u00f6").toString("latin1").slice(0, 3) },
      ]);
      // Only one.
      put(terminated(0));
      expect(await read("")).toBe("größer\n");
    },
  );

  it("stops immediately when the reader disconnects", async () => {
    const leaving = new AbortController();
    await fetch(`${kubernetes.url}/api/v1/namespaces/shop/pods/${POD}/log?follow=true`, {
      headers: { authorization: "Bearer reader" },
      signal: leaving.signal,
    });
    await log.untilWaiting(1);
    leaving.abort();
    await expect(log.untilWaiting(0)).resolves.toBeUndefined();
  });
});

const textOf = (lines: WrittenLog, from = 0) =>
  [...lines.lines(from)].map(({ time, bytes }) => `${time} ${Buffer.from(bytes)}`);

describe("a text as a log", () => {
  const START = Date.parse("2026-01-01T00:00:00Z");

  it("has the times that its lines begin with, wherever the text is split, and they never go back", () => {
    const text = "first\n2026-01-01T00:00:05.25Z second\nthird\n2026-01-01T00:00:04Z fourth\nlast";
    const lines = [
      "2026-01-01T00:00:00.000000000Z first\n",
      "2026-01-01T00:00:05.250000000Z 2026-01-01T00:00:05.25Z second\n",
      "2026-01-01T00:00:05.250000000Z third\n",
      "2026-01-01T00:00:05.250000000Z 2026-01-01T00:00:04Z fourth\n",
      "2026-01-01T00:00:05.250000000Z last",
    ];
    for (const size of [1, 7, 1000]) {
      const bytes = Buffer.from(text);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        bytes.subarray(index * size, (index + 1) * size),
      );
      expect(textOf(writtenLog({ chunks: () => chunks }, START))).toEqual(lines);
      expect(textOf(writtenLog({ chunks: () => chunks }, START), 4)).toEqual(lines.slice(4));
    }
  });

  it("matches what is stored at each time, line by line, as it grows", () => {
    for (const seconds of [0, 1, 61.5]) {
      const now = START + seconds * 1000;
      const lines = [...timedLog(growingLog(START), { now: () => now }).lines(0)];
      const stored = Buffer.concat([...timedBody(growingLog(START), now).chunks()]).toString();
      expect(lines.map(({ bytes }) => String(bytes)).join("")).toBe(stored);
      for (const { time, bytes } of lines) expect(time.replace("000000Z", "Z")).toBe(String(bytes).slice(0, 24));
      expect([...timedLog(growingLog(START), { now: () => now }).lines(15)]).toEqual(lines.slice(15));
    }
  });
});
