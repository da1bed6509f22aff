import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { runCommand } from "../run-command.ts";
import type { GoProgram } from "./table.ts";

const downloaded = z.object({ GoMod: z.string() });
const goMod = z.object({
  Replace: z
    .array(
      z.object({
        Old: z.object({ Path: z.string(), Version: z.string().optional() }),
        New: z.object({ Path: z.string(), Version: z.string().optional() }),
      }),
    )
    .nullish(),
});

/**
 * Builds a Go program into `folder/<name>`. The folder appears complete or not at all, so an interrupted build leaves
 * nothing that looks like a program. Needs `go` on PATH. Throws with the compiler's output if it fails.
 */
export async function buildGoProgram(program: GoProgram, folder: string): Promise<void> {
  const work = await mkdtemp(`${folder}.build-`);
  try {
    const finished = join(work, "finished");
    await writeGoMod(program, work);
    const variables = Object.entries(program.variables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
    const flags = ["-mod=mod", "-trimpath", `-ldflags=-s -w ${variables.join(" ")}`];
    await runCommand("go", ["build", ...flags, "-o", join(finished, program.name), program.package], {
      cwd: work,
      ...(program.cgo === false && { env: { CGO_ENABLED: "0" } }),
    });
    await rename(finished, folder).catch((error: NodeJS.ErrnoException) => {
      // Another process has built the same version in the meantime: use that.
      if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/**
 * Writes a go.mod of our own. Go applies `replace` directives of the main module only, so it repeats those of the
 * program's module.
 */
async function writeGoMod(program: GoProgram, work: string): Promise<void> {
  const { GoMod } = downloaded.parse(
    JSON.parse(
      await runCommand("go", ["mod", "download", "-json", `${program.module}@${program.version}`], { cwd: work }),
    ),
  );
  const { Replace } = goMod.parse(JSON.parse(await runCommand("go", ["mod", "edit", "-json", GoMod])));
  const replacements = (Replace ?? []).flatMap(({ Old, New }) => {
    const old = Old.Version === undefined ? Old.Path : `${Old.Path} ${Old.Version}`;
    if (New.Version !== undefined) return [`replace ${old} => ${New.Path} ${New.Version}`];
    return program.replacedFolders === undefined ? [] : [`replace ${old} => ${Old.Path} ${program.replacedFolders}`];
  });
  const requirements = Object.entries({ [program.module]: program.version, ...program.requires }).map(
    ([module, version]) => `require ${module} ${version}`,
  );
  const lines = ["module taffrail.test/build", ...requirements, ...replacements, ""];
  await writeFile(join(work, "go.mod"), lines.join("\n"));
}
