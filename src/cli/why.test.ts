import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CliResult, runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";

let gateway: DemoGateway;
beforeAll(async () => {
  gateway = await startDemoGateway();
});
afterAll(() => gateway.close());

const why = (run: string, token = "demo-viewer"): Promise<CliResult> =>
  runInProcess(["why", run, "-n", "guestbook", "--server", gateway.url], { env: { TAFFRAIL_TOKEN: token } });

describe("taffrail why", () => {
  it("says in a few lines what failed, how, where in the log, and what to do next", async () => {
    const { code, out, said } = await why("@failed");
    expect([code, said]).toEqual([0, []]);
    const lines = out.trimEnd().split("\n");
    expect(lines.length).toBeLessThan(16);
    expect(lines[0]).toMatch(
      /^uat\.01kkh640p0djp1kn96jm9eekvv\.00d90e5: Failed, 6m ago \(Stage uat, promotion .*happy-otter\)$/,
    );
    expect(lines[1]).toBe("  test failed: Container robot exited with 1.");
    expect(lines[2]).toBe('  Metric "robot" assessed Failed due to failed (2) > failureLimit (1)');
    expect(out).toContain(
      "\nattempt 2 of 2, container robot ended with exit code 1\nfirst error, line 52: Visitor redeems a voucher: ",
    );
    expect(out).toMatch(/\n {6}51 {2}.*\n> {5}52 {2}\| FAIL \|\n {6}53 {2}expected HTTP 200, got HTTP 503\n/);
    expect(out).toMatch(/\nRobot report: http:.*robot\.2\/report\.html\n/);
    expect(lines.at(-1)).toMatch(
      /^next: taffrail logs uat.01kkh640p0djp1kn96jm9eekvv.00d90e5 -n guestbook --server http:\/\/\S+$/,
    );
    // No colours or other escape sequences.
    expect(out).not.toContain("\x1b");
  });

  it("finds the error at the end of two million lines", async () => {
    const { out } = await why("perf.01kkha46801gmbjhs2nxjbjdmq.00d90e5");
    expect(out).toMatch(/\nfirst error, line 19\d{5}:\n/);
    expect(out).toContain("connection pool exhausted");
  });

  it("says why there is no log, and what is known without one", async () => {
    const lost = await why("uat.01kkh8zjc0a9da63t302xyxdhp.447ed5f");
    expect(lost.code).toBe(0);
    expect(lost.out).toContain('\n  no log: source "store" answered 404;');
    const web = await why("prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9");
    expect(web.out).toContain(
      "\n  measured by web, last value 6.1 (no log)\n  succeeds if result < 1\n" +
        "  measured 3 of 5 times: 2 failed (at most 1)\n",
    );
  });

  it("explains nothing if nothing failed, and suggests --follow while the job runs", async () => {
    const { out } = await why("guestbook-ui-7d9c5b8f64-12-2");
    expect(out).toMatch(
      /^guestbook-ui-7d9c5b8f64-12-2: Successful, 5h ago \(Rollout guestbook-ui revision 12\)\nnext: /,
    );
    expect((await why("perf.01kkh7tyg0vmqd5102exw9r6qm.00d90e5")).out).toMatch(
      / -n guestbook --server http:\/\/\S+ -f\n$/,
    );
  });

  it("is refused to callers without access, with the same message as other commands", async () => {
    const { code, out, said } = await why("@failed", "demo-outsider");
    expect([code, out]).toEqual([4, ""]);
    expect(said[0]).toContain("(ACCESS_DENIED)");
  });
});
