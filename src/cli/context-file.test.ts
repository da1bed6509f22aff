import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ContextFile, contextFilePath, readContexts, writeContext } from "./context-file.ts";
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

  it("are written one by one, and the first becomes the current one", async () => {
    await writeContext(env, "one", { server: "http://one", token: "t", project: "p" });
    await writeContext(env, "two", { server: "http://two" });
    await writeContext(env, "one", { server: "http://other" });
    expect(readContexts(env)).toEqual({
      current: "one",
      contexts: { one: { server: "http://other" }, two: { server: "http://two" } },
    });
  });

  it("do not replace the current one", async () => {
    put("current: mine\ncontexts:\n  mine: { server: http://mine }\n");
    await writeContext(env, "demo", { server: "http://demo" });
    expect(readContexts(env).current).toBe("mine");
  });

  it("are changed without losing the user's comments, order and quotes", async () => {
    put(
      "# mine\ncurrent: a\ncontexts:\n  a: { server: http://a, token: t } # keep\n  # two\n  b:\n    server: http://b\n",
    );
    await writeContext(env, "a", { server: "http://a2", project: "p" });
    expect(readFileSync(path, "utf8")).toBe(
      "# mine\ncurrent: a\ncontexts:\n  a: { server: http://a2, project: p } # keep\n  # two\n  b:\n    server: http://b\n",
    );
  });

  it("can be read only by their owner, even if the file could be read by all before", async () => {
    await writeContext(env, "one", { server: "http://one", token: "t" });
    expect([modeOf(path), modeOf(dirname(path))]).toEqual(["600", "700"]);
    chmodSync(path, 0o666);
    await writeContext(env, "two", { server: "http://two", token: "t" });
    expect(modeOf(path)).toBe("600");
    expect(readFileSync(path, "utf8")).toContain("two");
  });
});

describe("contexts that are written at once", () => {
  it("are all kept, and get different names if they may choose", async () => {
    const free = ({ contexts }: ContextFile) => `c${Object.keys(contexts).length}`;
    const names = await Promise.all([1, 2, 3].map(() => writeContext(env, free, { server: "http://one" })));
    expect(names.toSorted()).toEqual(["c0", "c1", "c2"]);
    expect(Object.keys(readContexts(env).contexts)).toEqual(["c0", "c1", "c2"]);
  });

  it("are written to what a link leads to, even if the link's folder cannot be written", async () => {
    const real = join(mkdtempSync(join(tmpdir(), "taffrail-dotfiles-")), "config.yaml");
    writeFileSync(real, "");
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(real, path);
    chmodSync(dirname(path), 0o500);
    try {
      await writeContext(env, "one", { server: "http://one" });
      expect(readFileSync(real, "utf8")).toContain("http://one");
      // Whoever reaches the file by another link waits as well: for a lock that was left behind, not at all.
      writeFileSync(`${real}.lock`, "999999999 gone");
      await writeContext(env, "two", { server: "http://two" });
      expect(existsSync(`${real}.lock`)).toBe(false);
    } finally {
      chmodSync(dirname(path), 0o700);
    }
  });

  it.skipIf(process.getuid?.() === 0)("say that their file cannot be written", async () => {
    mkdirSync(dirname(path), { recursive: true });
    chmodSync(dirname(path), 0o500);
    try {
      const error = await writeContext(env, "one", { server: "http://one" }).catch((why: unknown) => why);
      expect(error).toMatchObject({ message: `cannot write ${path} (EACCES)`, exitCode: 2 });
    } finally {
      chmodSync(dirname(path), 0o700);
    }
  });

  it("keep what another process has changed in them meanwhile", async () => {
    await writeContext(env, "one", { server: "http://one" });
    const known = readContexts(env).contexts.one;
    await writeContext(env, "one", { server: "http://one", project: "shop" });
    expect(known).toEqual({ server: "http://one" });
    await writeContext(env, "one", (now = { server: "" }) => ({ ...now, tokenFile: "/t" }));
    expect(readContexts(env).contexts.one).toEqual({ server: "http://one", project: "shop", tokenFile: "/t" });
  });

  it("do not wait for a process that has died while it changed the file", async () => {
    await writeContext(env, "one", { server: "http://one" });
    writeFileSync(`${path}.lock`, "999999999 gone");
    await writeContext(env, "two", { server: "http://two" });
    expect(Object.keys(readContexts(env).contexts)).toEqual(["one", "two"]);
    expect(existsSync(`${path}.lock`)).toBe(false);
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

  it("is not overwritten", async () => {
    put("contexts: [1]");
    await expect(writeContext(env, "one", { server: "http://one" })).rejects.toThrow(CliError);
    expect(readFileSync(path, "utf8")).toBe("contexts: [1]");
  });

  it("may be a folder", () => {
    mkdirSync(path, { recursive: true });
    expect(() => readContexts(env)).toThrow(`cannot read ${path} (EISDIR)`);
  });
});
