import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";

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
  it("prints the address of what is chosen, and opens it where there is a browser", async () => {
    const opened: string[] = [];
    const address = page("/m/robot/a/2/c/robot");
    expect(await run(["open", ROBOT], (each) => opened.push(each))).toMatchObject({ code: 0, out: `${address}\n` });
    expect(opened).toEqual([address]);
    expect(await run(["open", "@failed"])).toMatchObject({ code: 0, out: `${address}\n` });
  });

  it("takes what is named, and says what there is where it is not there", async () => {
    expect((await run(["open", ROBOT, "-a", "1", "-c", "all"])).out).toBe(`${page("/m/robot/a/1/c/all")}\n`);
    expect((await run(["open", ROBOT, "-a", "last"])).out).toBe(`${page("/m/robot/a/2/c/robot")}\n`);
    for (const [flag, value, said] of [
      ["-m", "none", 'error: there is no metric with a log "none"'],
      ["-a", "9", 'error: there is no attempt "9"'],
      ["-c", "none", 'error: there is no container "none"'],
    ] as const) {
      const wrong = await run(["open", ROBOT, flag, value]);
      expect([wrong.code, wrong.out, wrong.said[0]]).toEqual([3, "", said]);
      expect(wrong.said[1]).toMatch(/^ {2}there are: \w/);
    }
  });
});

describe("taffrail link", () => {
  it.each([
    ["120", "#L120"],
    ["120-140", "#L120-L140"],
    ["L7-L7", "#L7"],
  ])("prints the address of lines %s", async (lines, hash) => {
    expect(await run(["link", ROBOT, "-L", lines])).toMatchObject({
      code: 0,
      out: `${page("/m/robot/a/2/c/robot")}${hash}\n`,
    });
  });

  it.each(["0", "7-3", "a", "1-", "-1"])("takes %j for no lines", async (lines) => {
    expect(await run(["link", ROBOT, "-L", lines])).toMatchObject({ code: 2, out: "" });
  });
});
