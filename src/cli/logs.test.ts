import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EndReason, GetAnalysisRunLogsResponseSchema, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { type CliOptions, type CliResult, runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";

const FAILED = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";
const STORED = readFileSync(
  new URL("../demo/logs/guestbook/1c5989f1-ba2d-4e83-858b-fed0a712755f.robot.2/robot.log", import.meta.url),
  "utf8",
);

let gateway: DemoGateway;
beforeAll(async () => {
  gateway = await startDemoGateway();
});
afterAll(() => gateway.close());

const logs = (args: readonly string[], options: CliOptions = {}): Promise<CliResult> =>
  runInProcess(["logs", ...args], {
    ...options,
    env: { TAFFRAIL_SERVER: gateway.url, TAFFRAIL_TOKEN: "demo-viewer", TAFFRAIL_PROJECT: "guestbook", ...options.env },
  });

describe("taffrail logs", () => {
  it("prints the log, the whole log and nothing but the log; what was chosen is said elsewhere", async () => {
    const { code, out, said } = await logs([FAILED, "-o", "raw"]);
    expect(code).toBe(0);
    expect(out).toBe(STORED);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(
      /^showing run=uat\.\S+ metric=robot attempt=2 \(failed\) container=robot .*; others: -a 1$/,
    );
  });

  it("finds the newest failed run, and the newest of all", async () => {
    const failed = await logs(["@failed", "-o", "raw"]);
    expect([failed.code, failed.out]).toEqual([0, STORED]);
    const latest = await logs(["@latest"]);
    expect(latest.said[0]).toContain("run=dev.01kkh78mj0ybmgq052an9t2aa5.dd78add");
    expect(latest.said.at(-1)).toBe("note: the job is still running; this is its output so far");
  });

  it("prints another attempt, and another container", async () => {
    const attempt = await logs([FAILED, "-a", "1"]);
    expect(attempt.said[0]).toContain("attempt=1 container=robot");
    expect((await logs([FAILED, "-a", "failed"])).said[0]).toContain("attempt=2");
    expect((await logs([FAILED, "-a", "last"])).said[0]).toContain("attempt=2");
    const run = "dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f";
    expect((await logs([run])).said[0]).toMatch(/ container=\w+ \(.+\) .*; others: -c seed-database, -c \w+$/);
    expect((await logs([run, "-c", "seed-database"])).out).toContain("seed");
  });

  it("lists all containers, or all attempts, if it shows them, and offers no others", async () => {
    const containers = await logs(["dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f", "--all-containers"]);
    expect(containers.said[0]).toBe(
      "showing run=dev.01kkh9hwa0wapzymx4dxfatw1t.447ed5f metric=integration attempt=1" +
        " containers=seed-database,proxy,tests source=store",
    );
    const attempts = await logs([FAILED, "-a", "all"]);
    expect(attempts.said[1]).toMatch(/ metric=robot attempts=1,2 container=robot source=store$/);
  });

  it("does not call a log empty if no lines were requested", async () => {
    expect((await logs([FAILED, "--tail", "0"])).said).toHaveLength(1);
  });

  it("fails if lines are requested by time, and the log has no times", async () => {
    const { code, out, said } = await logs([FAILED, "--since", "1h"]);
    expect([code, out]).toEqual([1, ""]);
    expect(said.slice(-2)).toEqual([
      "error: the lines have no timestamps that can be read",
      "  try     --tail or --grep, or the whole log",
    ]);
  });
});

describe("an error", () => {
  it.each<[string, string[], Record<string, string>, number, RegExp]>([
    ["no run is named", [], {}, 2, /^error: no run given\n {2}try {5}taffrail logs @failed -n guestbook\n/],
    ["no attempt", [FAILED, "-a", "0"], {}, 2, /^error: "0" is not an attempt\n/],
    ["no such option", [FAILED, "--atempt", "1"], {}, 2, /unknown option '--atempt'\n\(Did you mean --attempt\?\)/],
    ["too many arguments", [FAILED, "x"], {}, 2, /too many arguments/],
    [
      "a name that cannot be",
      ["Not_A_Name"],
      {},
      2,
      /^error: name: is not a valid Kubernetes name \(REQUEST_INVALID\)\n/,
    ],
    [
      "no such shorthand",
      ["@first"],
      {},
      2,
      /^error: unknown run "@first"\n {2}try {5}@latest, @failed, or the run's name$/,
    ],
    [
      "no such run",
      ["gone"],
      {},
      3,
      /^error: .* run "gone" .* project "guestbook"\. \(RUN_NOT_FOUND\)\n {2}try {5}.*\n {2}ref {5}[0-9a-f]{8}$/,
    ],
    ["no such metric", [FAILED, "-m", "robt"], {}, 3, /"robt"\. \(METRIC_NOT_FOUND\)\n {2}try {5}There is: "robot"/],
    ["no such container", [FAILED, "-c", "robt"], {}, 3, /\(CONTAINER_NOT_FOUND\)/],
    ["no such attempt", [FAILED, "-a", "9"], {}, 3, /\(ATTEMPT_NOT_FOUND\)/],
    ["no token", [FAILED], { TAFFRAIL_TOKEN: "" }, 4, /\(TOKEN_MISSING\)/],
    ["no known token", [FAILED], { TAFFRAIL_TOKEN: "nobody" }, 4, /\(TOKEN_REFUSED\)/],
    ["no right", [FAILED], { TAFFRAIL_TOKEN: "demo-outsider" }, 4, /\(ACCESS_DENIED\)/],
    ["no right to list", ["@failed"], { TAFFRAIL_TOKEN: "demo-outsider" }, 4, /\(ACCESS_DENIED\)/],
    ["no log any more", ["uat.01kkh8zjc0a9da63t302xyxdhp.447ed5f"], {}, 5, /\(LOG_NOT_FOUND\)\n {2}source {2}store: /],
    [
      "an invalid pattern",
      [FAILED, "--grep", "PASS|(a"],
      {},
      2,
      /^error: Invalid pattern: missing closing \): `[^`]+`\. \(PATTERN_INVALID\)$/m,
    ],
    ["no Job", ["prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9"], {}, 5, /\(METRIC_HAS_NO_LOG\)/],
    ["no Job yet", ["perf.01kkh7tyg0vmqd5102exw9r6qm.00d90e5"], {}, 5, /\(JOB_NOT_STARTED\)/],
    [
      "no server",
      [FAILED],
      { TAFFRAIL_SERVER: "http://taffrail.invalid" },
      6,
      new RegExp(
        "^note: The server cannot be reached\\. Try 2 of 3 in .+\nnote: .+\n" +
          "error: The server cannot be reached\\. \\(E\\w+\\)\n {2}try {5}again, and check the server's address$",
      ),
    ],
  ])("has its own exit status: %s", async (_, args, env, status, text) => {
    const { code, out, said } = await logs(args, { env });
    expect(said.join("\n")).toMatch(text);
    expect([code, out]).toEqual([status, ""]);
  });

  it("may be a project without failed runs, or without runs", async () => {
    gateway.kubernetes.put({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "everybody" },
      roleRef: { kind: "ClusterRole", name: "read-verifications" },
      subjects: [{ kind: "User", name: "demo-viewer" }],
    });
    const none = await logs(["@failed", "-n", "default"]);
    expect([none.code, none.said]).toEqual([3, ["error: project default has no failed run"]]);
    expect((await logs(["@latest", "-n", "default"])).said).toEqual(["error: project default has no run"]);
    gateway.kubernetes.remove({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "everybody" },
    });
  });
});

describe("text from others", () => {
  const ESC = "\x1b";
  const evil = `a${ESC}]0;evil\x07b\nerror: faked`;

  it("is printed without control characters", async () => {
    const uid = "00000000-0000-4000-8000-000000000001";
    gateway.kubernetes.put({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "evil", namespace: "guestbook", uid, annotations: { "kargo.akuity.io/stage": evil } },
      spec: { metrics: [{ name: evil, provider: { job: {} } }] },
      status: {
        phase: "Failed",
        metricResults: [{ name: evil, phase: "Failed", measurements: [{ phase: "Error", message: evil }] }],
      },
    });
    for (const args of [["evil"], ["evil", "-m", "x"], ["evil", "-m", evil]]) {
      const { said } = await logs(args);
      expect(said.join("")).toContain("\uFFFD");
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the output must not contain these.
      for (const line of said) expect(line).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
    }
    const { out } = await runInProcess(["runs"], {
      env: { TAFFRAIL_SERVER: gateway.url, TAFFRAIL_TOKEN: "demo-viewer", TAFFRAIL_PROJECT: "guestbook" },
    });
    expect(out).toContain("evil");
    expect(out).not.toContain(ESC);
    expect(out.split("\n").filter((line) => line.startsWith("error"))).toEqual([]);
    gateway.kubernetes.remove({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "AnalysisRun",
      metadata: { name: "evil", namespace: "guestbook" },
    });
  });
});

describe("a stream", () => {
  type Event = Parameters<typeof create<typeof GetAnalysisRunLogsResponseSchema>>[1];
  const frame = (flags: number, bytes: Uint8Array): Buffer => {
    const head = Buffer.alloc(5);
    head.writeUInt8(flags, 0);
    head.writeUInt32BE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  };
  const message = (event: Event): Buffer =>
    frame(0, toBinary(GetAnalysisRunLogsResponseSchema, create(GetAnalysisRunLogsResponseSchema, event)));
  const endStream = (error?: object): Buffer => frame(2, Buffer.from(JSON.stringify({ ...(error && { error }) })));
  const end = (reason: EndReason, bytes = 1n): Buffer => message({ event: { case: "end", value: { reason, bytes } } });

  /** A server that answers every call with these pieces, and then ends or hangs. */
  async function serverOf(pieces: readonly Buffer[], goesOn = false) {
    const left = createGate();
    const server = createServer((_request, response) => {
      response.once("close", () => left.open());
      response.writeHead(200, { "content-type": "application/connect+proto" });
      for (const piece of pieces) response.write(piece);
      if (!goesOn) response.end();
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      env: { TAFFRAIL_SERVER: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
      left: left.opened,
      close: () => {
        server.closeAllConnections();
        server.close();
      },
    };
  }
  const printed = async (
    pieces: readonly Buffer[],
    options: CliOptions = {},
    args: readonly string[] = [],
  ): Promise<CliResult> => {
    const { env, close } = await serverOf(pieces);
    const result = await logs(["run", ...args], { ...options, env: { ...options.env, ...env } });
    close();
    return result;
  };
  const evil = message({ chunk: "a\x1b]0;evil\x07b\r\x1b[31mc\n" });

  it("is printed unchanged with -o raw, else made safe for terminals; colours are only for terminals", async () => {
    const pieces = [evil, end(EndReason.COMPLETE), endStream()];
    const shown = async (args: string[], options: CliOptions = {}) => (await printed(pieces, options, args)).out;
    expect(await shown(["-o", "raw"])).toBe("a\x1b]0;evil\x07b\r\x1b[31mc\n");
    expect(await shown([])).toBe("c\n");
    expect(await shown(["--color", "always"])).toBe("\x1b[31mc\n");
    const isTTY = true;
    expect(await shown([], { isTTY })).toBe("ab\x1b[31m\r\x1b[Kc\n");
    expect(await shown([], { isTTY, env: { NO_COLOR: "1" } })).toBe("ab\r\x1b[Kc\n");
    expect(await shown([], { isTTY, env: { TERM: "dumb" } })).toBe("c\n");
    expect(await shown(["--color", "never"], { isTTY })).toBe("ab\r\x1b[Kc\n");
  });

  it.each<[string, Buffer[], number, string[]]>([
    ["whole", [end(EndReason.COMPLETE), endStream()], 0, []],
    ["empty", [end(EndReason.COMPLETE, 0n), endStream()], 0, ["note: the log is empty: the container wrote no output"]],
    [
      "so far",
      [end(EndReason.CAUGHT_UP), endStream()],
      0,
      ["note: the job is still running; this is its output so far"],
    ],
    [
      "perhaps not whole",
      [end(EndReason.SOURCE_ENDED), endStream()],
      0,
      [expect.stringMatching(/^note: the log may be incomplete/)],
    ],
    [
      "noted",
      [
        message({ event: { case: "notice", value: { kind: NoticeKind.BYTES_REPLACED, message: "odd\x1b[2J" } } }),
        end(EndReason.COMPLETE),
        endStream(),
      ],
      0,
      ["note: odd\uFFFD[2J"],
    ],
    [
      "failed",
      [end(EndReason.SOURCE_FAILED), endStream({ code: "unavailable", message: "The store broke off." })],
      6,
      ["error: The store broke off.", "  try     again, and check the server's address"],
    ],
    [
      "without an end",
      [endStream()],
      6,
      [
        "error: The stream stopped before its end: the log is incomplete.",
        "  try     again, and check the server's address",
      ],
    ],
  ])("that is %s is reported as such", async (_, last, status, lines) => {
    const { code, out, said } = await printed([message({ chunk: "text\n" }), ...last]);
    expect([code, out]).toEqual([status, "text\n"]);
    expect(said).toEqual(lines);
  });

  it("that is truncated is incomplete", async () => {
    const { code, out, said } = await printed([message({ chunk: "text\n" })]);
    expect([code, out]).toEqual([6, "text\n"]);
    expect(said[0]).toMatch(/^error: /);
  });

  it("exits with status 130 when interrupted, and ends its request", async () => {
    const { env, left, close } = await serverOf([message({ chunk: "text\n" })], true);
    const interrupt = new AbortController();
    const { code, out, said } = await logs(["run"], {
      env,
      signal: interrupt.signal,
      onPiece: () => interrupt.abort(),
    });
    expect([code, out, said]).toEqual([130, "text\n", []]);
    await left;
    close();
  });

  it("exits with status 130 when interrupted while the reader is slow, or before anything arrives", async () => {
    const { env, left, close } = await serverOf([message({ chunk: `${"x".repeat(9_999)}\n` })], true);
    const interrupt = new AbortController();
    const stuck = logs(["run"], {
      env,
      signal: interrupt.signal,
      onPiece: () => {
        interrupt.abort();
        return new Promise(() => {});
      },
    });
    expect((await stuck).code).toBe(130);
    await left;
    close();

    const asked = createGate();
    const silent = createServer(() => asked.open());
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const TAFFRAIL_SERVER = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const earlyInterrupt = new AbortController();
    const finding = logs(["@failed"], { env: { TAFFRAIL_SERVER }, signal: earlyInterrupt.signal });
    await asked.opened;
    earlyInterrupt.abort();
    expect((await finding).code).toBe(130);
    silent.closeAllConnections();
    silent.close();
  });

  it("exits with status 141 when its reader closes the pipe", async () => {
    const { env, left, close } = await serverOf([message({ chunk: `${"x".repeat(9_999)}\n` })], true);
    const { code, said } = await logs(["run"], {
      env,
      onPiece: () => Promise.reject(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })),
    });
    expect([code, said]).toEqual([141, []]);
    await left;
    close();
  });

  it("is read no faster than it is printed", async () => {
    const pieces = Array.from({ length: 200 }, () => message({ chunk: "x".repeat(10_000) }));
    let printing = 0;
    const { code, out } = await printed([...pieces, end(EndReason.COMPLETE), endStream()], {
      onPiece: async () => {
        printing += 1;
        expect(printing).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        printing -= 1;
      },
    });
    expect([code, out.length]).toEqual([0, 2_000_000]);
  });
});
