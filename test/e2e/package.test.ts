import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildViewer } from "../../build-viewer.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";

const TSC = resolve("node_modules/typescript/bin/tsc");
const VITE = resolve("node_modules/vite/bin/vite.js");
const TYPES: Readonly<Record<string, string>> = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };

/** The page of a user of the package. Its client is not ours: the viewer needs only the method. */
const MAIN = `
import { useState } from "react";
import { createRoot } from "react-dom/client";
import type { LogEvent, TaffrailClient } from "taffrail";
import { CompareViewer, DEFAULT_VIEW, type LineRange, LogViewer, type LogViewerProps, VIEWER_TEXT } from "taffrail/viewer";
import "taffrail/viewer.css";
import "taffrail/viewer-theme.css";

const client: Pick<TaffrailClient, "getAnalysisRunLogs"> = {
  async *getAnalysisRunLogs(request, options): AsyncGenerator<LogEvent> {
    options?.onState?.({ kind: "streaming" });
    const bytes = new TextEncoder().encode("one\\nERROR two\\nthree of " + request.name + "\\n");
    yield { kind: "chunk", bytes, firstLine: 1, runs: [], containerName: "", attempt: 0, offset: 0, cursor: "" };
    options?.onState?.({ kind: "ended" });
  },
};
const requests = ["first", "second"].map((name) => ({ namespace: "shop", name }));
const logs = requests.map((request) => ({ title: request.name, request }));

function App() {
  const [view, onView] = useState(DEFAULT_VIEW);
  const [lines, onLines] = useState<LineRange | undefined>();
  const shared = { client, view, onView, lines, onLines, text: VIEWER_TEXT } satisfies Partial<LogViewerProps>;
  if (location.hash === "#compare") return <CompareViewer {...shared} left={logs[0]!} right={logs[1]!} onClose={() => {}} />;
  return <LogViewer {...shared} request={requests[0]!} follow={false} />;
}
createRoot(document.getElementById("app")!).render(<App />);
`;

describe.skipIf(chromiumPath() === undefined)("the viewer as a package", () => {
  let app: string;
  let files: string[];
  beforeAll(async () => {
    mkdirSync("dist", { recursive: true });
    app = resolve(mkdtempSync("dist/package-test-"));
    const packed = join(app, "packed");
    await buildViewer(join(packed, "dist/viewer"));
    for (const project of ["tsconfig.build.json", "tsconfig.viewer.json"])
      execFileSync(process.execPath, [TSC, "-p", project, "--outDir", join(packed, "dist")]);
    copyFileSync("package.json", join(packed, "package.json"));
    const output = execFileSync("npm", ["pack", "--ignore-scripts", "--json"], { cwd: packed, encoding: "utf8" });
    const [{ filename, files: listed }] = JSON.parse(output);
    files = listed.map(({ path }: { readonly path: string }) => path);
    const installed = join(app, "node_modules/taffrail");
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", join(packed, filename), "-C", installed, "--strip-components=1"]);
    writeFileSync(join(app, "package.json"), JSON.stringify({ name: "somebodys-page", type: "module" }));
    writeFileSync(join(app, "main.tsx"), MAIN);
    writeFileSync(
      join(app, "index.html"),
      '<!doctype html><html lang="en"><title>A page</title><link rel="stylesheet" href="./page.css"><div id="app"></div><script type="module" src="./main.tsx"></script>',
    );
    writeFileSync(join(app, "page.css"), "html, body, #app { height: 100%; margin: 0 }");
  });
  afterAll(() => {
    if (app !== undefined) rmSync(app, { recursive: true, force: true });
  });

  it("contains what its exports name", () => {
    const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
    const named = ["./viewer", "./viewer.css", "./viewer-theme.css"].flatMap((name) =>
      typeof exports[name] === "string" ? [exports[name]] : Object.values<string>(exports[name]),
    );
    expect(named.length).toBe(4);
    for (const file of named) expect(files).toContain(file.slice(2));
  });

  it("uses only variables that its theme defines", () => {
    const css = (name: string): string => readFileSync(join(app, "node_modules/taffrail/dist/viewer", name), "utf8");
    const wanted = css("index.css").matchAll(/var\((--[a-z-]+)\)/g);
    // Those of an ANSI colour are set on the element that has it.
    const missing = [...wanted].map(([, name]) => name ?? "").filter((name) => !/^--(?:text|ground)-/.test(name));
    for (const name of new Set(missing)) expect(css("theme.css")).toContain(`${name}:`);
  });

  it.each(["bundler", "nodenext"])("has types that %s resolution finds", (resolution) => {
    const options = {
      module: resolution === "bundler" ? "esnext" : "nodenext",
      moduleResolution: resolution,
      ...{
        target: "es2024",
        lib: ["es2024", "dom", "dom.iterable", "esnext.disposable"],
        jsx: "react-jsx",
        strict: true,
      },
      ...{ noEmit: true, types: ["vite/client"], exactOptionalPropertyTypes: true },
    };
    writeFileSync(join(app, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["main.tsx"] }));
    const run = (): string => {
      try {
        return execFileSync(process.execPath, [TSC, "-p", app], { encoding: "utf8" });
      } catch (error) {
        return String((error as { readonly stdout: string }).stdout);
      }
    };
    expect(run()).toBe("");
    // A check of the check: missing exports are errors.
    writeFileSync(join(app, "main.tsx"), MAIN.replace("follow={false}", "fallow={false}"));
    expect(run()).toContain("fallow");
    writeFileSync(join(app, "main.tsx"), MAIN);
  });

  it("shows logs in a page built by Vite, with its workers, under a policy that allows only files", async () => {
    execFileSync(process.execPath, [VITE, "build", "--logLevel", "error"], { cwd: app });
    const server = createServer((request, response) => {
      const { pathname } = new URL(request.url ?? "/", "http://page");
      try {
        const body = readFileSync(join(app, "dist", pathname === "/" ? "index.html" : pathname));
        response.setHeader("content-type", TYPES[extname(pathname)] ?? "text/html");
        response.setHeader(
          "content-security-policy",
          "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'",
        );
        response.end(body);
      } catch {
        response.writeHead(pathname === "/favicon.ico" ? 204 : 404).end();
      }
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const browser = await launchChromium();
    const complaints: string[] = [];
    try {
      for (const [hash, words] of [
        ["", "three of first"],
        ["#compare", "three of second"],
      ] as const) {
        const page = await browser.newPage();
        page.on("pageerror", (error) => complaints.push(error.message));
        page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
        await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${hash}`);
        await page.getByText(words).waitFor();
        const row = await page.locator("[data-line]").first().boundingBox();
        expect(row?.height).toBe(20);
        await page.close();
      }
    } finally {
      await browser.close();
      server.close();
    }
    expect(complaints).toEqual([]);
  });
});
