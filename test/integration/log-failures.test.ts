import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type Answer, hangs, refuses, sends, sendsThenHangs, sendsThenResets } from "../fakes/scripted-store.ts";
import { PROTOCOLS } from "./protocols.ts";
import { type ReadLog, readLog } from "./read-log.ts";
import { SECRETS, useWorld } from "./world.ts";

const BEGINNING = "the first half\n";

/** What a store does instead of sending a log, and the error that its reader gets. */
const REFUSALS: readonly (readonly [
  string,
  Answer,
  Readonly<Record<"code" | "reason" | "outcome", string>> & { readonly fault?: string },
  number,
])[] = [
  ["has no such log", refuses(404), { code: "NotFound", reason: "LOG_NOT_FOUND", outcome: "NOT_FOUND" }, 404],
  ["wants credentials", refuses(401, { "www-authenticate": "Basic vault" }), refused(), 401],
  ["forbids it", refuses(403), refused(), 403],
  ["redirects elsewhere", refuses(301, { location: "http://127.0.0.2:1/vault" }), refused("REDIRECT"), 301],
  ["fails", refuses(500), unavailable(), 500],
  ["is down", refuses(503), unavailable(), 503],
  ["is busy", refuses(429), unavailable(), 429],
  ["resets the connection", (response) => response.socket?.resetAndDestroy(), unavailable("CONNECTION_CLOSED"), 0],
  ["does not speak HTTP", (response) => response.socket?.end("SSH-2.0-vault\r\n"), unavailable("NOT_HTTP"), 0],
  ["says nothing", hangs, { code: "DeadlineExceeded", reason: "SOURCE_SILENT", outcome: "SILENT" }, 0],
  [
    "compresses it in a way that is not supported",
    sends(brotliCompressSync("line\n"), { "content-encoding": "br" }),
    refused(),
    0,
  ],
];

function refused(fault?: string) {
  return { code: "Internal", reason: "BACKEND_REFUSED", outcome: "REFUSED", ...(fault && { fault }) };
}

function unavailable(fault?: string) {
  return { code: "Unavailable", reason: "SOURCE_UNAVAILABLE", outcome: "UNAVAILABLE", ...(fault && { fault }) };
}

describe.each(PROTOCOLS)("a failing store over $name", (protocol) => {
  const world = useWorld({ timeouts: { idle: "100ms" } });
  // A short timeout: no store of this test answers.
  const impatient = useWorld({ timeouts: { headers: "50ms" } });
  const read = (answer: Answer, { transport, addLog } = world()) => readLog(transport(protocol), addLog(answer));

  function expectNoSecrets({ headers, error }: ReadLog, { store } = world()): void {
    const told = `${error?.whole}\n${headers}`;
    expect(told).not.toMatch(SECRETS);
    expect(told).not.toContain(new URL(store.origin).port);
    expect(told).not.toContain("    at ");
  }

  it.each(REFUSALS)("that %s is reported without its address", async (_, answer, expected, httpStatus) => {
    const asked = answer === hangs ? impatient() : world();
    const log = await read(answer, asked);
    const { code, reason, outcome, fault } = expected;
    expect(log.kinds).toEqual([]);
    expect(log.error).toMatchObject({ code, reason });
    expect(log.error?.message).toMatch(/^No log: source "archive" [^:]+(: TLS failed)?\.$/);
    expect(log.error?.next).toMatch(/\.$/);
    expect(log.error?.reference).toMatch(/^[0-9a-f]{8}$/);
    expect(log.error?.sources).toEqual([
      {
        source: "archive",
        outcome: `SOURCE_OUTCOME_${outcome}`,
        ...(httpStatus > 0 && { httpStatus }),
        message: expect.stringMatching(/^Source "archive" .*\.$/),
        ...(fault && { fault: `SOURCE_FAULT_${fault}` }),
        ...(outcome === "NOT_FOUND" && { settle: "30s" }),
      },
    ]);
    expectNoSecrets(log, asked);
  });

  it("that breaks off: the log ends with SOURCE_FAILED after what was read", async () => {
    const log = await read(sendsThenResets(BEGINNING));
    expect(log.text).toBe(BEGINNING);
    expect(log.kinds).toEqual(["origin", "chunk", "end"]);
    expect(log.end).toMatchObject({ reason: EndReason.SOURCE_FAILED, lines: 1n, bytes: 15n });
    expect(log.error).toMatchObject({ code: "Unavailable", reason: "SOURCE_FAILED" });
    expectNoSecrets(log);
  });

  it("that stalls: the log ends with SOURCE_STALLED after what was read", async () => {
    const log = await read(sendsThenHangs(BEGINNING));
    expect(log.kinds).toEqual(["origin", "chunk", "end"]);
    expect(log.end).toMatchObject({ reason: EndReason.SOURCE_STALLED, lines: 1n, bytes: 15n });
    expect(log.error).toMatchObject({ code: "DeadlineExceeded", reason: "SOURCE_STALLED" });
    expectNoSecrets(log);
    await world().store.untilAnswering(0);
  });

  it("that has damaged data: the log ends with SOURCE_DAMAGED after what could be decompressed", async () => {
    const log = await read(sends(Buffer.concat([gzipSync(BEGINNING), Buffer.from("and text behind it")])));
    expect(log.text).toBe(BEGINNING);
    expect(log.end).toMatchObject({ reason: EndReason.SOURCE_DAMAGED, lines: 1n, bytes: 15n });
    expect(log.error).toMatchObject({ code: "DataLoss", reason: "SOURCE_DAMAGED" });
    expect(log.error?.message).toBe("The stored log is damaged from line 2 on.");
    expectNoSecrets(log);
  });
});

