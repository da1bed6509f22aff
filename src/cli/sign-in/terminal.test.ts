import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startSignInWorld } from "../../../test/fakes/sign-in-world.ts";
import { search } from "../../../test/planted/search.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
/** That of util-linux, which runs a command on a pseudo-terminal and returns its status. */
const SCRIPT = "script";
const hasScript = spawnSync(SCRIPT, ["--version"]).stdout?.includes("util-linux") ?? false;

it.runIf(hasScript)(
  "on a terminal, login --device shows that it waits, and clears that when it ends",
  {
    timeout: 60_000,
  },
  async () => {
    const world = await startSignInWorld();
    try {
      // The provider names no interval, and its default would make this test wait for five seconds.
      world.provider.intercept((request, response) => {
        if (request.url !== "/device/auth") return "passed";
        response.removeHeader("content-length");
        const setHeader = response.setHeader.bind(response);
        response.setHeader = (name, value) =>
          name.toLowerCase() === "content-length" ? response : setHeader(name, value);
        const end = response.end.bind(response) as (body: string) => typeof response;
        response.end = ((body: unknown) =>
          end(JSON.stringify({ ...JSON.parse(String(body)), interval: 1 }))) as typeof response.end;
        return "passed";
      });
      const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: world.folder, TERM: "xterm" };
      const command = `'${process.execPath}' '${MAIN}' login ${world.url} --device`;
      const child = spawn(SCRIPT, ["-qfec", command, "/dev/null"], { env, stdio: ["ignore", "pipe", "ignore"] });
      let shown = "";
      let visited: Promise<string> | undefined;
      child.stdout.on("data", (part: Buffer) => {
        shown += part;
        const link = /or {4}(\S+)\s/.exec(shown)?.[1];
        if (link !== undefined) visited ??= world.provider.browse(link, "reader");
      });
      const [code] = (await once(child, "close")) as [number];
      await visited;
      world.signIns();
      search("output", shown);
      expect([code, shown]).toEqual([0, expect.stringContaining("\rwaiting for the sign-in\x1b[K")]);
      expect(shown).toContain(`\r\x1b[Ksigned in to ${world.url} as reader@example.com by context "`);
    } finally {
      await world.close();
    }
  },
);
