import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, it } from "vitest";
import { DocumentRule, EndReason, GrepSchema, NoticeKind } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { runInProcess } from "../fakes/cli.ts";
import { terminated } from "../fakes/pods.ts";
import { sends } from "../fakes/scripted-store.ts";
import { storedObject } from "../fakes/stored-object.ts";
import { type LiveRun, useLiveWorld } from "./live-world.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

const PAGE = "<!doctype html>\n<html><head><title>Sign in</title></head><body>Please sign in</body></html>\n";
const XML = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code></Error>';
const JSON_ERROR = '{"error": {"code": 404, "message": "No such object"}}';

/** What a store answers with in place of a log, its type, its words in the chain, and its notice where it is shown. */
const DOCUMENTS = [
  ["a web page", PAGE, "text/html", "web page", NoticeKind.LOOKS_LIKE_PAGE],
  ["a web page of no known type", PAGE, "application/octet-stream", "web page", NoticeKind.LOOKS_LIKE_PAGE],
  [
    "a large web page",
    PAGE.replace("in</body>", "x".repeat(99_999)),
    "text/html",
    "web page",
    NoticeKind.LOOKS_LIKE_PAGE,
  ],
  ["an XML error", XML, "application/xml", "XML error", NoticeKind.LOOKS_LIKE_ANSWER],
  ["an XML error of no known type", XML, "text/plain", "XML error", NoticeKind.LOOKS_LIKE_ANSWER],
  ["a JSON error", JSON_ERROR, "application/json", "JSON error", NoticeKind.LOOKS_LIKE_ANSWER],
  ["a JSON error of no known type", JSON_ERROR, "text/plain", "JSON error", NoticeKind.LOOKS_LIKE_ANSWER],
] as const;

const REQUESTS = [
  ["whole", {}],
  ["from its end", { tailLines: 2n }],
  ["filtered", { grep: create(GrepSchema, { pattern: "o", fixed: true }) }],
  ["from a line on", { firstLine: 2n }],
] as const;

describe.each(PROTOCOLS)("a document in place of a log over $name", (protocol) => {
  const world = useWorld();
  const read = (body: string, type: string, request = {}) => {
    const ref = world().addLog(storedObject(body, { headers: { "content-type": type } }).answer);
    return readLog(world().transport(protocol), { ...ref, ...request });
  };

  it.each(DOCUMENTS)("is no log: %s", async (_, body, type, what) => {
    for (const [, request] of REQUESTS) {
      const { kinds, error } = await read(body, type, request);
      expect(kinds).toEqual([]);
      expect(error).toMatchObject({
        code: "NotFound",
        reason: "LOG_NOT_FOUND",
        message: `No log: source "archive" answered with a${what === "XML error" ? "n" : ""} ${what} instead of a log.`,
        next: expect.stringContaining("--show-document"),
      });
      expect(error?.sources).toMatchObject([
        {
          outcome: "SOURCE_OUTCOME_NOT_FOUND",
          fault: `SOURCE_FAULT_${what === "web page" ? "WEB_PAGE" : "ERROR_DOCUMENT"}`,
        },
      ]);
    }
  });

  it.each(DOCUMENTS)("is shown where that is asked for: %s", async (_, body, type, _what, notice) => {
    const { kinds, text, notices, end } = await read(body, type, { document: DocumentRule.SHOW });
    expect(kinds.slice(0, 3)).toEqual(["origin", "notice", "chunk"]);
    expect(notices.map(({ kind }) => kind)).toEqual([notice]);
    expect(text).toBe(body);
    expect(end?.reason).toBe(EndReason.COMPLETE);
  });

  it.each([
    ["text behind a page", `${PAGE}curl: (22) The requested URL returned error: 503\n`, "text/html"],
    ["text in front of a page", `200 OK\n${PAGE}`, "text/html"],
    ["plain text that is said to be a page", "12:00 starting\n", "text/html"],
    ["plain text that is said to be gzip", "12:00 starting\n", "application/gzip"],
    ["a large page of no known type", `${PAGE.replace("in</body>", "x\n".repeat(50_000))}`, "text/plain"],
    ["an entry in JSON", '{"level":"error","msg":"no","code":500}\n', "text/plain"],
    ["a report of tests in XML", '<?xml version="1.0"?>\n<testsuites></testsuites>\n', "application/xml"],
  ])("is a log: %s", async (_, body, type) => {
    for (const [, request] of REQUESTS) {
      const { error, notices } = await read(body, type, request);
      expect(error).toBeUndefined();
      expect(notices).toEqual([]);
    }
    expect((await read(body, type)).text).toBe(body);
  });

  it("is shown, and said to be a document, if it is one JSON document that is no error", async () => {
    const body = '{"passed": 3}\n';
    const { text, notices } = await read(body, "application/json");
    expect(text).toBe(body);
    expect(notices).toMatchObject([{ kind: NoticeKind.LOOKS_LIKE_ANSWER, message: expect.stringMatching(/JSON/) }]);
    expect((await read('{"level":"info"}\n{"level":"error"}\n', "application/json")).notices).toEqual([]);
  });
});

