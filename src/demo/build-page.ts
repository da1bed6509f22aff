import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PAGE_FOLDER } from "../server/page.ts";

/** The page, as it is built in a checkout. */
export interface PageBuild {
  readonly isBuilding: () => boolean;
  /** Resolves when the build has finished or failed, with an error message if it failed. */
  readonly done: Promise<string | undefined>;
}

const ROOT = new URL("../../", import.meta.url);
/** The sources of the page. */
const SOURCES = ["src/ui/", "src/client/", "gen/", "vite.config.ts", "vite-leaner.ts"];

/**
 * Builds the web page in a process of its own, unless it is up to date with its sources. A published package includes
 * it, and no sources.
 */
export function buildPage(): PageBuild {
  if (!existsSync(new URL("src/ui/main.tsx", ROOT)) || isCurrent()) {
    return { isBuilding: () => false, done: Promise.resolve(undefined) };
  }
  let isBuilding = true;
  const vite = fileURLToPath(new URL("node_modules/vite/bin/vite.js", ROOT));
  const done = new Promise<string | undefined>((resolve) => {
    const child = spawn(process.execPath, [vite, "build", "--logLevel", "error"], {
      cwd: fileURLToPath(ROOT),
      // Set explicitly, because React's own build depends on it.
      env: { ...process.env, NODE_ENV: "production" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let output = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-2_000);
    });
    child.once("error", ({ message }) => resolve(message));
    child.once("close", (code) => resolve(code === 0 ? undefined : output.trim() || `vite ended with ${code}`));
  }).finally(() => {
    isBuilding = false;
  });
  return { isBuilding: () => isBuilding, done };
}

function isCurrent(): boolean {
  const built = timeOf(new URL("index.html", PAGE_FOLDER));
  return SOURCES.every((source) => newest(new URL(source, ROOT)) < built);
}

function newest(path: URL): number {
  if (!path.pathname.endsWith("/")) return timeOf(path);
  const entries = readdirSync(path, { withFileTypes: true });
  return Math.max(
    timeOf(path),
    ...entries.map((each) => newest(new URL(each.name + (each.isDirectory() ? "/" : ""), path))),
  );
}

function timeOf(path: URL): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
