import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../../test/fakes/cli.ts";
import { type DemoGateway, startDemoGateway } from "../../test/fakes/demo-gateway.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
/** A run with a log of 200 MB. */
const LARGE = "perf.01kkha46801gmbjhs2nxjbjdmq.00d90e5";
/** The time for a process to start on a busy machine. */
const SLOW = 30_000;

let gateway: DemoGateway;
let folder: string;
beforeAll(async () => {
  gateway = await startDemoGateway();
  folder = mkdtempSync(join(tmpdir(), "taffrail-process-"));
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

function start(args: readonly string[]): ChildProcess {
  const env = {
    PATH: process.env.PATH,
    XDG_CONFIG_HOME: folder,
    TAFFRAIL_SERVER: gateway.url,
    TAFFRAIL_TOKEN: "demo-viewer",
    TAFFRAIL_PROJECT: "guestbook",
  };
  return spawn(process.execPath, [MAIN, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
}

const endOf = async (child: ChildProcess): Promise<number | null> => {
  const [code] = (await once(child, "exit")) as [number | null];
  return code;
};

describe("as a process", () => {
  it("exits quietly with status 141 when its reader closes the pipe", { timeout: SLOW }, async () => {
    const child = start(["logs", LARGE]);
    let said = "";
    child.stderr?.on("data", (part: Buffer) => {
      said += part;
    });
    const ended = endOf(child);
    await once(child.stdout as NodeJS.EventEmitter, "data");
    child.stdout?.destroy();
    expect(await ended).toBe(141);
    expect(said).toMatch(/^showing run=[^\n]*\n$/);
  });

  it("exits with status 130 when interrupted", { timeout: SLOW }, async () => {
    const child = start(["logs", LARGE]);
    const ended = endOf(child);
    await once(child.stdout as NodeJS.EventEmitter, "data");
    child.kill("SIGINT");
    child.stdout?.resume();
    expect(await ended).toBe(130);
  });

  it("runs the demo: writes a context that only its owner can read, serves logs, stops on SIGTERM", {
    timeout: SLOW,
  }, async () => {
    const child = start(["demo", "--port", "0"]);
    const ended = endOf(child);
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
    expect((await lines.next()).value).toMatch(
      /^Taffrail demo on http:\/\/127\.0\.0\.1:\d+\. Press Ctrl-C to stop it\.$/,
    );
    expect((statSync(join(folder, "taffrail", "config.yaml")).mode & 0o777).toString(8)).toBe("600");
    const env = { XDG_CONFIG_HOME: folder };
    const { code, out } = await runInProcess(["logs", "@failed", "--context", "demo"], { env });
    expect(code).toBe(0);
    expect(out).toContain("guestbook");
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
  });
});