describe("a document in place of a log, for those who do not call RPCs", () => {
  const world = useWorld();
  const add = () => world().addLog(sends(PAGE, { "content-type": "text/html" }));
  const raw = async (query: string) => {
    const { namespace, name } = add();
    const headers = { authorization: `Bearer ${TOKENS.reader}` };
    const response = await fetch(`${world().url}/raw/${namespace}/${name}?${query}`, { headers });
    return { status: response.status, text: await response.text() };
  };
  const run = (words: readonly string[]) => {
    const env = { TAFFRAIL_SERVER: world().url, TAFFRAIL_TOKEN: TOKENS.reader, TAFFRAIL_PROJECT: "shop" };
    return runInProcess(words, { env });
  };

  it("is a 404 of the raw route, which sends it with document=show", async () => {
    expect(await raw("")).toMatchObject({ status: 404, text: expect.stringContaining("a web page instead of a log") });
    expect(await raw("document=show")).toEqual({ status: 200, text: PAGE });
    expect(await raw("document=hide")).toMatchObject({ status: 400, text: expect.stringContaining("use show") });
    expect((await raw("errors=text")).text).toMatch(/source archive: Source "archive" answered with a web page/);
  });

  it("is no log for the command line, which prints it with --show-document", async () => {
    const without = await run(["logs", add().name, "-n", "shop"]);
    expect(without.code).toBe(5);
    expect(without.out).toBe("");
    expect(without.said).toContain('  source  archive: Source "archive" answered with a web page instead of a log.');
    const shown = await run(["logs", add().name, "-n", "shop", "--show-document", "-o", "raw"]);
    expect(shown).toMatchObject({ code: 0, out: PAGE });
    expect(shown.said.join("\n")).toMatch(/note: The store returned what looks like a web page/);
  });

  it("is not quoted by why, which says that there is no log", async () => {
    const { out } = await run(["why", add().name, "-n", "shop"]);
    expect(out).toContain('no log: source "archive" answered with a web page instead of a log.');
    expect(out).not.toMatch(/Sign in|doctype/);
  });
});

const isPoll = (ms: number): boolean => ms === 2_000;
const OVER = { phase: "Failed", attempts: [{ number: 1, phase: "Failed" }] };
const LONG_AGO = Date.parse("2026-01-02T00:00:00Z");

