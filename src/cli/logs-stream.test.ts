import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunLogService,
  EndReason,
  NoticeKind,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type CliOptions, runInProcess } from "../../test/fakes/cli.ts";
import { type ScriptedLog, scriptedLog } from "../../test/fakes/scripted-log.ts";
import { serveScript } from "../../test/fakes/serve-script.ts";

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const PIECES = ["one\n", "two\n", "three\n"];
const gone = (): never => {
  throw new ConnectError("The store broke off.", Code.Unavailable);
};
const end = (reason: EndReason, more: object = {}): object => ({
  event: { case: "end", value: { reason, bytes: 1n, ...more } },
});
const notice = (kind: NoticeKind, message: string): object => ({ event: { case: "notice", value: { kind, message } } });

async function show(log: Pick<ScriptedLog, "routes">, args: readonly string[], options: CliOptions = {}) {
  const server = await serveScript(log.routes);
  closing.push(server.stop);
  const env = { TAFFRAIL_SERVER: `http://127.0.0.1:${server.port}`, TAFFRAIL_PROJECT: "shop", ...options.env };
  const { code, out, said } = await runInProcess(["logs", ...args], { ...options, env });
  return { code, out, said: said.filter((line) => !line.startsWith("showing ")) };
}

describe("a log that breaks off", () => {
  it("is resumed, and one line says so", async () => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 2 ? gone() : undefined));
    expect(await show(log, ["uat.01"])).toEqual({ code: 0, out: PIECES.join(""), said: ["resumed at line 3 (1x)"] });
    expect(log.sent).toEqual([0, 1, 2]);
  });

  it("reports each retry after the first, and in the end how to resume", async () => {
    const log = scriptedLog(PIECES, (next) => (next === 2 ? gone() : undefined));
    const { code, out, said } = await show(log, ["uat.01", "--grep", "it's", "-i", "--wait", "5s"]);
    expect([code, out]).toEqual([6, "one\ntwo\n"]);
    const waits = said.filter((line) => line.includes("Try"));
    expect(waits).toHaveLength(7);
    expect(waits[0]).toMatch(/^note: The store broke off\. Try 2 of 8 in 0\.\d s$/);
    expect(said.slice(-3)).toEqual([
      "note: to resume: taffrail logs uat.01 --grep 'it'\\''s' -i --cursor piece-2",
      "error: The store broke off.",
      "  try     again, and check the server's address",
    ]);
  });

  it.each<[string, (file: string) => void, string]>([
    ["the token that its file holds by now", (file) => writeFileSync(file, "token-2\n"), "token-2"],
    ["the token that it has while the file is missing", (file) => rmSync(file), "token-1"],
  ])("is resumed with %s when the first one has expired", async (_, change, second) => {
    const folder = mkdtempSync(join(tmpdir(), "taffrail-token-"));
    closing.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, "token");
    writeFileSync(file, "token-1\n");
    const tokens: (string | null)[] = [];
    const log = scriptedLog(
      PIECES,
      (next, call) => (call === 1 && next === 2 ? expired() : undefined),
      ({ requestHeader }) => void tokens.push(requestHeader.get("authorization")),
    );
    function* expired() {
      change(file);
      yield end(EndReason.TOKEN_EXPIRED);
      throw new ConnectError("expired", Code.Unauthenticated);
    }
    const { code, out } = await show(log, ["uat.01", "--token-file", file]);
    expect([code, out, tokens]).toEqual([0, PIECES.join(""), ["Bearer token-1", `Bearer ${second}`]]);
  });

  it("reports on a terminal, in the progress, where it was resumed", async () => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 2 ? gone() : undefined));
    const shown: string[] = [];
    const { code } = await show(log, ["uat.01"], { status: (text) => shown.push(text) });
    expect([code, shown]).toEqual([0, [""]]);
  });
});

describe("an interrupted follow", () => {
  it("prints the command that resumes it, with the time that --since stood for", async () => {
    const interrupt = new AbortController();
    const log = scriptedLog(PIECES, (next) => (next === 2 ? hanging() : undefined));
    let printed = "";
    const { code, said } = await show(log, ["uat.01", "-f", "--since", "1h", "-m", "my metric"], {
      signal: interrupt.signal,
      onPiece: (piece) => {
        printed += piece;
        if (printed === "one\ntwo\n") interrupt.abort();
      },
    });
    expect(code).toBe(130);
    expect(said).toEqual([
      expect.stringMatching(
        /^note: to resume: taffrail logs uat\.01 -m 'my metric' -f --since-time \d{4}-[-\dT:.]+Z --cursor piece-[12]$/,
      ),
    ]);
  });

  async function* hanging(): AsyncGenerator<object> {
    yield {};
    await new Promise(() => {});
  }
});