describe.each(PROTOCOLS)("an unreachable store over $name", (protocol) => {
  const world = useWorld({
    config: {
      sources: [
        { name: "elsewhere", match: { stage: "prod-*" }, http: { url: "http://127.0.0.1:1/hidden-shelf/a.log" } },
        { name: "labelled", http: { url: 'http://127.0.0.1:1/hidden-shelf/${{ label("team") }}.log' } },
        { name: "closed", http: { url: "http://127.0.0.1:1/hidden-shelf/${{ jobName }}.log" } },
        { name: "unknown", http: { url: "http://vault.invalid/hidden-shelf/${{ jobName }}.log" } },
      ],
    },
  });

  it("is reported with every other source that was tried", async () => {
    const { error, headers } = await readLog(world().transport(protocol), world().addLog(hangs));
    expect(error).toMatchObject({ code: "Unavailable", reason: "SOURCE_UNAVAILABLE" });
    expect(error?.sources).toMatchObject([
      { source: "elsewhere", outcome: "SOURCE_OUTCOME_NOT_MATCHED" },
      { source: "labelled", outcome: "SOURCE_OUTCOME_VARIABLE_MISSING" },
      { source: "closed", outcome: "SOURCE_OUTCOME_UNAVAILABLE", fault: "SOURCE_FAULT_CONNECTION_REFUSED" },
      { source: "unknown", outcome: "SOURCE_OUTCOME_UNAVAILABLE", fault: "SOURCE_FAULT_NAME_NOT_RESOLVED" },
    ]);
    expect(`${error?.whole}\n${headers}`).not.toMatch(SECRETS);
  });
});

describe.each(PROTOCOLS)("a broken server over $name", (protocol) => {
  const unconfigured = useWorld({ config: { sources: [] } });
  const world = useWorld();

  it("reports that it has no sources", async () => {
    const { error } = await readLog(unconfigured().transport(protocol), unconfigured().addLog(hangs));
    expect(error).toMatchObject({ code: "Unimplemented", reason: "NOT_CONFIGURED" });
  });

  it("reports an internal error by reference only, and logs the cause under it", async () => {
    const ref = world().addLog(hangs);
    world().cluster.put({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { ...ref },
      spec: { metrics: "vault" },
    });
    const { error, headers } = await readLog(world().transport(protocol), ref);
    expect(error).toMatchObject({
      code: "Internal",
      reason: "INTERNAL",
      message: "Internal server error.",
      next: `Report the reference ${error?.reference} to an operator.`,
    });
    expect(`${error?.whole}\n${headers}`).not.toMatch(/metrics|expected|array|zod|vault/i);
    const entry = world().log.find(({ reference }) => reference === error?.reference);
    expect(entry).toMatchObject({ reason: "INTERNAL", err: { message: expect.stringContaining("metrics") } });
  });
});
