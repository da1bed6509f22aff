import { spawn } from "node:child_process";
import { once } from "node:events";

/** The program by which a platform opens an address, and what stands before the address. No shell sees it. */
function openerOf(platform: NodeJS.Platform): readonly [program: string, ...before: string[]] {
  if (platform === "darwin") return ["open"];
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  return ["xdg-open"];
}

/**
 * Opens an address as the person's system does, and does not wait for the browser.
 *
 * @throws Error where the system has no program for it.
 */
export async function openPage(address: string, platform: NodeJS.Platform = process.platform): Promise<void> {
  const [program, ...before] = openerOf(platform);
  const child = spawn(program, [...before, address], { stdio: "ignore", detached: true });
  await once(child, "spawn");
  child.unref();
}
