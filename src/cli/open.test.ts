import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";
import { lineHash } from "../client/line-hash.ts";

const ROBOT = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";
let gateway: DemoGateway;
beforeAll(async () => {
  gateway = await startDemoGateway();
});
afterAll(() => gateway.close());

const run = (args: readonly string[], openPage?: (address: string) => void) =>
  runInProcess([...args, "-n", "guestbook", "--server", gateway.url], {
    env: { TAFFRAIL_TOKEN: "demo-viewer" },
    ...(openPage && { openPage }),
  });
const page = (rest: string) => `${gateway.url}/p/guestbook/runs/${ROBOT}${rest}`;

describe("taffrail open", () => {
  it("prints the address of the selected log, and opens it if there is a browser", async () => {
    const opened: string[] = [];
    const address = page("/m/robot/a/2/c/robot");
    expect(await run(["open", ROBOT], (each) => opened.push(each))).toMatchObject({ code: 0, out: `${address}\n` });
    expect(opened).toEqual([address]);
    expect(await run(["open", "@failed"])).toMatchObject({ code: 0, out: `${address}\n` });
  });

  it("accepts names, and lists the known ones if one does not exist", async () => {
    expect((await run(["open", ROBOT, "-a", "1", "-c", "all"])).out).toBe(`${page("/m/robot/a/1/c/all")}\n`);
    expect((await run(["open", ROBOT, "-a", "last"])).out).toBe(`${page("/m/robot/a/2/c/robot")}\n`);
    for (const [flag, value, said] of [
      ["-m", "none", 'error: there is no metric with a log "none"'],
      ["-a", "9", 'error: there is no attempt "9"'],
      ["-c", "none", 'error: there is no container "none"'],
    ] as const) {
      const wrong = await run(["open", ROBOT, flag, value]);
      expect([wrong.code, wrong.out, wrong.said[0]]).toEqual([3, "", said]);
      expect(wrong.said[1]).toMatch(/^ {2}known: \w/);
    }
  });
});

describe("taffrail link", () => {
  const robot = (): string => page("/m/robot/a/2/c/robot");

  it("prints the address of lines, with the same hash of the first line's text as the page", async () => {
    const { code, out, said } = await run(["link", ROBOT, "-L", "52-54"]);
    const hash = lineHash(new TextEncoder().encode("| FAIL |"));
    expect([code, out, said]).toEqual([0, `${robot()}#L52-L54&h=${hash}\n`, []]);
    expect((await run(["link", ROBOT, "-L", "L52-L52"])).out).toBe(`${robot()}#L52&h=${hash}\n`);
    expect((await run(["link", ROBOT])).out).toBe(`${robot()}\n`);
  });

  it("prints it as JSON", async () => {
    const { out } = await run(["link", ROBOT, "-L", "52", "-o", "json"]);
    expect(JSON.parse(out)).toEqual({
      url: expect.stringMatching(/#L52&h=[0-9a-f]{8}$/),
      project: "guestbook",
      run: ROBOT,
      metric: "robot",
      attempt: 2,
      container: "robot",
      lines: { first: 52, last: 52 },
      hash: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
    const rate = await run(["link", "prod.01kkh8d8e0whqd86e7e8s2dpwm.23595e9", "-o", "json"]);
    expect(JSON.parse(rate.out)).toMatchObject({
      metric: null,
      attempt: null,
      container: null,
      lines: null,
      hash: null,
    });
  });

  it.each([
    ["of a line that does not exist", [ROBOT, "-L", "100000"], "#L100000", "the log has no such line yet"],
    ["of all containers", [ROBOT, "-L", "1", "-c", "all"], "#L1", "each container has its own line of that number"],
    ["of a log that is lost", ["uat.01kkh8zjc0a9da63t302xyxdhp.447ed5f", "-L", "1"], "#L1", "answered 404"],
  ])("prints the address %s without a hash, and says why", async (_, args, hash, why) => {
    const { code, out, said } = await run(["link", ...args]);
    expect([code, out.slice(out.indexOf("#"))]).toEqual([0, `${hash}\n`]);
    expect(said[0]).toContain("note: the link cannot detect whether line");
    expect(said[0]).toContain(why);
  });

  it.each(["0", "7-3", "a", "1-", "-1", "99999999999"])("refuses %j as lines", async (lines) => {
    expect(await run(["link", ROBOT, "-L", lines])).toMatchObject({ code: 2, out: "" });
  });
});
