import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ListAnalysisRunsRequestSchema } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { type CliResult, runInProcess } from "../../test/fakes/cli.ts";
import { writeContext } from "./context-file.ts";

/** A server that answers 404 to everything and records who asked about what. */
interface Recorder {
  readonly url: string;
  readonly calls: { readonly authorization: string | undefined; readonly project: string; readonly path: string }[];
  readonly server: Server;
}

async function startRecorder(): Promise<Recorder> {
  const calls: Recorder["calls"] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const { namespace } = fromBinary(ListAnalysisRunsRequestSchema, Buffer.concat(parts));
    calls.push({ authorization: request.headers.authorization, project: namespace, path: request.url ?? "" });
    response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls, server };
}

let one: Recorder;
let two: Recorder;
let folder: string;
beforeAll(async () => {
  one = await startRecorder();
  two = await startRecorder();
});
afterAll(() => {
  one.server.close();
  two.server.close();
});
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "taffrail-cli-"));
  await writeContext({ XDG_CONFIG_HOME: folder }, "one", { server: one.url, token: "token-of-one", project: "shop" });
  await writeContext({ XDG_CONFIG_HOME: folder }, "two", { server: two.url, token: "token-of-two", project: "bank" });
  one.calls.length = 0;
  two.calls.length = 0;
});
afterEach(() => rmSync(folder, { recursive: true }));

const runs = (args: readonly string[], env: Record<string, string> = {}): Promise<CliResult> =>
  runInProcess(["runs", ...args], { env: { XDG_CONFIG_HOME: folder, ...env } });
const calls = () => ({ one: one.calls.map(short), two: two.calls.map(short) });
const short = ({ authorization = "nobody", project }: Recorder["calls"][number]): string =>
  `${authorization.replace("Bearer ", "")} about ${project}`;

describe("server, token and project", () => {
  it("come from the current context", async () => {
    await runs([]);
    expect(calls()).toEqual({ one: ["token-of-one about shop"], two: [] });
  });

  it("come from a named context, by flag before environment", async () => {
    await runs(["--context", "two"]);
    await runs([], { TAFFRAIL_CONTEXT: "two" });
    await runs(["--context", "one"], { TAFFRAIL_CONTEXT: "two" });
    await runs([], { TAFFRAIL_CONTEXT: "" });
    expect(calls()).toEqual({
      one: ["token-of-one about shop", "token-of-one about shop"],
      two: ["token-of-two about bank", "token-of-two about bank"],
    });
  });

  it("the project is taken from the flag, then the environment, then the context", async () => {
    await runs(["-n", "a"], { TAFFRAIL_PROJECT: "b" });
    await runs(["-p", "a"], { TAFFRAIL_PROJECT: "b" });
    await runs(["-n", "a", "-p", "c"]);
    await runs([], { TAFFRAIL_PROJECT: "b" });
    await runs([], { TAFFRAIL_PROJECT: "" });
    expect(one.calls.map(({ project }) => project)).toEqual(["a", "a", "a", "b", "shop"]);
  });

  it("the token is taken from the flag, then the environment, then the context", async () => {
    const file = join(folder, "token");
    const other = join(folder, "other");
    writeFileSync(file, "of-the-flag\n");
    writeFileSync(other, "of-a-variable's-file");
    const env = { TAFFRAIL_TOKEN: "of-the-variable", TAFFRAIL_TOKEN_FILE: other };
    await runs(["--token-file", file], env);
    await runs([], env);
    await runs([], { TAFFRAIL_TOKEN_FILE: other });
    await runs([], { TAFFRAIL_TOKEN: "", TAFFRAIL_TOKEN_FILE: "" });
    expect(one.calls.map(({ authorization }) => authorization)).toEqual([
      "Bearer of-the-flag",
      "Bearer of-the-variable",
      "Bearer of-a-variable's-file",
      "Bearer token-of-one",
    ]);
  });

  it("the token may be in a file that the context names", async () => {
    const file = join(folder, "token");
    writeFileSync(file, "of-the-context's-file\n");
    await writeContext({ XDG_CONFIG_HOME: folder }, "one", { server: one.url, tokenFile: file, project: "shop" });
    await runs([]);
    expect(calls().one).toEqual(["of-the-context's-file about shop"]);
  });

  it("the server is taken from the flag, then the environment; it gets the token of its own context alone", async () => {
    await runs(["--server", two.url]);
    await runs([], { TAFFRAIL_SERVER: two.url });
    await runs(["--server", two.url], { TAFFRAIL_SERVER: one.url });
    await runs(["--server", `${one.url}/other/base`]);
    expect(calls()).toEqual({
      one: ["nobody about shop"],
      two: ["token-of-two about bank", "token-of-two about bank", "token-of-two about bank"],
    });
  });

  it("the server gets the token of that of its contexts by which somebody is signed in", async () => {
    await writeContext({ XDG_CONFIG_HOME: folder }, "three", { server: `${two.url}/x`, project: "none" });
    await writeContext({ XDG_CONFIG_HOME: folder }, "zfour", {
      server: `${two.url}/x`,
      token: "token-of-four",
      project: "four",
    });
    // A context that is not valid is of no consequence for the others.
    await writeContext({ XDG_CONFIG_HOME: folder }, "bad", { server: "https://u:p@x" });
    await runs(["--server", `${two.url}/x`]);
    expect(calls().two).toEqual(["token-of-four about four"]);
    await runs(["--server", `${two.url}/x`, "--context", "three"]);
    expect(calls().two.at(-1)).toBe("nobody about none");
  });

  it("the context's own server gets its token even if it is given by flag", async () => {
    await runs(["--server", one.url]);
    expect(calls().one).toEqual(["token-of-one about shop"]);
  });

  it("the server may have a base path, with or without a scheme and a trailing slash", async () => {
    await runs(["--server", `${one.url}/base/`]);
    await runs(["--server", one.url.replace("http://", "")]);
    expect(one.calls.map(({ path }) => path)).toEqual([
      "/base/taffrail.v1.AnalysisRunLogService/ListAnalysisRuns",
      "/taffrail.v1.AnalysisRunLogService/ListAnalysisRuns",
    ]);
  });
});

