import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openSecret } from "./secret-reader.ts";

let folder: string;
let clock: { time: number; now(): number };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "taffrail-secret-"));
  clock = { time: 0, now: () => clock.time };
});
afterEach(() => rm(folder, { recursive: true }));

const ofFile = (file: string) => openSecret({ file }, folder, {}, clock);

describe("a secret in a file", () => {
  it("is read relative to the configuration, without surrounding white space", async () => {
    await writeFile(join(folder, "token"), "  s3cret\n\n");
    expect((await ofFile("token")()).reveal()).toBe("s3cret");
    expect((await ofFile(join(folder, "token"))()).reveal()).toBe("s3cret");
  });

  it("is read again after a change", async () => {
    await writeFile(join(folder, "token"), "one");
    const read = ofFile("token");
    expect((await read()).reveal()).toBe("one");
    await writeFile(join(folder, "token"), "two");
    clock.time = 9_999;
    expect((await read()).reveal()).toBe("one");
    clock.time = 10_000;
    expect((await read()).reveal()).toBe("two");
  });

  it("that is emptied or deleted is a failure until it is back", async () => {
    await writeFile(join(folder, "token"), "one");
    const read = ofFile("token");
    await writeFile(join(folder, "token"), "\n");
    await expect(read()).rejects.toThrow("the file token is empty");
    await rm(join(folder, "token"));
    await expect(read()).rejects.toThrow();
    await writeFile(join(folder, "token"), "back");
    expect((await read()).reveal()).toBe("back");
  });

  it("must exist at the start", async () => {
    expect(() => ofFile("token")).toThrow("the file token does not exist");
    await writeFile(join(folder, "token"), " \n");
    expect(() => ofFile("token")).toThrow("the file token is empty");
    await mkdir(join(folder, "directory"));
    expect(() => ofFile("directory")).toThrow("the file directory cannot be read (EISDIR)");
  });

  it.skipIf(process.getuid?.() === 0)("must be readable", async () => {
    await writeFile(join(folder, "token"), "one");
    await chmod(join(folder, "token"), 0);
    expect(() => ofFile("token")).toThrow("the file token cannot be read (EACCES)");
  });
});

describe("a secret in the environment", () => {
  it("is read without surrounding white space", async () => {
    const read = openSecret({ env: "TOKEN" }, folder, { TOKEN: " s3cret\n" }, clock);
    expect((await read()).reveal()).toBe("s3cret");
  });

  it.each([{}, { TOKEN: "" }, { TOKEN: "  " }])("must be set: %j", (env) => {
    expect(() => openSecret({ env: "TOKEN" }, folder, env, clock)).toThrow("the environment variable TOKEN is not set");
  });
});
