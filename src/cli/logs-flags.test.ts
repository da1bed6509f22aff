import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, it } from "vitest";
import { AttemptRule } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { runInProcess } from "../../test/fakes/cli.ts";
import { scriptedLog } from "../../test/fakes/scripted-log.ts";
import { type RunningServer, serveScript } from "../../test/fakes/serve-script.ts";

let server: RunningServer | undefined;
afterEach(() => server?.stop());

/** The request that a command sends. */
async function asked(args: readonly string[]) {
  const log = scriptedLog(["a\n"]);
  server = await serveScript(log.routes);
  const result = await runInProcess(["logs", "uat.01", "-n", "shop", ...args], {
    env: { TAFFRAIL_SERVER: `http://127.0.0.1:${server.port}` },
  });
  return { ...result, request: log.requests[0] };
}

describe("flags", () => {
  it.each<[string[], object]>([
    [[], { namespace: "shop", name: "uat.01", follow: false, limitLines: 0n, cursor: "" }],
    [["-f"], { follow: true }],
    [["--tail", "0"], { tailLines: 0n }],
    [["--tail", "100", "-f"], { tailLines: 100n, follow: true }],
    [["--since-time", "2026-01-02T03:04:05.000000006Z"], { since: { seconds: 1767323045n, nanos: 6 } }],
    [["--until-time", "2026-01-02T04:04:05+01:00"], { until: { seconds: 1767323045n } }],
    [["--wait", "1m30s"], { wait: { seconds: 90n } }],
    [["--limit-lines", "5", "--limit-bytes", "1000"], { limitLines: 5n, limitBytes: 1000n }],
    [["--timestamps"], { timestamps: true }],
    [["--all-containers"], { allContainers: true }],
    [["--all-pods"], { allPods: true }],
    [["-m", "smoke", "-c", "test", "--pod", "p-1"], { metricName: "smoke", containerName: "test", podName: "p-1" }],
    [["-a", "3"], { attempt: { case: "attemptNumber", value: 3 } }],
    [["-a", "all"], { attempt: { case: "attemptRule", value: AttemptRule.ALL } }],
    [["-a", "failed"], { attempt: { case: "attemptRule", value: AttemptRule.FAILED } }],
    [["--cursor", "piece-0"], { cursor: "piece-0" }],
    [
      ["--grep", "a|b"],
      { grep: { pattern: "a|b", fixed: false, ignoreCase: false, invert: false, before: 0, after: 0 } },
    ],
    [
      ["--grep", "a.b", "--fixed", "-i", "-v", "--before", "1", "--after", "2"],
      { grep: { pattern: "a.b", fixed: true, ignoreCase: true, invert: true, before: 1, after: 2 } },
    ],
    [["--grep", "x", "--around", "5"], { grep: { before: 5, after: 5 } }],
  ])("%j make the matching request", async (args, wanted) => {
    const { code, request } = await asked(args);
    expect(request).toMatchObject(wanted);
    expect(code).toBe(0);
  });

  it("without any, the request is for the whole log without waiting", async () => {
    const { request } = await asked([]);
    expect(
      [request?.tailLines, request?.since, request?.grep, request?.wait].filter((each) => each !== undefined),
    ).toEqual([]);
  });

  it("--since counts back from now", async () => {
    const before = Date.now();
    const { request } = await asked(["--since", "1h"]);
    if (request?.since === undefined) throw new Error("no since");
    const since = timestampMs(request.since);
    expect(since).toBeGreaterThanOrEqual(before - 3_600_000);
    expect(since).toBeLessThanOrEqual(Date.now() - 3_600_000);
  });

  it.each<[string[], RegExp]>([
    [["--follw"], /unknown option '--follw'\n\(Did you mean --follow\?\)/],
    [["--tail", "x"], /argument 'x' is invalid\. Use a number from 0 to 10000000\./],
    [["--tail", "-1"], /is invalid|argument missing/],
    [["--limit-lines", "0"], /argument '0' is invalid\. Use a number above 0\./],
    [["--limit-bytes", "0"], /Use a number above 0\./],
    [["--limit-bytes", "1k"], /Use a number above 0\./],
    [["--since", "yesterday"], /Use a duration such as 30s, 5m or 1h30m\./],
    [["--since-time", "5m"], /Use a time such as/],
    [
      ["--since", "5m", "--since-time", "2026-01-02T03:04:05Z"],
      /'--since <duration>' cannot be used with option '--since-time/,
    ],
    [["--since", "5m", "--cursor", "c"], /'--since <duration>' cannot be used with option '--cursor/],
    [["-c", "test", "--all-containers"], /'--all-containers' cannot be used with option '-c, --container/],
    [["--pod", "p-1", "--all-pods"], /'--all-pods' cannot be used with option '--pod/],
    [["--grep", "x", "--around", "1", "--before", "2"], /'--around <lines>' cannot be used with option '--before/],
    [["--before", "2"], /^error: --before needs --grep$/],
    [["-i"], /^error: -i needs --grep$/],
    [["--grep", ""], /^error: --grep needs a pattern$/],
    [["--grep", "x", "--before", "1001"], /Use a number from 0 to 1000\./],
    [["--prefix", "-o", "json"], /^error: --prefix works with -o text only, not with -o json\n/],
    [["-o", "xml"], /Allowed choices are text, raw, json\./],
    [["--color", "maybe"], /Allowed choices are auto, always, never\./],
    [["-a", "first"], /^error: "first" is not an attempt\n {2}try {5}-a 1, -a last, -a failed or -a all$/],
  ])("%j are refused with a message and status 2, without a call", async (args, text) => {
    const { code, out, said, request } = await asked(args);
    expect(said.join("\n")).toMatch(text);
    expect([code, out, request]).toEqual([2, "", undefined]);
  });
});
