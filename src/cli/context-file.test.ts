import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contextFilePath, readContexts, writeContext } from "./context-file.ts";
import { CliError } from "./exit.ts";

let env: NodeJS.ProcessEnv;
let path: string;
beforeEach(() => {
  env = { XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), "taffrail-contexts-")) };
  path = contextFilePath(env);
});
afterEach(() => rmSync(env.XDG_CONFIG_HOME ?? "", { recursive: true }));

const modeOf = (file: string): string => (statSync(file).mode & 0o777).toString(8);
const put = (text: string, mode = 0o644): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
};

describe("contexts", () => {
  it("are kept in XDG_CONFIG_HOME, else in ~/.config", () => {
    expect(contextFilePath({ XDG_CONFIG_HOME: "/x" })).toBe("/x/taffrail/config.yaml");
    for (const none of [{}, { XDG_CONFIG_HOME: "" }]) {
      expect(contextFilePath(none)).toBe(join(homedir(), ".config/taffrail/config.yaml"));
    }
  });

  it("are empty if the file is missing or empty", () => {
    expect(readContexts(env)).toEqual({ contexts: {} });
    put("");
    expect(readContexts(env)).toEqual({ contexts: {} });
  });

  it("are written one by one, and the first becomes the current one", () => {
    writeContext(env, "one", { server: "http://one", token: "t", project: "p" });
    writeContext(env, "two", { server: "http://two" });
    writeContext(env, "one", { server: "http://other" });
    expect(readContexts(env)).toEqual({
      current: "one",
      contexts: { one: { server: "http://other" }, two: { server: "http://two" } },
    });
  });

  it("do not replace the current one", () => {
    put("current: mine\ncontexts:\n  mine: { server: http://mine }\n");
    writeContext(env, "demo", { server: "http://demo" });
    expect(readContexts(env).current).toBe("mine");
  });

  it("are changed without losing the user's comments, in their own style", () => {
    put(
      "# mine\ncurrent: a\ncontexts:\n  a: { server: http://a, token: t } # keep\n  # two\n  b:\n    server: http://b\n",
    );
    writeContext(env, "a", { server: "http://a2", project: "p" });
    expect(readFileSync(path, "utf8")).toBe(
      "# mine\ncurrent: a\ncontexts:\n  a: { server: http://a2, project: p } # keep\n  # two\n  b:\n    server: http://b\n",
    );
  });

  it("can be read only by their owner, even if the file could be read by all before", () => {
    writeContext(env, "one", { server: "http://one", token: "t" });
    expect([modeOf(path), modeOf(dirname(path))]).toEqual(["600", "700"]);
    chmodSync(path, 0o666);
    writeContext(env, "two", { server: "http://two", token: "t" });
    expect(modeOf(path)).toBe("600");
    expect(readFileSync(path, "utf8")).toContain("two");
  });
});

describe("an invalid context file", () => {
  const errorOf = (text: string): CliError => {
    put(text);
    try {
      readContexts(env);
    } catch (error) {
      expect(error).toBeInstanceOf(CliError);
      return error as CliError;
    }
    throw new Error("Nothing was thrown.");
  };

  it.each([
    "contexts: [1]",
    "contexts: { a: { server: 7 } }",
    "contexts: { a: { server: x, tokn: y } }",
    "contexts: { a: { server: x, local: true } }",
    "contexts: { a: { local: true, token: y } }",
    "contexts: { a: { token: y } }",
    "a: [",
    "text",
  ])("such as %j is reported with status 2 and its path", (text) => {
    const { exitCode, message, lines } = errorOf(text);
    expect([exitCode, message]).toEqual([2, `${path} is invalid`]);
    expect(lines.length).toBeGreaterThan(0);
  });

  it("is reported without its content", () => {
    const { message, lines } = errorOf('contexts:\n  a: { server: x, token: "s3cret\n  b: c"d');
    expect(`${message} ${lines.join("\n")}`).not.toContain("s3cret");
  });

  it("is not overwritten", () => {
    put("contexts: [1]");
    expect(() => writeContext(env, "one", { server: "http://one" })).toThrow(CliError);
    expect(readFileSync(path, "utf8")).toBe("contexts: [1]");
  });

  it("may be a folder", () => {
    mkdirSync(path, { recursive: true });
    expect(() => readContexts(env)).toThrow(`cannot read ${path} (EISDIR)`);
  });
});
