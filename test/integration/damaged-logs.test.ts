import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { AttemptRule, EndReason, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createTaffrailClient } from "../../src/client/client.ts";
import { describeError } from "../../src/client/describe-error.ts";
import { runInProcess } from "../fakes/cli.ts";
import { terminated } from "../fakes/pods.ts";
import { type StoredObjectOptions, storedObject } from "../fakes/stored-object.ts";
import { fakeTimer } from "../fakes/timers.ts";
import { useLiveWorld } from "./live-world.ts";
import { jobName, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { type LogRef, useWorld } from "./world.ts";

const LINES = Array.from({ length: 4_000 }, (_, index) => `${index + 1} ${randomBytes(30).toString("base64")}\n`);
const LOG = LINES.join("");
const GZIP = gzipSync(LOG);
const FIRST = "one\ntwo\n";

function flipped(bytes: Uint8Array, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

const DAMAGED: readonly (readonly [string, Uint8Array])[] = [
  ["gzip that was truncated", GZIP.subarray(0, GZIP.length / 2)],
  ["a second member of gzip that is damaged", Buffer.concat([gzipSync(FIRST), flipped(GZIP, 200)])],
  ["garbage behind a member of gzip", Buffer.concat([gzipSync(FIRST), Buffer.from("\x07garbage")])],
  ["gzip with a wrong checksum", flipped(GZIP, GZIP.length - 5)],
  ["zstd that was truncated", zstdCompressSync(LOG).subarray(0, 100_000)],
  ["zstd with a second frame that is none", Buffer.concat([zstdCompressSync(FIRST), Buffer.from("garbage")])],
];

describe.each(PROTOCOLS)("a damaged log over $name", (protocol) => {
  const world = useWorld();
  const read = (bytes: Uint8Array, options: StoredObjectOptions = {}, request = {}) =>
    readLog(world().transport(protocol), { ...world().addLog(storedObject(bytes, options).answer), ...request });

  it.each(DAMAGED)("ends with SOURCE_DAMAGED and the line, after what can be unpacked: %s", async (_, bytes) => {
    const { text, end, error, kinds, notices } = await read(bytes);
    // A wrong byte shows only some bytes later.
    expect(text.startsWith(FIRST) || LOG.startsWith(text)).toBe(true);
    expect(text.length).toBeGreaterThanOrEqual(FIRST.length);
    expect(end?.reason).toBe(EndReason.SOURCE_DAMAGED);
    expect(end?.bytes).toBe(BigInt(text.length));
    expect(error).toMatchObject({
      code: "DataLoss",
      reason: "SOURCE_DAMAGED",
      message: `The stored log is damaged from line ${text.split("\n").length} on.`,
      next: expect.stringMatching(/operator.*trying again does not help/),
    });
    expect(kinds.at(-1)).toBe("end");
    expect(notices).toEqual([]);
  });

  it("has its last lines, and the same end", async () => {
    const { text, end, error } = await read(DAMAGED[2]?.[1] ?? Buffer.alloc(0), {}, { tailLines: 1n });
    expect(text).toBe("two\n");
    expect(end?.reason).toBe(EndReason.SOURCE_DAMAGED);
    expect(error?.message).toBe("The stored log is damaged from line 3 on.");
  });

  it.each([0, 1, 4, 7])("is whole, but not proved to be, with %d bytes of gzip's trailer", async (bytes) => {
    const { text, end, error } = await read(GZIP.subarray(0, GZIP.length - 8 + bytes));
    expect(text === LOG).toBe(true);
    expect(end?.reason).toBe(EndReason.SOURCE_ENDED);
    expect(error).toBeUndefined();
  });

  it.each([
    ["gzip", flipped(GZIP.subarray(0, 40), 2)],
    ["zstd", Buffer.concat([zstdCompressSync("").subarray(0, 4), Buffer.alloc(20, 0xff)])],
  ])("fails with SOURCE_DAMAGED if nothing of its %s can be unpacked", async (_, bytes) => {
    const { kinds, error } = await read(bytes);
    expect(kinds).toEqual([]);
    expect(error).toMatchObject({
      code: "DataLoss",
      reason: "SOURCE_DAMAGED",
      message: 'No log: source "archive" has only a damaged log, of which nothing can be unpacked.',
    });
    expect(error?.sources).toMatchObject([
      { source: "archive", outcome: "SOURCE_OUTCOME_DAMAGED", fault: "SOURCE_FAULT_LOG_DAMAGED" },
    ]);
  });

  it("may still be being written while its job runs", async () => {
    const ref = world().addLog(storedObject(GZIP.subarray(0, GZIP.length / 2)).answer, [{ running: true }]);
    const { text, end, error } = await readLog(world().transport(protocol), ref);
    expect(text.length).toBeGreaterThan(1_000);
    expect(end?.reason).toBe(EndReason.CAUGHT_UP);
    expect(error).toBeUndefined();
  });

  it.each([
    [
      "the store breaks off before the length that it declared",
      (response: ServerResponse) => {
        response.writeHead(200, { "content-length": GZIP.length });
        response.write(GZIP.subarray(0, GZIP.length / 2), () => response.socket?.destroy());
      },
    ],
    [
      "only the closed connection ends what the store sent",
      (response: ServerResponse) => {
        response.socket?.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        response.socket?.end(GZIP.subarray(0, GZIP.length / 2));
      },
    ],
  ])("is not damaged if %s: that is retried", async (_, answer) => {
    const { text, end, error } = await readLog(world().transport(protocol), world().addLog(answer));
    expect(LOG.startsWith(text)).toBe(true);
    expect(end?.reason).toBe(EndReason.SOURCE_FAILED);
    expect(error).toMatchObject({ code: "Unavailable", reason: "SOURCE_FAILED" });
  });

  it("is named among several containers, and the others go on", async () => {
    const ref = world().addLog(storedObject(Buffer.concat([gzipSync(FIRST), Buffer.from("!")])).answer, [
      { containers: ["main", "sidecar", "broken"] },
    ]);
    const put = (container: string, bytes: Uint8Array | string) => {
      const uid = `00000000-0000-4000-8000-${ref.name.replace(/^.*-/, "").padStart(12, "0")}`;
      const path = `/hidden-shelf/shop/${jobName(uid, "checks")}/${container}.log`;
      world().store.answer(path, storedObject(bytes).answer);
    };
    put("sidecar", "of the sidecar\n");
    put("broken", flipped(GZIP.subarray(0, 40), 2));
    const { text, notices, end, error } = await readLog(world().transport(protocol), { ...ref, allContainers: true });
    expect(text).toBe(`${FIRST}of the sidecar\n`);
    expect(notices).toMatchObject([
      { kind: NoticeKind.LOG_DAMAGED, message: "main: The stored log is damaged from line 3 on." },
      { kind: NoticeKind.CONTAINER_LEFT_OUT, message: expect.stringMatching(/^broken: .*damaged/) },
    ]);
    expect(end?.reason).toBe(EndReason.SOURCE_DAMAGED);
    expect(error).toMatchObject({ code: "DataLoss", reason: "SOURCE_DAMAGED" });
  });
});

describe("a damaged log of one of several attempts", () => {
  const world = useLiveWorld(["archive"]);

  it("is named, and the others go on", async () => {
    const attempts = [1, 2].map((number) => ({ number, phase: "Failed" }));
    const run = world().addRun({ phase: "Failed", attempts });
    const damaged = Buffer.concat([gzipSync(FIRST), Buffer.from("garbage")]);
    world().store.answer(run.archivePath("main", 1), storedObject(damaged).answer);
    world().store.answer(run.archivePath("main", 2), storedObject("of the second\n").answer);
    const log = run.read({ attempt: { case: "attemptRule", value: AttemptRule.ALL } });
    await log.done;
    expect(log.text()).toBe(`${FIRST}of the second\n`);
    expect(log.said()).toContain("The stored log is damaged from line 3 on.");
    expect(log.end()?.reason).toBe(EndReason.SOURCE_DAMAGED);
    expect(log.error?.reason).toBe("SOURCE_DAMAGED");
  });
});

describe("a damaged copy of a log", () => {
  const world = useLiveWorld(["archive", "pods"]);
  const GARBAGE = Buffer.from("garbage");

  it("is read on from where its pod's log ended, up to the damage", async () => {
    const run = world().addRun();
    const pod = run.pod();
    run.log(pod).append("2026-01-01T00:00:01Z", FIRST);
    const log = run.read({ follow: true });
    await log.until(FIRST);
    const copy = Buffer.concat([gzipSync(`${FIRST}three\n`), GARBAGE]);
    world().store.answer(run.archivePath(), storedObject(copy).answer);
    run.put({ phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] });
    run.removePod(pod);
    run.log(pod).cut("ends");
    await log.done;
    expect(log.text()).toBe(`${FIRST}three\n`);
    expect(log.notices()).toEqual([NoticeKind.SOURCE_CHANGED]);
    expect(log.error).toMatchObject({ reason: "SOURCE_DAMAGED", message: expect.stringContaining("from line 4 on") });
  });

  it("ends a log that cannot be read on behind the damage", async () => {
    const run = world().addRun();
    const pod = run.pod();
    run.log(pod).append("2026-01-01T00:00:01Z", FIRST);
    const log = run.read({ follow: true });
    await log.until(FIRST);
    world().store.answer(run.archivePath(), storedObject(Buffer.concat([gzipSync("one\n"), GARBAGE])).answer);
    run.put({ phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] });
    run.removePod(pod);
    run.log(pod).cut("ends");
    await log.done;
    expect(log.text()).toBe(FIRST);
    expect(log.end()?.reason).toBe(EndReason.SOURCE_DAMAGED);
    expect(log.error).toMatchObject({ reason: "SOURCE_DAMAGED", message: expect.stringContaining("from line 3 on") });
  });

  it("is passed over from its beginning where nothing of it can be unpacked", async () => {
    const run = world().addRun({ phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] });
    world().store.answer(run.archivePath(), storedObject(gzipSync(FIRST).subarray(0, 9)).answer);
    const pod = run.pod({ phase: "Failed", containers: { main: terminated(1) } });
    run.log(pod).append("2026-01-01T00:00:01Z", FIRST);
    const log = run.read();
    await log.done;
    expect(log.text()).toBe(FIRST);
    expect(log.error).toBeUndefined();
  });
});