describe("a document in place of a log that another source has", () => {
  const world = useLiveWorld(["archive", "pods"]);
  beforeEach(() => {
    world().clock.time = Date.parse("2026-01-01T00:10:00Z");
  });

  const page = (run: LiveRun) => world().store.answer(run.archivePath(), sends(PAGE, { "content-type": "text/html" }));
  const ended = (): LiveRun => {
    world().clock.time = LONG_AGO;
    return world().addRun(OVER);
  };

  it.each(DOCUMENTS)("is passed over: %s", async (_, body, type) => {
    const run = ended();
    world().store.answer(run.archivePath(), storedObject(body, { headers: { "content-type": type } }).answer);
    run
      .log(run.pod({ phase: "Failed", containers: { main: terminated(1) } }))
      .append("2026-01-01T00:00:01Z", "one\ntwo\n");
    for (const [, request] of REQUESTS) {
      const log = run.read(request);
      await log.done;
      expect(log.error).toBeUndefined();
      expect(log.text()).toMatch(/two\n$/);
      expect(log.origin()?.source).toBe("pods");
      expect(log.notices()).toEqual([]);
    }
  });

  it("is not one if a pod wrote it", async () => {
    const text = `${PAGE.trimEnd()}curl: (22) The requested URL returned error: 503\n`;
    for (const body of [PAGE, text, JSON_ERROR, XML]) {
      const run = ended();
      run.log(run.pod({ phase: "Failed", containers: { main: terminated(1) } })).append("2026-01-01T00:00:01Z", body);
      const log = run.read();
      await log.done;
      expect(log.text()).toBe(body);
      expect(log.notices()).toEqual([]);
    }
  });

  it("does not end the hand-over of a followed log from its pod to the archive", async () => {
    const run = world().addRun();
    page(run);
    const pod = run.pod();
    run.log(pod).append("2026-01-01T00:00:01Z", "one\ntwo\n");
    const log = run.read({ follow: true });
    await log.until("two\n");
    expect(log.origin()?.source).toBe("pods");
    run.removePod(pod);
    run.log(pod).cut("ends");
    world().clock.time = Date.parse("2026-01-01T00:30:01Z");
    run.put(OVER);
    await world().waits.until(isPoll);
    world().store.answer(run.archivePath(), storedObject("one\ntwo\nthree\n").answer);
    world().clock.time = LONG_AGO;
    world().waits.pass(isPoll);
    await log.done;
    expect(log.text()).toBe("one\ntwo\nthree\n");
    expect(log.notices().filter((kind) => kind !== NoticeKind.WAITING)).toEqual([NoticeKind.SOURCE_CHANGED]);
    expect(log.end()?.reason).toBe(EndReason.COMPLETE);
  });

  it("is found by a resume, which goes on in the next source, or says that there is none", async () => {
    const run = ended();
    const text = "one\ntwo\nthree\n";
    world().store.answer(run.archivePath(), storedObject(text).answer);
    const first = run.read({ limitLines: 1n });
    await first.done;
    const cursor = first.messages.at(-1)?.cursor ?? "";
    expect(cursor).not.toBe("");
    page(run);
    const alone = run.read({ cursor });
    await alone.done;
    expect(alone.error).toMatchObject({ reason: "LOG_NOT_FOUND" });
    run.log(run.pod({ phase: "Failed", containers: { main: terminated(1) } })).append("2026-01-01T00:00:01Z", text);
    const rest = run.read({ cursor });
    await rest.done;
    expect(rest.text()).toBe("two\nthree\n");
    expect(rest.origin()?.source).toBe("pods");
  });

  it("leaves one of several containers out", async () => {
    world().clock.time = LONG_AGO;
    const run = world().addRun({ ...OVER, containers: ["main", "sidecar"] });
    page(run);
    world().store.answer(run.archivePath("sidecar"), storedObject("of the sidecar\n").answer);
    const log = run.read({ allContainers: true });
    await log.done;
    expect(log.text()).toBe("of the sidecar\n");
    expect(log.said().join("\n")).toMatch(/^main: .*a web page instead of a log/);
  });

  it("changes what a cursor belongs to", async () => {
    const run = ended();
    page(run);
    const shown = run.read({ document: DocumentRule.SHOW, limitLines: 1n });
    await shown.done;
    const cursor = shown.messages.at(-1)?.cursor ?? "";
    const other = run.read({ cursor });
    await other.done;
    expect(other.error?.reason).toBe("CURSOR_FOREIGN");
    const same = run.read({ cursor, document: DocumentRule.SHOW });
    await same.done;
    expect(shown.text() + same.text()).toBe(PAGE);
  });
});

describe("a document in place of a log that is followed", () => {
  const world = useLiveWorld(["archive"]);
  const page = (run: LiveRun) => world().store.answer(run.archivePath(), sends(PAGE, { "content-type": "text/html" }));
  const lookAgain = async (): Promise<void> => {
    await world().waits.until(isPoll);
    world().waits.pass(isPoll);
  };

  it("is a poll that brought nothing in a follow, at its beginning and later", async () => {
    world().clock.time = Date.parse("2026-01-01T00:10:00Z");
    const run = world().addRun();
    page(run);
    const log = run.read({ follow: true });
    await log.untilSaid("answered with a web page instead of a log");
    const object = storedObject("one\n");
    world().store.answer(run.archivePath(), object.answer);
    await lookAgain();
    await log.until("one\n");
    for (const line of ["two\n", "three\n"]) {
      await world().waits.until(isPoll);
      page(run);
      world().waits.pass(isPoll);
      await lookAgain();
      await world().waits.until(isPoll);
      object.bytes = Buffer.concat([object.bytes ?? Buffer.alloc(0), Buffer.from(line)]);
      world().store.answer(run.archivePath(), object.answer);
      world().waits.pass(isPoll);
      await log.until(line);
    }
    await world().waits.until(isPoll);
    world().clock.time = LONG_AGO;
    run.put(OVER);
    world().waits.pass(isPoll);
    await log.done;
    expect(log.text()).toBe("one\ntwo\nthree\n");
    expect(log.notices()).toEqual([NoticeKind.WAITING]);
    expect(log.end()?.reason).toBe(EndReason.COMPLETE);
  });
});
