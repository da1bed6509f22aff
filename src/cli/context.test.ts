import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CliResult, runInProcess } from "../../test/fakes/cli.ts";
import { contextFilePath } from "./context-file.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "taffrail-context-"));
  path = contextFilePath({ XDG_CONFIG_HOME: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

const context = (...args: readonly string[]): Promise<CliResult> =>
  runInProcess(["context", ...args], { env: { XDG_CONFIG_HOME: folder } });
const put = (text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};
const text = (): string => readFileSync(path, "utf8");

const MINE = `# My servers. Ask Ada before changing them.
current: prod
contexts:
  # behind the VPN
  prod:
    server: https://taffrail.example.com # since May
    tokenFile: /run/token
    project: guestbook
  demo: { server: http://127.0.0.1:8080, token: demo-viewer }
`;

describe("taffrail context", () => {
  it("lists contexts with a star at the current one, and never a token", async () => {
    put(MINE);
    const lines = [
      "   NAME  SERVER                        PROJECT",
      "*  prod  https://taffrail.example.com  guestbook",
      "   demo  http://127.0.0.1:8080         -",
    ];
    for (const args of [[], ["list"]])
      expect(await context(...args)).toEqual({ code: 0, out: `${lines.join("\n")}\n`, said: [] });
    expect((await context("list", "-o", "name")).out).toBe("prod\ndemo\n");
    const { out } = await context("list", "-o", "json");
    expect(JSON.parse(out)).toEqual([
      {
        name: "prod",
        current: true,
        server: "https://taffrail.example.com",
        tokenFile: "/run/token",
        project: "guestbook",
      },
      { name: "demo", current: false, server: "http://127.0.0.1:8080" },
    ]);
  });

  it("prints the current one, or says that there is none", async () => {
    expect(await context("current")).toEqual({
      code: 2,
      out: "",
      said: ["error: there is no current context", "  try     taffrail context use NAME"],
    });
    put(MINE);
    expect((await context("current")).out).toBe("prod\n");
  });

  it("changes the current one, and nothing else of the file", async () => {
    put(MINE);
    expect(await context("use", "demo")).toEqual({ code: 0, out: "", said: ['the current context is now "demo"'] });
    expect(text()).toBe(MINE.replace("current: prod", "current: demo"));
    expect(await context("use", "gone")).toEqual({
      code: 2,
      out: "",
      said: ['error: there is no context "gone"', "  known: prod, demo"],
    });
  });

  it("changes only the given settings, and keeps the user's comments and order", async () => {
    put(MINE);
    await context("set", "prod", "--project", "shop");
    expect(text()).toBe(MINE.replace("guestbook", "shop"));
    await context("set", "prod", "--project", "");
    expect(text()).toBe(MINE.replace("    project: guestbook\n", ""));
    await context("set", "new", "--server", "localhost:1", "--token-file", "/run/other", "--use");
    expect(text()).toContain("# My servers. Ask Ada before changing them.\ncurrent: new\n");
    expect(text()).toContain("# behind the VPN");
    expect(text()).toContain("  new:\n    server: http://localhost:1\n    tokenFile: /run/other\n");
    expect((statSync(path).mode & 0o777).toString(8)).toBe("600");
  });

  it("does not keep a server's token for another server", async () => {
    put(MINE);
    await context("set", "demo", "--server", "https://other.example.com");
    expect(text()).not.toContain("demo-viewer");
    put(MINE);
    await context("set", "demo", "--server", "http://127.0.0.1:8080/", "-p", "shop");
    expect(text()).toContain("demo-viewer");
    await context("set", "prod", "--local", "--config-map", "taffrail/sources", "--kube-context", "east");
    expect(text()).not.toContain("/run/token");
    expect((await context()).out).toContain("local (kube context east, ConfigMap taffrail/sources)");
  });

  it.each([
    [[], "a context needs --server URL or --local"],
    [["--local", "--server", "https://a.example"], "a context has either --server or --local"],
    [["--local", "--token-file", "/x"], "--local takes no token: the kubeconfig says who you are"],
    [
      ["--server", "https://a.example", "--config", "x"],
      "--kubeconfig, --config and --config-map are only for --local",
    ],
    [["--local", "--config", "x", "--config-map", "a/b"], "use either --config or --config-map"],
    [["--local", "--config-map", "b"], "--config-map must be NAMESPACE/NAME"],
    [["--server", "http://"], "invalid server address"],
  ])("refuses to set %j", async (flags, message) => {
    const { code, said } = await context("set", "x", ...flags);
    expect([code, said[0]]).toEqual([2, `error: ${message}`]);
  });

  it("writes through a symbolic link, as dotfiles are kept", async () => {
    const real = join(folder, "dotfiles.yaml");
    writeFileSync(real, MINE);
    mkdirSync(dirname(path));
    symlinkSync(real, path);
    await context("use", "demo");
    expect(readFileSync(real, "utf8")).toContain("current: demo");
  });

  it("starts with an empty file, or one without contexts", async () => {
    for (const start of ["", "# nothing yet\n", "contexts:\n", "current: gone\ncontexts: {}\n"]) {
      put(start);
      expect(await context("set", "a", "--server", "https://a.example")).toMatchObject({ code: 0 });
      expect((await context("list", "-o", "name")).out).toBe("a\n");
      if (start.startsWith("#")) expect(text()).toContain("# nothing yet");
    }
  });

  it("is completed: commands, and the names of contexts", async () => {
    put(MINE);
    const complete = async (...words: readonly string[]) =>
      (await runInProcess(["complete", "--", ...words], { env: { XDG_CONFIG_HOME: folder } })).out.split("\n");
    expect(await complete("context", "")).toEqual(expect.arrayContaining(["list", "use", "set", "current"]));
    expect(await complete("context", "use", "")).toEqual(["prod", "demo", ""]);
    expect(await complete("context", "set", "prod", "--ser")).toEqual(["--server", ""]);
  });
});
