import type { Scene } from "./fake-client.ts";

const ESC = "\x1b";
const RULE = `${"=".repeat(78)}\n`;
const THIN = `${"-".repeat(78)}\n`;
const green = (text: string): string => `${ESC}[32m${text}${ESC}[0m`;
const red = (text: string): string => `${ESC}[31m${text}${ESC}[0m`;
const grey = (text: string): string => `${ESC}[90m${text}${ESC}[0m`;

/** Pseudo-random numbers, the same each time (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const whole = (text: string): Scene[] => [
  { kind: "text", text },
  { kind: "end", reason: "COMPLETE" },
];

function robot(): Scene[] {
  const test = (name: string, verdict: string): string => `${name.padEnd(70)}| ${verdict} |\n`;
  const suite = (name: string, count: number): string =>
    RULE +
    `${name}\n` +
    RULE +
    Array.from({ length: count }, (_, at) => test(`Case ${at + 1} of ${name}`, green("PASS")) + THIN).join("");
  return whole(
    `${suite("Entries :: Visitors can write", 40)}${suite("Login :: Only administrators get in", 40)}${RULE}Checkout :: Orders are paid\n${RULE}${test("Buy with card", green("PASS"))}${THIN}[ ${ESC}[33mWARN${ESC}[0m ] retry 3/3 of POST https://shop.example/api/voucher/redeem after 503\n${test("Buy with voucher", red("FAIL"))}AssertionError: expected 200, got 503\n    at checkout.robot:41:7  POST /api/voucher/redeem\n${THIN}${suite("Pages :: Pages can be read", 40)}Checkout :: Orders are paid${" ".repeat(43)}| ${red("FAIL")} |\n124 tests, 123 passed, 1 failed\n${RULE}`,
  );
}

function pytest(): Scene[] {
  const dots = Array.from(
    { length: 20 },
    (_, at) => `tests/test_api_${at}.py ${green(".".repeat(20))} [${String((at + 1) * 5).padStart(3)}%]\n`,
  );
  return whole(
    `${ESC}[1m============ test session starts ============${ESC}[0m\nplatform linux -- Python 3.13.1, pytest-8.3.4\ncollected 401 items\n\n${dots.join("")}tests/test_voucher.py ${red("F")}\n\n=========== FAILURES ===========\n${red(`${ESC}[1m____ test_redeem ____`)}\n\n    def test_redeem(client):\n        response = client.post("/api/voucher/redeem")\n>       assert response.status_code == 200\n${red("E       assert 503 == 200")}\n${red("E        +  where 503 = <Response [503]>.status_code")}\n\ntests/test_voucher.py:41: AssertionError\n${red("FAILED")} tests/test_voucher.py::test_redeem - assert 503 == 200\n${red("=========== 1 failed, 400 passed in 12.34s ===========")}\n`,
  );
}

function jest(): Scene[] {
  return whole(
    `${green(`${ESC}[7m PASS ${ESC}[0m`)} src/a.test.ts\n${ESC}[41m${ESC}[1m FAIL ${ESC}[0m src/voucher.test.ts\n  ● voucher › redeems\n\n    expect(${red("received")}).toBe(${green("expected")})\n\n    Expected: ${green("200")}\n    Received: ${red("503")}\n\n    ${grey("39 |")}   const answer = await redeem();\n  ${red(">")} ${grey("41 |")}   expect(answer.status).toBe(200);\n\n${ESC}[1mTests:${ESC}[0m       ${red("1 failed")}, 41 passed, 42 total\n`,
  );
}

function goTest(): Scene[] {
  return whole(
    `=== RUN   TestEntries\n--- PASS: TestEntries (0.01s)\n=== RUN   TestVouchers\n    voucher_test.go:41: got 503, want 200\n--- FAIL: TestVouchers (0.01s)\nI0312 14:03:55.102345       1 main.go:12] started\nE0312 14:03:55.402345       1 main.go:41] redeem: 503\npanic: runtime error: invalid memory address or nil pointer dereference [recovered]\n\ngoroutine 7 [running]:\ntesting.tRunner.func1.2({0x5, 0x6})\nFAIL\texample.com/shop\t0.012s\n`,
  );
}

function gradle(): Scene[] {
  const states = Array.from(
    { length: 60 },
    (_, at) =>
      `${ESC}[1A${ESC}[2K\r<${"=".repeat(Math.floor(at / 5))}${"-".repeat(12 - Math.floor(at / 5))}> ${at}% EXECUTING [${at}s]`,
  );
  return whole(
    `> Task :compileJava\n${states.join("")}\n> Task :test ${red("FAILED")}\n\nVoucherTest > redeems() ${red("FAILED")}\n    org.opentest4j.AssertionFailedError: expected: <200> but was: <503>\n\n${red("FAILURE:")} Build failed with an exception.\n\n${red("BUILD FAILED")} in 14s\n`,
  );
}

function k6(): Scene[] {
  const states = Array.from(
    { length: 90 },
    (_, at) => `running (0m${String(at % 60).padStart(2, "0")}.0s), 10/10 VUs, ${at * 12} complete\r`,
  );
  return whole(
    `\n     execution: local\n        script: load.js\n\n${states.join("")}\n     ${green("✓")} status was 200\n     ${red("✗")} voucher redeemed\n      ↳  93% — ${green("✓ 930")} / ${red("✗ 70")}\n\n     http_req_duration..: avg=41.2ms p(95)=${red("812ms")}\ntime="2026-03-12T14:03:55Z" level=error msg="thresholds on metrics 'http_req_duration' have been crossed"\n`,
  );
}

function npm(): Scene[] {
  const frames = [..."⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"].flatMap((frame) => [
    `${ESC}[1G${ESC}[0K${frame}`,
    " idealTree:app: sill idealTree buildDeps",
  ]);
  return whole(
    `${frames.join("")}${ESC}[1G${ESC}[0Kadded 412 packages in 9s\n${ESC}[1mnpm${ESC}[22m ${red("ERR!")} code ELIFECYCLE\nnpm ERR! errno 1\n`,
  );
}

function scripts(): Scene[] {
  return whole(
    `مرحبا بالعالم: اكتمل الاختبار بنجاح\nERROR تعذر استرداد القسيمة: 503\n数据库连接成功，共处理 42 条记录\n错误：无法兑换优惠券\n한국어 로그 줄\nemoji 👩‍🚀 👨‍👩‍👧‍👦 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ✓ done\ncombining: e\u0301 n\u0303\ntrojan: if (isAdmin\u202e \u2066// check\u2069 \u2066) {\nzero\u200bwidth and soft\u00adhyphen\ncontrols: \u0007bell \u0008back\nInvalid bytes: \ufffd\ufffd\n`,
  );
}

/** Characters that are wider than their code says: it depends on the fonts of the device. */
function emoji(): Scene[] {
  const signs = [
    "\u26a0\ufe0f ",
    "\u2714\ufe0f ",
    "1\ufe0f\u20e3 ",
    "\u26a0\ufe0f",
    "\u{1f469}\u200d\u{1f680} ",
    "\u0e04\u0e33",
    "\ufdfd ",
  ];
  return whole(signs.map((sign) => `${sign.repeat(200)}END\nshort\n`).join(""));
}

