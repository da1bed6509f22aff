import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTime, findTimeInside } from "./line-time.ts";
import { findLineTime } from "./line-times.ts";

const timeOf = (line: string) => {
  const bytes = Buffer.from(`before\n${line}\nafter`);
  return findLineTime(bytes, 7, 7 + Buffer.byteLength(line), 2026);
};
const at = (clock: string) => `2026-03-12T${clock}Z`;

describe("findLineTime", () => {
  it.each([
    ["2026-03-12T14:03:55Z started", at("14:03:55.000000000")],
    ["2026-03-12T14:03:55.5Z", at("14:03:55.500000000")],
    ["2026-03-12T14:03:55.123456789Z x", at("14:03:55.123456789")],
    ["2026-03-12T14:03:55.1234567899Z x", at("14:03:55.123456789")],
    ["2026-03-12T14:03:55+02:00 x", at("12:03:55.000000000")],
    ["2026-03-12T14:03:55.25-0530 x", at("19:33:55.250000000")],
    ["2026-03-12T00:30:00+01:00 x", "2026-03-11T23:30:00.000000000Z"],
    ["2026-03-12 14:03:55,123 INFO x", at("14:03:55.123000000")],
    ["2026-03-12 14:03:55 x", at("14:03:55.000000000")],
    ["2026-03-12 14:03:55.123 +0100 x", at("13:03:55.123000000")],
    ["2026-03-12 14:03:55 UTC [1] LOG: x", at("14:03:55.000000000")],
    ["2026/03/12 14:03:55 main.go:7: x", at("14:03:55.000000000")],
    ["2026/03/12 14:03:55 [error] 7#7: x", at("14:03:55.000000000")],
    ["[2026-03-12T14:03:55Z] x", at("14:03:55.000000000")],
    ["[2026-03-12 14:03:55,123] {a.py:1} INFO", at("14:03:55.123000000")],
    ['"2026-03-12T14:03:55Z" x', at("14:03:55.000000000")],
    ["  2026-03-12T14:03:55Z x", at("14:03:55.000000000")],
    ["INFO 2026-03-12T14:03:55Z x", at("14:03:55.000000000")],
    ["[INFO] 2026-03-12 14:03:55 x", at("14:03:55.000000000")],
    ["WARN  [2026-03-12 14:03:55,123] org.app: x", at("14:03:55.123000000")],
    ["error: 2026-03-12 14:03:55 x", at("14:03:55.000000000")],
    ["INFO:root:2026-03-12 14:03:55 x", at("14:03:55.000000000")],
    ["web_1  | 2026-03-12T14:03:55Z x", at("14:03:55.000000000")],
    ["\x1b[90m2026-03-12T14:03:55Z\x1b[0m \x1b[32mINF\x1b[0m x", at("14:03:55.000000000")],
    ["I0312 14:03:55.123456       1 main.go:7] x", at("14:03:55.123456000")],
    ["Mar 12 14:03:55 host app[7]: x", at("14:03:55.000000000")],
    ["Mar  2 14:03:55 host app[7]: x", "2026-03-02T14:03:55.000000000Z"],
    ["<34>Mar 12 14:03:55 host app: x", at("14:03:55.000000000")],
    ["[Thu Mar 12 14:03:55.123456 2026] [core:error] x", at("14:03:55.123456000")],
    ["Thu Mar 12 14:03:55 2020 x", "2020-03-12T14:03:55.000000000Z"],
    ['10.0.0.7 - - [12/Mar/2026:14:03:55 +0000] "GET / HTTP/1.1" 200', at("14:03:55.000000000")],
    ['fe80::1 - kim [12/Mar/2026:14:03:55 +0200] "GET /', at("12:03:55.000000000")],
    ["1773324235 x", at("14:03:55.000000000")],
    ["1773324235.25 x", at("14:03:55.250000000")],
    ["[1773324235123] x", at("14:03:55.123000000")],
    ["1773324235123456789", at("14:03:55.123456789")],
    ['{"time":"2026-03-12T14:03:55.5Z","msg":"x"}', at("14:03:55.500000000")],
    ['{"level":"info","ts":1773324235.25,"msg":"x"}', at("14:03:55.250000000")],
    ['{"level":30,"time":1773324235123,"pid":7}', at("14:03:55.123000000")],
    ['{ "@timestamp" : "2026-03-12 14:03:55,5" }', at("14:03:55.500000000")],
    ['{"timestamp":"none","ts":"2026-03-12T14:03:55Z"}', at("14:03:55.000000000")],
    ['time="2026-03-12T14:03:55Z" level=info msg="x"', at("14:03:55.000000000")],
    ["ts=2026-03-12T14:03:55.5Z caller=x", at("14:03:55.500000000")],
    ["level=info ts=1773324235.25 x", at("14:03:55.250000000")],
    ['{"msg":"x","t":1773324235.25}', at("14:03:55.250000000")],
    ["2026-03-12T14:03:60Z x", at("14:03:60.000000000")],
    ["2026-03-12 14:03:55 GET /", at("14:03:55.000000000")],
    ["2026-03-12 14:03:55Zulu x", at("14:03:55.000000000")],
  ])("reads %j", (line, time) => {
    expect(timeOf(line)).toBe(time);
  });

  it.each([
    "",
    " ",
    "no time at all",
    "    at com.example.Main(Main.java:17)",
    "copied what was made on 2026-03-12T14:03:55Z",
    "2026-13-12T14:03:55Z",
    "2026-03-32 14:03:55",
    "2026-03-12T25:03:55Z",
    "2026-03-12",
    "14:03:55 x",
    "20260312 14:03:55",
    "123 456",
    "17733242 x",
    "1773324235-7 is an order",
    "id=1773324235 x",
    "I1312 14:03:55.123456 x",
    '{"msg":"2026-03-12T14:03:55Z"}',
    '{"uptime":1773324235}',
    "\x1b[31m\x1b",
    "\x1b",
  ])("finds none in %j", (line) => {
    expect(timeOf(line)).toBeUndefined();
  });

  it("searches only the beginning, and never past the line", () => {
    expect(timeOf(`${"x: ".repeat(40)}2026-03-12T14:03:55Z`)).toBeUndefined();
    expect(timeOf(`{"a":"${"x".repeat(600)}","time":"2026-03-12T14:03:55Z"}`)).toBeUndefined();
    const two = Buffer.from("2026-03-12\n 14:03:55 x\n1773324235\n");
    expect(findLineTime(two, 0, 10, 2026)).toBeUndefined();
    expect(findLineTime(two, 0, 3, 2026)).toBeUndefined();
  });

  it("returns any time exactly as it was written", () => {
    const zone = fc.constantFrom("Z", "+00:00", "+05:30", "-0800", "");
    const when = fc.date({ min: new Date("1970-01-02"), max: new Date("9999-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(when, zone, fc.constantFrom("T", " "), fc.constantFrom(".", ","), (date, offset, gap, point) => {
        const minutes = offset === "+05:30" ? 330 : offset === "-0800" ? -480 : 0;
        const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1);
        const line = `${local.replace("T", gap).replace(".", point)}${offset} x`;
        expect(timeOf(line)).toBe(date.toISOString().replace("Z", "000000Z"));
      }),
    );
  });

  it("accepts any bytes, and returns a time or nothing", () => {
    const bits = fc.constantFrom(
      "2026",
      "-03-12",
      "T",
      " ",
      "14:03:55",
      ".123",
      "Z",
      "+01:00",
      "[",
      "{",
      '"time":',
      '"',
      "=",
      "ts=",
      "INFO",
      "Mar 12 ",
      "\x1b[1m",
      "é",
      "1773324235",
      "99",
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 12 }), (parts) => {
        expect(timeOf(parts.join("")) ?? at("00:00:00.000000000")).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("findTime", () => {
  it.each([
    ["2026-03-12T14:03:55.5Z x", 0, 22, "moment"],
    ["[2026-03-12 14:03:55 +0100] x", 1, 26, "moment"],
    ["INFO 1773324235 x", undefined, undefined, undefined],
    ["ts=1773324235 x", 3, 13, "moment"],
    ["I0312 14:03:55.123456 1 main.go:7] x", 0, 21, "no-year"],
    ["<34>Mar 12 14:03:55 host app: x", 4, 19, "no-year"],
    ["Thu Mar 12 14:03:55 2020 x", 0, 24, "moment"],
    ['{"time":"2026-03-12T14:03:55Z"}', 9, 29, "moment"],
  ])("finds the position of the time in %j, and how complete it is", (line, start, end, says) => {
    const found = findTime(line, 2026);
    expect([found?.start, found?.end, found?.says]).toEqual([start, end, says]);
  });
});

describe("findTimeInside", () => {
  it.each([
    ["copied what was made on 2026-03-12T14:03:55Z", at("14:03:55.000000000"), 24, "moment"],
    ['app {"ts":1773324235.25}', at("14:03:55.250000000"), 10, "moment"],
    ["14:03:55.102 GET /", "1970-01-01T14:03:55.102000000Z", 0, "clock"],
    ["step [14:03:55] GET /", "1970-01-01T14:03:55.000000000Z", 6, "clock"],
  ])("finds the time in %j", (line, time, start, says) => {
    expect(findTime(line, 2026)).toBeUndefined();
    expect(findTimeInside(line)).toMatchObject({ time, start, says });
  });

  it.each(["no time", "12:34", "99:99:99 x", "1:02:03:04", `${"x".repeat(100)} 14:03:55`])(
    "finds none in %j",
    (line) => {
      expect(findTimeInside(line)).toBeUndefined();
    },
  );
});