describe("a missing or invalid setting", () => {
  it.each<[string, string[], Record<string, string>, string[]]>([
    [
      "no server",
      ["-n", "shop"],
      { XDG_CONFIG_HOME: "/nowhere" },
      [
        "error: no server given",
        "    try     taffrail login https://taffrail.example.com",
        "--server https://taffrail.example.com, or TAFFRAIL_SERVER",
        "--local, which reads with your kubeconfig and needs no server",
      ],
    ],
    [
      "no project",
      ["--server", "http://127.0.0.1:1"],
      { XDG_CONFIG_HOME: "/nowhere" },
      ["error: no project given", "    try     -n PROJECT; taffrail whoami lists those that you may read"],
    ],
    ["no such context", ["--context", "three"], {}, ['error: there is no context "three"', "    known: one, two"]],
    [
      "a context that every object has",
      ["--context", "constructor"],
      {},
      ['error: there is no context "constructor"', "    known: one, two"],
    ],
    [
      "no address",
      ["--server", "http://"],
      {},
      ["error: invalid server address", "    try     --server https://taffrail.example.com"],
    ],
    [
      "an address with a password",
      ["--server", "http://me:s3cret@127.0.0.1:1"],
      {},
      ["error: invalid server address", "    try     --server https://taffrail.example.com"],
    ],
    [
      "no token file",
      ["--token-file", "/nowhere/token"],
      {},
      ["error: cannot read the token file /nowhere/token (ENOENT)"],
    ],
    [
      "a token of two lines",
      [],
      { TAFFRAIL_TOKEN: "s3cret\nother" },
      ["error: the token in TAFFRAIL_TOKEN contains spaces or other characters that a header cannot hold"],
    ],
    [
      "a token that is no ASCII",
      [],
      { TAFFRAIL_TOKEN: "s3crét" },
      ["error: the token in TAFFRAIL_TOKEN contains spaces or other characters that a header cannot hold"],
    ],
    ["a token of spaces", [], { TAFFRAIL_TOKEN: "  " }, ["error: the token in TAFFRAIL_TOKEN is empty"]],
  ])("is reported with status 2, without a call: %s", async (_, args, env, lines) => {
    const { code, out, said } = await runs(args, env);
    expect(code).toBe(2);
    expect(out).toBe("");
    expect(said.map((line) => line.trim())).toEqual(lines.map((line) => line.trim()));
    expect(said.join()).not.toContain("s3cr");
    expect(calls()).toEqual({ one: [], two: [] });
  });

  it("is not a token file that can be read only once, such as a pipe", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("sh", ["-c", `mkfifo '${pipe}'`]);
    // Another process, since this one is blocked while it reads.
    const written = once(spawn("sh", ["-c", `echo of-the-pipe > '${pipe}'`]), "close");
    await runs(["--token-file", pipe]);
    await written;
    expect(calls().one).toEqual(["of-the-pipe about shop"]);
  });

  it("may be an empty token file", async () => {
    writeFileSync(join(folder, "token"), "\n");
    const { code, said } = await runs(["--token-file", join(folder, "token")]);
    expect([code, said]).toEqual([2, [`error: the token in the file ${join(folder, "token")} is empty`]]);
  });
});
