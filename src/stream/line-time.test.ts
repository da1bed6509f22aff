import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTime, findTimeInside, latestTime, TimeReader } from "./line-time.ts";
import { findLineTime, findTimes } from "./line-times.ts";

const LATEST = "2026-12-31T23:59:59.000000000Z";
const timeOf = (line: string, reader = new TimeReader(LATEST)) => {
  const bytes = Buffer.from(`before\n${line}\nafter`);
  return findLineTime(bytes, 7, 7 + Buffer.byteLength(line), reader);
};
const at = (clock: string) => `2026-03-12T${clock}Z`;

/** Parts of lines. */
const BITS = fc.constantFrom(
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
  "1/2/2026 ",
  "260312 140355",
  "12/Mar/2026:",
  ": ",
  " - ",
  "IST",
  "PM",
);

/** Lines in the shape of public collections of logs, and their times. */
const LOGS = [
  { name: "HDFS", time: at("14:03:55.000000000"), line: "260312 140355 148 INFO dfs.DataNode$Pump: x" },
  { name: "Hadoop", time: at("14:03:55.978000000"), line: "2026-03-12 14:03:55,978 INFO [main] org.a.B: x" },
  { name: "Spark", time: at("14:03:55.000000000"), line: "26/03/12 14:03:55 INFO executor.Executor: x" },
  {
    name: "Zookeeper",
    time: at("14:03:55.747000000"),
    line: "2026-03-12 14:03:55,747 - INFO  [Peer[myid=1]/0:0:0:0:0:0:0:0:2181:Fast@774] - x",
  },
  {
    name: "BGL",
    time: at("14:03:55.000000000"),
    line: "- 1773324235 2026.03.12 R02-M1-N0-C:J12-U11 2026-03-12-14.03.55.363779 R02-M1-N0 RAS KERNEL INFO x",
  },
  { name: "HPC", time: at("14:03:55.000000000"), line: "134681 node-246 unix.hw state_change.up 1773324235 1 x" },
  {
    name: "Thunderbird",
    time: at("14:03:55.000000000"),
    line: "- 1773324235 2026.03.12 dn228 Mar 12 06:03:55 dn228/dn228 crond(pam_unix)[2915]: x",
  },
  { name: "Windows", time: at("14:03:55.000000000"), line: "2026-03-12 14:03:55, Info                  CBS    x" },
  { name: "Linux", time: at("14:03:55.000000000"), line: "Mar 12 14:03:55 combo sshd(pam_unix)[19939]: x" },
  { name: "Android", time: at("14:03:55.811000000"), line: "03-12 14:03:55.811  1702  2395 D WindowManager: x" },
  { name: "HealthApp", time: at("14:03:55.606000000"), line: "20260312-14:3:55:606|Step_LSC|30002312|x" },
  { name: "Apache", time: at("14:03:55.000000000"), line: "[Thu Mar 12 14:03:55 2026] [notice] x" },
  { name: "Proxifier", time: at("14:03:55.000000000"), line: "[03.12 14:03:55] chrome.exe - example.com:443 open" },
  { name: "OpenSSH", time: at("14:03:55.000000000"), line: "Mar 12 14:03:55 LabSZ sshd[24200]: x" },
  {
    name: "OpenStack",
    time: at("14:03:55.008000000"),
    line: "nova-api.log.1.2026-03-12_14:53:08 2026-03-12 14:03:55.008 25746 INFO nova.osapi [req-1] x",
  },
  { name: "Mac", time: at("14:03:55.000000000"), line: "Mar 12 14:03:55 calvisitor-10-105-160-95 kernel[0]: x" },
];

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
    ["2026-03-12 14:03:55 PDT [7] LOG:  x", at("21:03:55.000000000")],
    ["2026-03-12 14:03:55.5 CEST [7] LOG:  x", at("12:03:55.500000000")],
    ["2026-03-12 14:03:55.5+01 [7] LOG:  x", at("13:03:55.500000000")],
    ["2026-03-12 14:03:55 WARN x", at("14:03:55.000000000")],
    ["2026-03-12 14:03:55-14:03:57 x", at("14:03:55.000000000")],
    ["2026-03-12 02:03:55 PM x", at("14:03:55.000000000")],
    ["Thu Mar 12 14:03:55 EST 2026 x", at("19:03:55.000000000")],
    ["Thu Mar 12 2026 14:03:55 GMT+0100 (CET) x", at("13:03:55.000000000")],
    ["Thu, 12 Mar 2026 14:03:55 GMT", at("14:03:55.000000000")],
    ["Thu 2026-03-12 14:03:55 UTC host app[7]: x", at("14:03:55.000000000")],
    ["Mar 12, 2026 2:03:55\u202fPM com.example.Main main", at("14:03:55.000000000")],
    ["<Mar 12, 2026 2:03:55 PM UTC> <Info> x", at("14:03:55.000000000")],
    ['{"log":"x\\n","stream":"stdout","time":"2026-03-12T14:03:55.5Z"}', at("14:03:55.500000000")],
    [`{"log":"${"x".repeat(900)}","stream":"stdout","time":"2026-03-12T14:03:55.5Z"}`, at("14:03:55.500000000")],
    [`{"_A":"${"x".repeat(900)}","__REALTIME_TIMESTAMP":"1773324235500000"}`, at("14:03:55.500000000")],
    ['{"t":{"$date":"2026-03-12T14:03:55.5+00:00"},"s":"I"}', at("14:03:55.500000000")],
    ['{"@t":"2026-03-12T14:03:55.5Z","@mt":"x"}', at("14:03:55.500000000")],
    ['{"instant":{"epochSecond":1773324235,"nanoOfSecond":5},"level":"INFO"}', at("14:03:55.000000000")],
    ['web_1  | {"level":"info","ts":1773324235.5}', at("14:03:55.500000000")],
    ['shop.example:443 10.0.0.7 - kim [12/Mar/2026:14:03:55 +0000] "GET /', at("14:03:55.000000000")],
    ["\0\0\0\0\0\0 2026-03-12T14:03:55Z after a crash", at("14:03:55.000000000")],
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
    "01/02/2026 14:03:55 day or month first",
    "2026-03-12 14:03:55 IST India, Ireland or Israel",
    "2026-03-12 14:03:55.5 CST China or Chicago",
    "26-03-12 14:03:55",
    "120312 x",
    "12345678 12:34",
    "Mar 12 x",
    "1:M started",
    "[12.03] x",
    "1/2/2026 13:04:05 PM",
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
    expect(findLineTime(two, 0, 10, new TimeReader(LATEST))).toBeUndefined();
    expect(findLineTime(two, 0, 3, new TimeReader(LATEST))).toBeUndefined();
  });

  it("takes a missing year from the latest possible time, also over New Year", () => {
    const ended = new TimeReader(latestTime("2025-12-31T23:50:00Z", "2026-01-01T00:10:00Z", 0));
    expect(timeOf("Dec 31 23:59:59 host app: x", ended)).toBe("2025-12-31T23:59:59.000000000Z");
    expect(timeOf("Jan  1 00:00:01 host app: x", ended)).toBe("2026-01-01T00:00:01.000000000Z");
    expect(timeOf("I1231 23:59:59.5 1 a.go:1] x", ended)).toBe("2025-12-31T23:59:59.500000000Z");
    const running = new TimeReader(latestTime("2025-12-31T23:50:00Z", undefined, 0));
    expect(timeOf("01-01 00:00:01.5  1  1 I App: x", running)).toBe("2026-01-01T00:00:01.500000000Z");
    expect(timeOf("12-31 23:59:59.5  1  1 I App: x", running)).toBe("2025-12-31T23:59:59.500000000Z");
  });

  it("takes it from the current time if the attempt has none", () => {
    expect(latestTime("soon", undefined, Date.UTC(2026, 5, 1))).toBe("2026-06-02T00:00:00.000Z");
  });

  it("finds the same times whatever lines came before", () => {
    const samples = [...LOGS.map(({ line }) => line), "no time", "  at x(y.js:7)", "7 of 9", '{"msg":"x"}', "[x] 7"];
    const known = fc.constantFrom(...samples);
    const anyLine = fc.array(BITS, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.array(fc.oneof(known, anyLine), { maxLength: 20 }), (lines) => {
        const reader = new TimeReader(LATEST);
        const text = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const found = findTimes(text, 0, text.length, reader);
        expect(found.times).toEqual(lines.map((line) => timeOf(line)).filter((time) => time !== undefined));
      }),
      { numRuns: 2000 },
    );
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
    fc.assert(
      fc.property(fc.array(BITS, { maxLength: 12 }), (parts) => {
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
    const found = findTime(line, LATEST);
    expect([found?.start, found?.end, found?.says]).toEqual([start, end, says]);
  });
});

describe("public collections of logs", () => {
  it.each(LOGS)("$name: the time is read", ({ line, time }) => {
    expect(timeOf(line)).toBe(time);
  });
});

describe("findTimeInside", () => {
  it.each([
    ["copied what was made on 2026-03-12T14:03:55Z", at("14:03:55.000000000"), 24, "moment"],
    ['app {"ts":1773324235.25}', at("14:03:55.250000000"), 10, "moment"],
    ["14:03:55.102 GET /", "1970-01-01T14:03:55.102000000Z", 0, "clock"],
    ["step [14:03:55] GET /", "1970-01-01T14:03:55.000000000Z", 6, "clock"],
  ])("finds the time in %j", (line, time, start, says) => {
    expect(findTime(line, LATEST)).toBeUndefined();
    expect(findTimeInside(line)).toMatchObject({ time, start, says });
  });

  it.each(["no time", "12:34", "99:99:99 x", "1:02:03:04", `${"x".repeat(100)} 14:03:55`])(
    "finds none in %j",
    (line) => {
      expect(findTimeInside(line)).toBeUndefined();
    },
  );
});