describe("a damaged log", () => {
  const world = useWorld();
  const [, truncated = Buffer.alloc(0)] = DAMAGED[0] ?? [];

  it("is asked for once by the client library, and its end has no cursor", async () => {
    const before = world().store.asked.length;
    const { timer, waited } = fakeTimer();
    const client = createTaffrailClient({ baseUrl: world().url, token: TOKENS.reader });
    const ref = world().addLog(storedObject(truncated).answer);
    const events: { readonly kind: string; readonly cursor?: string }[] = [];
    let error: unknown;
    try {
      for await (const event of client.getAnalysisRunLogs(ref, { resume: { timer } })) events.push(event);
    } catch (caught) {
      error = caught;
    }
    expect(describeError(error).reason).toBe("SOURCE_DAMAGED");
    expect(events.at(-1)).toMatchObject({ kind: "end", end: { reason: EndReason.SOURCE_DAMAGED } });
    expect(waited).toEqual([]);
    expect(world().store.asked.length - before).toBe(1);
  });

  it("is explained by why, with the first error before the damage", async () => {
    const why = async (text: string): Promise<string> => {
      const { name } = world().addLog(storedObject(Buffer.concat([gzipSync(text), Buffer.from("garbage")])).answer);
      const env = { TAFFRAIL_SERVER: world().url, TAFFRAIL_TOKEN: TOKENS.reader };
      return (await runInProcess(["why", name, "-n", "shop"], { env })).out;
    };
    const out = await why("one\nERROR no\n");
    expect(out).toMatch(
      /first error, line 2:\n {7}1 {2}one\n> +2 {2}ERROR no\n {2}The stored log is damaged from line 3 on\.\n/,
    );
    expect(await why("one\n")).toMatch(/last lines:\n +1 {2}one\n {2}The stored log is damaged from line 2 on\.\n/);
  });

  it("is told by the command line, which does not retry and does not offer to resume", async () => {
    const run = (ref: LogRef, ...flags: string[]) => {
      const env = { TAFFRAIL_SERVER: world().url, TAFFRAIL_TOKEN: TOKENS.reader };
      return runInProcess(["logs", ref.name, "-n", ref.namespace, ...flags], { env });
    };
    const { code, out, said } = await run(world().addLog(storedObject(truncated).answer));
    expect(code).toBe(6);
    expect(LOG.startsWith(out)).toBe(true);
    const line = out.split("\n").length;
    expect(said.slice(1, 3)).toEqual([
      `error: The stored log is damaged from line ${line} on. (SOURCE_DAMAGED)`,
      "  try     Tell an operator: what is stored cannot be unpacked, so trying again does not help.",
    ]);
    expect(said.join("\n")).not.toMatch(/resume|Try \d/);
  });
});