function escapes(): Scene[] {
  return whole(
    `${ESC}[2J${ESC}[H${ESC}[10;10Hmoved\n${ESC}]8;;javascript:alert(1)${ESC}\\a link to a script${ESC}]8;;${ESC}\\\n${ESC}]52;c;cm0gLXJmIC8=\x07clipboard\n${ESC}]0;title\x07title\nhttps://example.com/a?b=c#d and javascript:alert(1) and <img src=x onerror=alert(1)>\n<script>alert(1)</script>\n${ESC}[38;5;196m256 red${ESC}[0m ${ESC}[38;2;120;200;80mown green${ESC}[0m ${ESC}[1mbold${ESC}[0m ${ESC}[3mitalic${ESC}[0m ${ESC}[4munder${ESC}[0m ${ESC}[7minverse${ESC}[0m ${ESC}[9mstruck${ESC}[0m\n${Array.from({ length: 16 }, (_, at) => `${ESC}[${at < 8 ? 30 + at : 82 + at}mcolour ${at}${ESC}[0m`).join(" ")}\n${Array.from({ length: 16 }, (_, at) => `${ESC}[${at < 8 ? 40 + at : 92 + at}mground ${at}${ESC}[0m`).join(" ")}\n${ESC}]0;never ended\nstill here\n`,
  );
}

function groups(): Scene[] {
  const lines = (count: number, text: string): string => `${text}\n`.repeat(count);
  return whole(
    `start\n##[group]Install dependencies\n${lines(30, "installed a package")}##[endgroup]\n##[group]Pod events\n${lines(10, "pulled")}WARN back-off\n##[endgroup]\n##[group]Tests\n${lines(10, "ok")}##[error]Voucher was not redeemed\n##[endgroup]\n${ESC}[0Ksection_start:1:db\r${ESC}[0KSeed database\n${lines(8, "insert")}${ESC}[0Ksection_end:2:db\r${ESC}[0K\n--- :broom: Clean up\n${lines(5, "removed")}+++ :memo: Report\n{"level":"info","ts":1773324235.5,"msg":"report","tests":{"passed":47,"failed":1}}\ndone\n`,
  );
}

function containers(): Scene[] {
  const random = seeded(7);
  const names = ["tests", "proxy", "seed-database"];
  const scenes: Scene[] = [];
  for (let at = 0; at < 300; at += 1) {
    const container = names[Math.floor(random() * 3)] ?? "tests";
    const time = new Date(Date.UTC(2026, 2, 12, 14, 3) + at * 137).toISOString();
    scenes.push({
      kind: "text",
      container,
      text: `${time} ${at % 97 === 96 ? "ERROR" : at % 41 === 40 ? "WARN " : "INFO "} ${container} did thing ${at}\n`,
    });
  }
  return [...scenes, { kind: "end", reason: "COMPLETE" }];
}

function notices(): Scene[] {
  return [
    { kind: "notice", notice: "POLLING", message: "The node cannot follow the log. It is read every 2 s instead." },
    { kind: "text", text: "one\ntwo\n" },
    { kind: "notice", notice: "SOURCE_CHANGED", message: "The log continues in another source, at the same line." },
    { kind: "text", text: "three\n" },
    { kind: "notice", notice: "LINES_LOST", message: "Lines are missing here: the source has dropped them." },
    { kind: "text", text: "four\nfive, cut o" },
    { kind: "fail", message: "The stream stopped before its end: the log is incomplete." },
  ];
}

/** Lines of a load test, of any number. */
function* loadTest(lines: number): Generator<Scene> {
  const levels = [green("INFO "), green("INFO "), green("INFO "), `${ESC}[34mDEBUG${ESC}[0m`];
  const random = seeded(3);
  for (let first = 0; first < lines; first += 500) {
    let text = "";
    for (let at = first; at < Math.min(lines, first + 500); at += 1) {
      const level = at % 997 === 996 ? red("ERROR") : at % 313 === 312 ? `${ESC}[33mWARN ${ESC}[0m` : levels[at & 3];
      const time = new Date(1_773_324_000_000 + at * 7).toISOString();
      text += `${time} ${level} vu=${String(at % 1000).padStart(4, "0")} ${ESC}[1mGET${ESC}[0m /api/vouchers/redeem ${at % 997 === 996 ? 503 : 200} ${Math.floor(random() * 900)} ms session=${(at * 2_654_435_761) % 4_294_967_296} trace=${at}\n`;
    }
    yield { kind: "text", text };
  }
  yield { kind: "end", reason: "COMPLETE" };
}

/** One of two tries of the same job, with other times, IDs and durations; the second fails at its end. */
function tried(attempt: 1 | 2): Scene[] {
  const random = seeded(attempt);
  const start = Date.UTC(2026, 2, 12, 13 + attempt, 0, 7 * attempt);
  let passed = 0;
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join("");
  const line = (level: string, words: string): string => {
    passed += 3 + Math.floor(random() * 900);
    return `${new Date(start + passed).toISOString()} ${level.padEnd(5)} ${words}\n`;
  };
  const info = (words: string): string => line("INFO", words);
  const request = (path: string, code: number): string =>
    line(code < 500 ? "INFO" : "ERROR", `GET ${path} ${code} in ${1 + Math.floor(random() * 120)} ms trace=${hex(16)}`);
  const cases = Array.from({ length: 30 }, (_, at) => request(`/api/entries/${at + 1}`, 200)).join("");
  const isSecond = attempt === 2;
  const retry = (times: number): string =>
    Array.from({ length: times }, (_, at) =>
      line("WARN", `POST /api/vouchers/redeem answered 503, retry ${at + 1} of 3`),
    ).join("");
  return whole(
    info(
      `job 1c5989f1-ba2d-4e83-858b-fed0a712755f.shop.${attempt} on pod 10.1.0.${10 + attempt}:8080, commit ${hex(7)}4d`,
    ) +
      info("seeding the database: 40 entries, 3 users") +
      cases +
      info("suite Vouchers begins") +
      (isSecond ? retry(3) : retry(1)) +
      (isSecond
        ? line("ERROR", "AssertionError: expected 200, got 503") +
          "    at test/voucher.spec.ts:41:7\n    at processTicksAndRejections (node:internal/process/task_queues:105:5)\n"
        : request("/api/vouchers/1", 200)) +
      info("suite Prices begins") +
      request("/api/prices", 200) +
      (isSecond ? "" : info("prices were read from the cache")) +
      request("/api/prices/history?from=2025-01-01&to=2026-01-01&currency=EUR&page=1&size=500&sort=date,desc", 200) +
      info(isSecond ? "35 tests, 34 passed, 1 failed" : "35 tests, 35 passed, 0 failed") +
      info(`done in 1m${10 + attempt}s`),
  );
}

/** A log without an end. @param perSecond lines per second. */
function* live(perSecond: number): Generator<Scene> {
  const batch = Math.max(1, Math.round(perSecond / 20));
  for (let at = 1; ; ) {
    let text = "";
    for (let each = 0; each < batch; each += 1, at += 1)
      text += `${new Date(1_773_324_000_000 + at * 50).toISOString()} ${at % 200 === 0 ? "ERROR" : "INFO "} step ${at}\n`;
    yield { kind: "text", text };
    if (at === 401) yield { kind: "break" };
    yield { kind: "pause", ms: 50 };
  }
}

/** All scripted logs by name. */
export const FAKE_LOGS: Readonly<Record<string, () => Iterable<Scene>>> = {
  robot,
  pytest,
  jest,
  "go-test": goTest,
  gradle,
  k6,
  npm,
  scripts,
  emoji,
  escapes,
  groups,
  containers,
  notices,
  empty: () => [{ kind: "end", reason: "COMPLETE" }],
  "one-byte": () => whole("x"),
  failed: () => [{ kind: "fail", message: "archive: the log store answered 404" }],
  "caught-up": () => [
    { kind: "text", text: "one\ntwo\n" },
    { kind: "end", reason: "CAUGHT_UP" },
  ],
  "long-line": () =>
    whole(`short\n${"0123456789abcdef".repeat((50 * 1024 * 1024) / 16)}\nshort again\nERROR at the end\n`),
  "attempt-1": () => tried(1),
  "attempt-2": () => tried(2),
  live: () => live(20),
  flood: () => live(10_000),
  "five-thousand": () => loadTest(5_000),
  million: () => loadTest(1_000_000),
  "five-million": () => loadTest(5_000_000),
  "hundred-thousand": () => loadTest(100_000),
};
