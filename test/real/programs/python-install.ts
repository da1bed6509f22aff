import { mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "../run-command.ts";
import type { PythonProgram } from "./table.ts";

/**
 * Installs a Python program into a virtual environment, so that it is `folder/bin/<name>`. Needs `python3` on PATH.
 * Throws with pip's output if it fails.
 */
export async function installPythonProgram(program: PythonProgram, folder: string): Promise<void> {
  // The scripts of an environment name its own path, so it cannot be moved into place: a folder that an interrupted
  // installation has left is moved away instead.
  const old = await mkdtemp(`${folder}.old-`);
  try {
    await rename(folder, join(old, "environment")).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
    await runCommand("python3", ["-m", "venv", folder]);
    const pip = join(folder, "bin", "pip");
    await runCommand(pip, [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      `${program.package}==${program.version}`,
    ]);
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}