describe("notes", () => {
  it.each<[string, object, string[]]>([
    ["up to a limit", end(EndReason.LIMIT_REACHED), ["note: there is more: the requested limit was reached"]],
    ["until a time", end(EndReason.UNTIL_REACHED), ["note: there is more after the requested time"]],
    [
      "without its beginning",
      end(EndReason.COMPLETE, { headMissing: true }),
      ["note: the source no longer has the beginning of the log"],
    ],
    [
      "up to the server's scan budget",
      end(EndReason.SCAN_BUDGET_SPENT, { scannedBytes: 1_000_000n }),
      [
        "note: there may be more: the server has scanned as much as it does in one call",
        "note: 1,000,000 bytes of the log were scanned",
        "note: to resume: taffrail logs uat.01 --cursor piece-3",
      ],
    ],
  ])("explain a log that ends %s", async (_, last, lines) => {
    const log = scriptedLog(PIECES, (next) => (next === 3 ? [last] : undefined));
    expect(await show(log, ["uat.01"])).toEqual({ code: 0, out: PIECES.join(""), said: lines });
  });

  it("say that no line matches", async () => {
    const log = scriptedLog([], () => [end(EndReason.COMPLETE, { bytes: 0n })]);
    expect((await show(log, ["uat.01", "--grep", "x"])).said).toEqual(["note: no line matches"]);
  });

  it("say that no line is in a time range", async () => {
    const log = (): ScriptedLog => scriptedLog([], () => [end(EndReason.COMPLETE, { bytes: 0n })]);
    const note = "note: no line is known to be in that time range";
    expect((await show(log(), ["uat.01", "--since", "1h"])).said).toEqual([note]);
    const both = await show(log(), ["uat.01", "--since", "1h", "--grep", "x"]);
    expect(both.said).toEqual(["note: no line matches in that time range"]);
  });

  it("fail if lines are selected by time, and none has one", async () => {
    const untimed = notice(NoticeKind.NO_LINE_TIMES, "None of the lines has a time.");
    const log = scriptedLog([], () => [untimed, end(EndReason.COMPLETE, { bytes: 0n })]);
    expect(await show(log, ["uat.01", "--since", "5m"])).toEqual({
      code: 1,
      out: "",
      said: [
        "note: None of the lines has a time.",
        "error: the lines have no timestamps that can be read",
        "  try     --tail or --grep, or the whole log",
      ],
    });
    const followed = scriptedLog([], () => [untimed, { chunk: "a\n" }, end(EndReason.COMPLETE)]);
    expect((await show(followed, ["uat.01", "--since", "5m", "-f"])).code).toBe(0);
  });

  it("name attempts; on a terminal these are headings in the log", async () => {
    const attempts = (): ScriptedLog =>
      scriptedLog([], () => [
        notice(NoticeKind.ATTEMPT_BEGINS, "Attempt 1."),
        { chunk: "a\n", attempt: 1 },
        notice(NoticeKind.ATTEMPT_BEGINS, "Attempt 2."),
        { chunk: "b\n", attempt: 2 },
        end(EndReason.COMPLETE),
      ]);
    expect((await show(attempts(), ["uat.01", "-a", "all"], { isTTY: true })).out).toBe(
      "==> Attempt 1. <==\na\n==> Attempt 2. <==\nb\n",
    );
    const piped = await show(attempts(), ["uat.01", "-a", "all", "--prefix"]);
    expect(piped).toEqual({
      code: 0,
      out: "[1/robot] a\n[2/robot] b\n",
      said: ["note: Attempt 1.", "note: Attempt 2."],
    });
  });
});

describe("as JSON", () => {
  it("a log is an object for each line and one for its end, without a trace of a break", async () => {
    const log = scriptedLog(PIECES, (next, call) => (call === 1 && next === 2 ? gone() : undefined));
    const { code, out, said } = await show(log, ["uat.01", "-o", "json"]);
    const objects = out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(objects.slice(0, 3).map(({ line, text }) => [line, text])).toEqual([
      [1, "one"],
      [2, "two"],
      [3, "three"],
    ]);
    expect(objects[3]).toEqual({
      end: { reason: "COMPLETE", head_missing: false, lines: 3, bytes: 14, cursor: "piece-3" },
    });
    expect([code, said]).toEqual([0, ["resumed at line 3 (1x)"]]);
  });
});

