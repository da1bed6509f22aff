import { spawn } from "node:child_process";
import { once } from "node:events";

/** The program that opens an address on a platform, and its arguments before the address. No shell is involved. */
function openerOf(platform: NodeJS.Platform): readonly [program: string, ...before: string[]] {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return ["xdg-open"];
}

/**
 * Opens an address with the system's default browser, and does not wait for it.
 *
 * @throws Error if the system has no program to open it.
 */
export async function openPage(address: string, platform: NodeJS.Platform = process.platform): Promise<void> {
  const [program, ...before] = openerOf(platform);
  const child = spawn(program, [...before, address], { stdio: "ignore", detached: true });
  await once(child, "spawn");
  child.unref();
}
