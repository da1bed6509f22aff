import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { AttemptRule, EndReason, GrepSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { storedObject } from "../fakes/stored-object.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { beginCall, envelope, WIRE_PROTOCOLS } from "./raw-call.ts";
import { as, readLog } from "./read-log.ts";
import { type Request, readMessages } from "./read-messages.ts";
import { useWorld } from "./world.ts";

const LOG = "2026-01-01T00:00:00Z one\n2026-01-01T00:00:01Z two\n".repeat(20);
const MOST = 2n ** 64n - 1n;

const grep = (pattern: string, more: object = {}) => ({ grep: create(GrepSchema, { pattern, ...more }) });
const time = (seconds: bigint, nanos = 0) => create(TimestampSchema, { seconds, nanos });
const wait = (seconds: bigint, nanos = 0) => ({ wait: create(DurationSchema, { seconds, nanos }) });

/** Invalid requests, with the reason and the field that the error reports. */
const REFUSED: readonly (readonly [string, Request, string, string])[] = [
  ["more last lines than the maximum", { tailLines: 10_000_001n }, "REQUEST_INVALID", "tail_lines"],
  ["the largest number of last lines", { tailLines: MOST }, "REQUEST_INVALID", "tail_lines"],
  ["both last lines and a first line", { tailLines: 1n, firstLine: 1n }, "REQUEST_INVALID", "first_line"],
  ["both one container and all", { containerName: "main", allContainers: true }, "REQUEST_INVALID", "container_name"],
  ["both one pod and all", { podName: "pod-1", allPods: true }, "REQUEST_INVALID", "pod_name"],
  ["until before since", { since: time(10n), until: time(9n) }, "REQUEST_INVALID", "until"],
  ["until equal to since", { since: time(10n, 5), until: time(10n, 5) }, "REQUEST_INVALID", "until"],
  ["attempt 0", { attempt: { case: "attemptNumber", value: 0 } }, "REQUEST_INVALID", "attempt_number"],
  [
    "an unknown attempt rule",
    { attempt: { case: "attemptRule", value: 99 as AttemptRule } },
    "REQUEST_INVALID",
    "attempt_rule",
  ],
  ["an invalid container name", { containerName: "Not A Name" }, "REQUEST_INVALID", "container_name"],
  ["an invalid pod name", { podName: "../pods" }, "REQUEST_INVALID", "pod_name"],
  ["a metric name that is too long", { metricName: "m".repeat(1_001) }, "REQUEST_INVALID", "metric_name"],
  ["an empty pattern", grep(""), "REQUEST_INVALID", "grep.pattern"],
  ["a pattern that is too long", grep("a".repeat(1_001)), "REQUEST_INVALID", "grep.pattern"],
  ["too much context before", grep("a", { before: 1_001 }), "REQUEST_INVALID", "grep.before"],
  ["too much context after", grep("a", { after: 2 ** 32 - 1 }), "REQUEST_INVALID", "grep.after"],
  ["a pattern with a syntax error", grep("ab(c"), "PATTERN_INVALID", "grep.pattern"],
  ["a pattern with a lookahead", grep("a(?=b)"), "PATTERN_INVALID", "grep.pattern"],
  ["a pattern that is too large once expanded", grep("[ab]*a[ab]{900}"), "PATTERN_INVALID", "grep.pattern"],
  ["a fixed text of two lines", grep("a\nb", { fixed: true }), "PATTERN_INVALID", "grep.pattern"],
  ["an invalid cursor", { cursor: "none" }, "CURSOR_INVALID", "cursor"],
  ["a cursor that is not base64", { cursor: "世界" }, "CURSOR_INVALID", "cursor"],
  ["a cursor that is too long", { cursor: "A".repeat(32_769) }, "REQUEST_INVALID", "cursor"],
];

/** More of them, which JSON cannot express or its client does not send. */
const REFUSED_IN_BINARY: typeof REFUSED = [
  ["a time after the year 9999", { since: time(253_402_300_800n) }, "REQUEST_INVALID", "since"],
  ["a time before the year 1", { until: time(-62_135_596_801n) }, "REQUEST_INVALID", "until"],
  ["a time beyond any calendar", { since: time(2n ** 63n - 1n) }, "REQUEST_INVALID", "since"],
  ["a time with too many nanoseconds", { since: time(1n, 1_000_000_000) }, "REQUEST_INVALID", "since"],
  ["a time with negative nanoseconds", { until: time(1n, -1) }, "REQUEST_INVALID", "until"],
];

const FAULTS: readonly (readonly [string, object, string])[] = [
  ["ab(c", {}, "missing closing ): `ab(c`"],
  ["ab|*c", {}, "missing argument to repetition operator: `*`"],
  ["a(?=b)", {}, "RE2 has no lookahead or lookbehind: `(?=`"],
  ["[ab]*a[ab]{900}", {}, "too large when its repetitions are expanded: `{900}`"],
  ["a\nb", { fixed: true }, "contains a line feed"],
];

describe.each(PROTOCOLS)("a bad request over $name", (protocol) => {
  const world = useWorld({ config: { cursors: { keys: [{ env: "CURSOR_KEY" }] } } });
  const run = () => world().addLog(storedObject(LOG).answer);
  const read = (request: Request, options?: Parameters<typeof readLog>[2]) =>
    readLog(world().transport(protocol), request, options);

  it.each([
    ...REFUSED,
    ["a negative wait", wait(-5n), "REQUEST_INVALID", "wait"],
    ...(protocol.json ? [] : REFUSED_IN_BINARY),
  ] as typeof REFUSED)("with %s is refused with a reason and the field", async (_what, request, reason, field) => {
    const { error, kinds } = await read({ ...run(), ...request });
    expect(error).toMatchObject({ code: "InvalidArgument", reason, next: expect.stringMatching(/\.$/) });
    expect(`${error?.field} ${error?.message}`).toContain(field);
    expect(kinds).toEqual([]);
  });

  it("with an invalid pattern is refused with the error and the part at fault", async () => {
    for (const [pattern, more, fault] of FAULTS) {
      const { error } = await read({ ...run(), ...grep(pattern, more) });
      expect(error?.message).toContain(fault);
    }
  });

  it("with a cursor of another request, a tampered one or an expired one is refused with a reason", async () => {
    const [one, two] = [run(), run()];
    const { messages, cursor } = await begun(one);
    expect(messages).toBeGreaterThan(0);
    const flipped = Buffer.from(cursor, "base64url");
    flipped[40] = (flipped[40] ?? 0) ^ 1;
    const table: readonly (readonly [Request, string])[] = [
      [{ ...two, cursor }, "CURSOR_FOREIGN"],
      [{ ...one, cursor, ...grep("one") }, "CURSOR_FOREIGN"],
      [{ ...one, cursor, since: time(1n) }, "CURSOR_FOREIGN"],
      [{ ...one, cursor, attempt: { case: "attemptRule", value: AttemptRule.LAST } }, "CURSOR_FOREIGN"],
      [{ ...one, cursor: cursor.slice(0, -1) }, "CURSOR_INVALID"],
      [{ ...one, cursor: cursor.slice(0, 30) }, "CURSOR_INVALID"],
      [{ ...one, cursor: `${cursor}A` }, "CURSOR_INVALID"],
      [{ ...one, cursor: flipped.toString("base64url") }, "CURSOR_INVALID"],
    ];
    for (const [request, reason] of table) {
      expect((await read(request)).error).toMatchObject({ code: "InvalidArgument", reason, field: "cursor" });
    }
    const other = await world().replica(protocol, { cursors: { keys: [{ env: "OTHER_KEY" }] } });
    expect((await readLog(other, { ...one, cursor })).error).toMatchObject({
      reason: "CURSOR_INVALID",
      field: "cursor",
    });
    expect((await read({ ...one, cursor }, as(TOKENS.stranger))).error?.reason).toBe("ACCESS_DENIED");
    expect((await read({ ...one, cursor }, as(TOKENS.stageless))).error?.reason).toBe("ACCESS_DENIED");
    world().clock.advance(8 * 24 * 3_600_000);
    expect((await read({ ...one, cursor })).error).toMatchObject({ reason: "CURSOR_STALE", field: "cursor" });
  });

  it("does not include ranges beyond the log: they give all of it, or nothing", async () => {
    for (const [request, text] of [
      [{ limitLines: MOST, limitBytes: MOST }, LOG],
      [{ firstLine: MOST }, ""],
      [{ tailLines: 10_000_000n }, LOG],
      [{ tailLines: 0n }, ""],
      [{ since: time(253_402_300_799n) }, ""],
      [{ until: time(-62_135_596_800n) }, ""],
      [{ ...wait(315_576_000_000n) }, LOG],
    ] as const) {
      const { end, error, ...log } = await read({ ...run(), ...request });
      expect(error).toBeUndefined();
      expect(log.text).toBe(text);
      expect([EndReason.COMPLETE, EndReason.UNTIL_REACHED]).toContain(end?.reason);
    }
  });

  async function begun(request: Request) {
    const all = await readMessages(world().transport(protocol), { ...request, limitLines: 3n });
    return { messages: all.length, cursor: all.at(-1)?.cursor ?? "" };
  }
});

describe("a bad request written by hand in JSON", () => {
  const world = useWorld();
  const protocol = WIRE_PROTOCOLS.find(({ name }) => name === "Connect JSON over HTTP/1.1");

  it.each<[string, unknown, RegExp]>([
    ["tailLines", "-1", /tail_lines/],
    ["tailLines", 1.5, /tail_lines/],
    ["tailLines", "many", /tail_lines/],
    ["firstLine", -3, /first_line/],
    ["limitBytes", "18446744073709551616", /limit_bytes/],
    // For times, the protobuf library reports the type but not the field.
    ["since", "yesterday", /Timestamp from JSON: invalid RFC 3339/],
    ["since", "2026-13-01T00:00:00Z", /Timestamp from JSON: invalid RFC 3339/],
    ["until", "2026-01-01", /Timestamp from JSON: invalid RFC 3339/],
    ["until", 17, /Timestamp from JSON: 17/],
    ["wait", "5 minutes", /Duration from JSON/],
    ["attemptNumber", -1, /attempt/],
    ["grep", "text", /Grep from JSON/],
    ["follow", "yes", /follow/],
  ])("with %s set to %s is refused with a reason and the cause", async (field, value, what) => {
    if (protocol === undefined) throw new Error("no such protocol");
    const { end, outcome } = beginCall(world().port, protocol);
    end(envelope(0, Buffer.from(JSON.stringify({ ...world().addLog(storedObject(LOG).answer), [field]: value }))));
    const { code, reason, whole } = await outcome;
    expect({ code, reason }).toEqual({ code: "InvalidArgument", reason: "taffrail/REQUEST_INVALID" });
    expect(whole).toMatch(what);
  });
});