describe("--exit-status", () => {
  const withRun = (phase: AnalysisPhase): Pick<ScriptedLog, "routes"> => ({
    routes: ({ service }) => {
      service(AnalysisRunLogService, {
        getAnalysisRunLogs: scriptedLog(PIECES).handler,
        getAnalysisRun: () => ({ analysisRun: { summary: { phase }, message: "2 of 3 failed" } }),
      });
    },
  });

  it.each<[string, AnalysisPhase, number, string[]]>([
    ["failed", AnalysisPhase.FAILED, 10, ["error: the verification failed: 2 of 3 failed"]],
    ["could not be measured", AnalysisPhase.ERROR, 10, ["error: the verification failed: 2 of 3 failed"]],
    ["is inconclusive", AnalysisPhase.INCONCLUSIVE, 10, ["error: the verification has no verdict: 2 of 3 failed"]],
    ["ended well", AnalysisPhase.SUCCESSFUL, 0, []],
    ["is running", AnalysisPhase.RUNNING, 0, []],
  ])("reports that a verification %s", async (_, phase, code, said) => {
    expect(await show(withRun(phase), ["uat.01", "--exit-status"])).toEqual({ code, out: PIECES.join(""), said });
    expect((await show(withRun(phase), ["uat.01"])).code).toBe(0);
  });

  it("is that of the error if the log cannot be read", async () => {
    const log = scriptedLog([], () => gone());
    expect((await show(log, ["uat.01", "--exit-status"])).code).toBe(6);
  });
});

describe("without a run, on a terminal", () => {
  const withRuns = (names: readonly string[]) => {
    const log = scriptedLog(PIECES);
    const routes: ScriptedLog["routes"] = ({ service }) => {
      service(AnalysisRunLogService, {
        getAnalysisRunLogs: log.handler,
        listAnalysisRuns: () => ({ analysisRuns: names.map((name) => ({ name, stage: "uat" })) }),
      });
    };
    return { log, routes };
  };

  it.each<[string, string]>([
    ["2", "uat.02"],
    ["", "uat.01"],
    ["uat.02", "uat.02"],
  ])("the user chooses one of the failed runs: %j is %s", async (answer, name) => {
    const { log, routes } = withRuns(["uat.01", "uat.02"]);
    const { code, out, said } = await show({ routes }, [], { answer });
    expect([code, out, log.requests[0]?.name]).toEqual([0, PIECES.join(""), name]);
    expect(said).toEqual([
      "failed runs of project shop, newest first:",
      "   1     -  uat  uat.01",
      "   2     -  uat  uat.02",
      "which one? [1] ",
    ]);
  });

  it("an answer that is not in the list is refused, and a project without failed runs is reported", async () => {
    const other = await show(withRuns(["uat.01"]), [], { answer: "7" });
    expect([other.code, other.said.at(-1)]).toEqual([2, 'error: "7" is not in the list']);
    const none = await show(withRuns([]), [], { answer: "1" });
    expect([none.code, none.said]).toEqual([3, ["error: project shop has no failed run"]]);
  });
});

describe("a pager", () => {
  const folder = (): string => {
    const made = mkdtempSync(join(tmpdir(), "taffrail-pager-"));
    closing.push(() => rmSync(made, { recursive: true }));
    return made;
  };
  const PATH = process.env.PATH ?? "";

  it("shows a log on a terminal; notes are printed after it", async () => {
    const file = join(folder(), "shown");
    const log = scriptedLog(PIECES, (next) => (next === 3 ? [end(EndReason.CAUGHT_UP)] : undefined));
    const env = { PATH, PAGER: "false", TAFFRAIL_PAGER: `cat > '${file}'` };
    const { code, out, said } = await show(log, ["uat.01"], { isTTY: true, env });
    expect([code, out]).toEqual([0, ""]);
    expect(said).toEqual(["note: the job is still running; this is its output so far"]);
    expect(readFileSync(file, "utf8")).toBe(PIECES.join(""));
  });

  it.each<[string, string[], CliOptions]>([
    ["no terminal", [], {}],
    ["--no-pager", ["--no-pager"], { isTTY: true }],
    ["-f", ["-f"], { isTTY: true }],
    ["-o raw", ["-o", "raw"], { isTTY: true }],
    ["a simple terminal", [], { isTTY: true, env: { TERM: "dumb" } }],
    ["cat", [], { isTTY: true, env: { TAFFRAIL_PAGER: "cat" } }],
  ])("is not used with %s", async (_, args, options) => {
    const env = { PATH, TAFFRAIL_PAGER: "exit 3", ...options.env };
    expect((await show(scriptedLog(PIECES), ["uat.01", ...args], { ...options, env })).out).toBe(PIECES.join(""));
  });

  it("may be quit before the end", async () => {
    const large = Array.from({ length: 100 }, (_, index) => `${String(index).repeat(20_000)}\n`);
    const env = { PATH, TAFFRAIL_PAGER: "head -c 1 > /dev/null" };
    expect(await show(scriptedLog(large), ["uat.01"], { isTTY: true, env })).toMatchObject({ code: 0, said: [] });
  });

  it("is not started if there is no log to show", async () => {
    const file = join(folder(), "shown");
    const log = scriptedLog([], () => {
      throw new ConnectError("no", Code.PermissionDenied);
    });
    const env = { PATH, TAFFRAIL_PAGER: `cat > '${file}'` };
    expect((await show(log, ["uat.01"], { isTTY: true, env })).code).toBe(4);
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });
});
