import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";
import { SHELLS } from "./completion-scripts.ts";

const ROBOT = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";
let gateway: DemoGateway;
beforeAll(async () => {
  gateway = await startDemoGateway();
});
afterAll(() => gateway.close());

const complete = async (words: readonly string[], token = "demo-viewer", timer = () => () => {}) => {
  const env = { TAFFRAIL_TOKEN: token, TAFFRAIL_SERVER: gateway.url };
  const { code, out, said } = await runInProcess(["complete", "--", ...words], { env, timer });
  expect([code, said]).toEqual([0, []]);
  return out.split("\n").slice(0, -1);
};

describe("candidates", () => {
  it("for the first word are commands", async () => {
    expect(await complete(["l"])).toEqual(["logs", "link", "login", "logout"]);
    expect(await complete([""])).toEqual(expect.arrayContaining(["logs", "runs", "why", "completion"]));
    expect(await complete([""])).not.toContain("complete");
    expect(await complete(["nothing", ""])).toEqual([]);
  });

  it("are flags, and a flag's values", async () => {
    expect(await complete(["runs", "--f"])).toEqual(["--failed", "--freight"]);
    expect(await complete(["runs", "-o", ""])).toEqual(["table", "json", "name"]);
    expect(await complete(["completion", "f"])).toEqual(["fish"]);
  });

  it("are the server's projects, runs, Stages, metrics, attempts and containers", async () => {
    const here = ["-n", "guestbook"];
    expect(await complete(["logs", "-n", ""])).toEqual(["guestbook"]);
    expect(await complete(["logs", ...here, "@"])).toEqual(["@failed", "@latest"]);
    expect(await complete(["why", ...here, "uat.01kkh64"])).toEqual([ROBOT]);
    expect(await complete(["runs", ...here, "--stage", "ua"])).toEqual(["uat"]);
    expect(await complete(["logs", ROBOT, ...here, "-m", ""])).toEqual(["robot"]);
    expect(await complete(["logs", ROBOT, "--project=guestbook", "-c", "rob"])).toEqual(["robot"]);
    expect(await complete(["open", ROBOT, ...here, "-m", "robot", "-a", ""])).toEqual(["1", "2", "last"]);
  });

  it("are none if the server refuses, is down, or takes longer than a second", async () => {
    expect(await complete(["logs", "-n", "guestbook", ""], "demo-outsider")).toEqual([]);
    expect(await complete(["logs", "-n", "guestbook", "--server", "http://127.0.0.1:1", ""])).toEqual([]);
    const asked: number[] = [];
    const atOnce = (ms: number, fire: () => void) => {
      asked.push(ms);
      fire();
      return () => {};
    };
    const env = { TAFFRAIL_TOKEN: "demo-viewer", TAFFRAIL_SERVER: gateway.url };
    const { out } = await runInProcess(["complete", "--", "logs", "-n", "guestbook", ""], { env, timer: atOnce });
    expect([out, asked]).toEqual(["", [1_000]]);
  });
});

describe("taffrail completion", () => {
  it.each(SHELLS)("prints a script for %s that calls the program", async (shell) => {
    const { code, out } = await runInProcess(["completion", shell]);
    expect(code).toBe(0);
    expect(out).toContain("taffrail complete -- ");
  });

  it("refuses other shells", async () => {
    expect(await runInProcess(["completion", "csh"])).toMatchObject({ code: 2, out: "" });
  });

  it("makes bash complete words and quote names", async () => {
    const folder = mkdtempSync(join(tmpdir(), "taffrail-completion-"));
    const { out } = await runInProcess(["completion", "bash"]);
    writeFileSync(join(folder, "script"), out);
    const fake = "#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$ASKED\"\nprintf '%s\\n' '@failed' '$(touch owned)' 'a b'\n";
    writeFileSync(join(folder, "taffrail"), fake, { mode: 0o755 });
    const bash = (line: string) =>
      execFileSync(
        "bash",
        [
          "--norc",
          "-c",
          `. ./script; COMP_LINE=$1 COMP_POINT=\${#1}; _taffrail; printf '%s\\n' "\${COMPREPLY[@]}"`,
          "bash",
          line,
        ],
        {
          cwd: folder,
          env: { PATH: `${folder}${delimiter}${process.env.PATH}`, ASKED: join(folder, "asked") },
          encoding: "utf8",
        },
      );
    try {
      expect(bash("taffrail logs -n shop ")).toBe("@failed\n\\$\\(touch\\ owned\\)\na\\ b\n");
      expect(bash("taffrail logs @f").split("\n")[0]).toBe("failed");
      expect(execFileSync("cat", ["asked"], { cwd: folder, encoding: "utf8" })).toBe(
        "complete -- logs -n shop \ncomplete -- logs @f\n",
      );
      expect(execFileSync("ls", { cwd: folder, encoding: "utf8" })).not.toContain("owned");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
