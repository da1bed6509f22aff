// Makes dist/ for publishing: the web page, the program in one bundle (Node does not strip types inside node_modules), the client library and the log viewer with their declarations.
import { execFileSync } from "node:child_process";
import { cpSync, rmSync } from "node:fs";
import { buildProgram } from "./build-program.ts";
import { buildViewer } from "./build-viewer.ts";

rmSync("dist", { recursive: true, force: true });

await buildProgram("dist");
// The demo's files are read from beside the code that reads them.
for (const name of ["cluster.yaml", "config.yaml", "logs", "reports"])
  cpSync(`src/demo/${name}`, `dist/${name}`, { recursive: true });

await buildViewer("dist/viewer");
for (const project of ["tsconfig.build.json", "tsconfig.viewer.json"])
  execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", project], { stdio: "inherit" });
execFileSync(process.execPath, ["node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"], { stdio: "inherit" });
