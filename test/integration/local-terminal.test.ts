import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { search } from "../planted/search.ts";
import { startLocalWorld, tokenOf } from "./local-world.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
/** That of util-linux, which runs a command on a pseudo-terminal and returns its status. */
const SCRIPT = "script";
const hasScript = spawnSync(SCRIPT, ["--version"]).stdout?.includes("util-linux") ?? false;

it.runIf(hasScript)(
  "on a terminal, a credential plugin can ask the user, and what they type reaches it",
  { timeout: 60_000 },
  async () => {
    const world = await startLocalWorld();
    try {
      const apiVersion = "client.authentication.k8s.io/v1";
      const answer = JSON.stringify({ apiVersion, kind: "ExecCredential", status: { token: tokenOf("anna") } });
      const plugin = join(world.folder, "plugin.sh");
      const lines = ["#!/bin/sh", "printf 'PIN: ' >&2", "read pin", '[ "$pin" = 4711 ] || exit 1', `echo '${answer}'`];
      writeFileSync(plugin, lines.join("\n"), { mode: 0o755 });
      const user = { exec: { apiVersion, command: plugin, interactiveMode: "Always" } };
      const env = { ...process.env, ...world.env, TERM: "xterm", KUBECONFIG: world.kubeconfig("anna", { user }) };
      const command = `'${process.execPath}' '${MAIN}' runs --local -o name`;
      const child = spawn(SCRIPT, ["-qfec", command, "/dev/null"], { env, stdio: ["pipe", "pipe", "inherit"] });
      let shown = "";
      let asked = 0;
      child.stdout.on("data", (part: Buffer) => {
        shown += part;
        if (!shown.includes("PIN: ") || asked > 0) return;
        asked += 1;
        child.stdin.write("4711\n");
      });
      const [code] = (await once(child, "close")) as [number];
      search("output", shown);
      expect([code, asked, shown]).toEqual([0, 1, expect.stringContaining("uat.")]);
      // One PIN for the whole command.
      expect(shown.split("PIN: ")).toHaveLength(2);
    } finally {
      await world.close();
    }
  },
);
