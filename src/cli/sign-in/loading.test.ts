import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
/** Reports what is imported of the packages that only signing in needs. */
const REPORT = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (/openid-client|client-node/.test(specifier)) console.error("LOADED", specifier);
    return next(specifier, context);
  },
});
`)}`;

it.each([["runs"], ["whoami"], ["login", "--help"]])(
  "%s does not load what only signing in needs",
  {
    timeout: 60_000,
  },
  async (...args) => {
    const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: "/nowhere" };
    const child = spawn(process.execPath, ["--import", REPORT, MAIN, ...args], {
      env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (part: Buffer) => {
      said += part;
    });
    const [code] = (await once(child, "close")) as [number];
    expect(said).not.toContain("LOADED");
    expect(code).toBe(args.includes("--help") ? 0 : 2);
  },
);
