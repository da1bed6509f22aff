import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CLI_CLIENT } from "../../../test/fakes/cli-sign-in-provider.ts";
import { createSigningKey, signToken, unsigned } from "../../../test/fakes/scripted-provider.ts";
import { sends, sendsThenHangs, startScriptedStore } from "../../../test/fakes/scripted-store.ts";
import { type SignInWorld, startSignInWorld } from "../../../test/fakes/sign-in-world.ts";
import { fakeTimer } from "../../../test/fakes/timers.ts";
import { analysisRun, jobName } from "../../../test/integration/objects.ts";
import { signInToken } from "./sign-in-token.ts";
import { signInPath } from "./stored-sign-in.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const NOTE = "note: project shop has no matching runs";
const LOGIN = "  try     taffrail login";
/** The time for processes to start on a busy machine. */
const SLOW = 120_000;

let world: SignInWorld;
beforeEach(async () => {
  world = await startSignInWorld({ provider: { idTokenTtl: 600 } });
  await world.inBrowser(["login", world.url, "-p", "shop", "--context", "prod"], "reader");
});
afterEach(() => world.close());

const path = (): string => signInPath({ XDG_CONFIG_HOME: world.folder }, "prod");
const stored = () => world.signIns()["prod.json"] ?? expect.fail("There is no sign-in.");
const change = (more: object): void => writeFileSync(path(), JSON.stringify({ ...stored(), ...more }));
const refreshes = (): number => world.provider.asked.filter((each) => each === "POST /token").length - 1;
/** Runs a command this many seconds from now. */
const runsIn = (seconds: number) => world.run(["runs"], { now: () => Date.now() + seconds * 1_000 });
const expired = () => unsigned({ sub: "reader", exp: 1 });

/** Answers refreshes like this. */
function answerTokens(status: number, body: object): void {
  world.provider.intercept((request, response) => {
    if (request.url !== "/token") return "passed";
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    return "handled";
  });
}

describe("a sign-in", () => {
  it("is renewed a minute before it expires, not earlier, and the new refresh token is kept", async () => {
    const before = stored();
    expect(await runsIn(500)).toMatchObject({ code: 0 });
    expect([refreshes(), stored()]).toEqual([0, before]);
    expect(await runsIn(550)).toMatchObject({ code: 0, said: [NOTE] });
    expect(refreshes()).toBe(1);
    expect(stored().refreshToken).not.toBe(before.refreshToken);
    expect((statSync(path()).mode & 0o777).toString(8)).toBe("600");
    await runsIn(0);
    expect(refreshes()).toBe(1);
  });

  it("is renewed in time by a computer whose clock is an hour slow", async () => {
    const slow = -3_600;
    change({ idToken: expired() });
    expect(await runsIn(slow)).toMatchObject({ code: 0 });
    await runsIn(slow + 500);
    expect(refreshes()).toBe(1);
    expect(await runsIn(slow + 550)).toMatchObject({ code: 0 });
    expect(refreshes()).toBe(2);
    // Also once it is over.
    answerTokens(400, { error: "invalid_grant" });
    for (const _ of ["when it ends", "later"]) {
      const { code, said } = await runsIn(slow + 1_300);
      expect([code, said[0]]).toEqual([4, expect.stringMatching(/^error: the sign-in has (ended|expired)/)]);
    }
  });

  it("is renewed once by commands that run at once: a refresh token that is used twice ends the sign-in", {
    timeout: SLOW,
  }, async () => {
    change({ idToken: expired() });
    const processes = Array.from({ length: 4 }, async () => {
      const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: world.folder };
      const child = spawn(process.execPath, [MAIN, "runs"], { env, stdio: ["ignore", "ignore", "pipe"] });
      let said = "";
      child.stderr.on("data", (part: Buffer) => {
        said += part;
      });
      const [code] = (await once(child, "close")) as [number];
      return { code, said };
    });
    const [first, ...others] = await Promise.all(processes);
    expect(first).toEqual({ code: 0, said: `${NOTE}\n` });
    expect(others).toEqual(others.map(() => first));
    expect(refreshes()).toBe(1);
    expect(existsSync(`${path()}.lock`)).toBe(false);
    // The provider still accepts the new one.
    expect(await runsIn(590)).toMatchObject({ code: 0 });
    expect(refreshes()).toBe(2);
  });

  it("is renewed by the next process if the one that was doing it has died", async () => {
    change({ idToken: expired() });
    const dead = spawn(process.execPath, ["-e", ""]);
    await once(dead, "exit");
    writeFileSync(`${path()}.lock`, `${dead.pid} x`);
    expect(await runsIn(0)).toMatchObject({ code: 0 });
    expect(refreshes()).toBe(1);
  });

  it("gives a running command no token of another server to which the user signs in meanwhile", async () => {
    const { signal } = new AbortController();
    const io = { env: { XDG_CONFIG_HOME: world.folder }, say: () => undefined, signal };
    const token = signInToken({ context: "prod", server: world.url }, io);
    expect(await token()).toBe(stored().idToken);
    change({ server: "https://other.example.com" });
    await expect(token()).rejects.toThrow("you have signed in to another server by this context");
    change({ server: "https://other.example.com", idToken: expired() });
    await expect(token()).rejects.toThrow("you have signed in to another server by this context");
    expect(refreshes()).toBe(0);
  });

  it("is renewed each time its token expires while a log is being read, and the log continues where it stopped", {
    timeout: SLOW,
  }, async () => {
    const store = await startScriptedStore();
    const url = `${store.origin}/\${{ jobName }}.log`;
    const own = await startSignInWorld({ provider: { idTokenTtl: 2 }, sources: [{ name: "archive", http: { url } }] });
    try {
      await own.inBrowser(["login", own.url, "-p", "shop", "--context", "prod"], "reader");
      const uid = "00000000-0000-4000-8000-000000000001";
      own.cluster.put(analysisRun({ namespace: "shop", name: "run", uid, metrics: [{}] }));
      const path = `/${jobName(uid, "checks")}.log`;
      const log = "first\nsecond\nthird\n";
      const parts = [sendsThenHangs("first\n"), sendsThenHangs("first\nsecond\n")];
      store.answer(path, (response, request) => (parts.shift() ?? sends(log))(response, request));
      const { code, out, said } = await own.run(["logs", "run"]);
      expect([code, out]).toEqual([0, log]);
      expect(said.join("\n")).not.toMatch(/expired|sign/);
      expect(own.provider.asked.filter((each) => each === "POST /token").length).toBeGreaterThanOrEqual(3);
    } finally {
      await own.close();
      await store.close();
    }
  });

  it("waits for another process that renews it, but not forever", async () => {
    change({ idToken: expired() });
    writeFileSync(`${path()}.lock`, `${process.pid} x`);
    expect(await runsIn(0)).toEqual({
      code: 1,
      out: "",
      said: [
        "error: another taffrail process has been renewing the sign-in for too long",
        "  try     again, or end that process",
      ],
    });
    expect(await world.run(["logout"])).toMatchObject({ code: 1 });
    expect([refreshes(), readFileSync(`${path()}.lock`, "utf8")]).toEqual([0, `${process.pid} x`]);
  });

  it("says that it has ended if the provider no longer renews it", async () => {
    change({ idToken: expired() });
    answerTokens(400, { error: "invalid_grant", error_description: "revoked" });
    const result = {
      code: 4,
      out: "",
      said: ["error: the sign-in has ended: the identity provider no longer renews it", "  try     taffrail login"],
    };
    expect(await runsIn(0)).toEqual(result);
    expect(refreshes()).toBe(1);
    // The refresh token is of no use any more.
    expect(await runsIn(0)).toMatchObject({
      code: 4,
      said: ["error: the sign-in has expired", "  try     taffrail login"],
    });
    expect(refreshes()).toBe(1);
  });

  it.each([
    ["no ID token", undefined],
    ["another user's", "other"],
  ])("has ended if the provider renews it with %s", async (_, sub) => {
    change({ idToken: expired() });
    const now = Math.floor(Date.now() / 1_000);
    const claims = { iss: world.provider.issuer, aud: CLI_CLIENT, sub, iat: now, exp: now + 600 };
    const idToken = sub === undefined ? {} : { id_token: signToken(createSigningKey("any"), claims) };
    answerTokens(200, { access_token: "access-1", token_type: "bearer", ...idToken });
    expect(await runsIn(0)).toMatchObject({ code: 4, said: [expect.stringContaining("the sign-in has ended"), LOGIN] });
    expect(stored().idToken).toBe(expired());
  });

  it("is used until it expires if the provider cannot be reached or does not know it", async () => {
    world.provider.intercept((request) => {
      request.socket.destroy();
      return "handled";
    });
    expect(await runsIn(550)).toMatchObject({ code: 0, said: [NOTE] });
    const { code, said } = await runsIn(650);
    expect([code, said]).toEqual([
      6,
      [
        expect.stringMatching(/^error: the identity provider "corp" cannot be reached/),
        "  try     again later, or check your network",
      ],
    ]);
    answerTokens(400, { error: "invalid_grant" });
    expect(await runsIn(550)).toMatchObject({ code: 0 });
  });

  it("that is being renewed does not hold up Ctrl-C, and is kept if the provider still answers", async () => {
    change({ idToken: expired() });
    const interrupt = new AbortController();
    world.provider.intercept((request) => {
      if (request.url === "/token") interrupt.abort();
      return "passed";
    });
    const { timer } = fakeTimer(500);
    expect(await world.run(["runs"], { signal: interrupt.signal, timer })).toEqual({ code: 130, out: "", said: [] });
    expect(stored().idToken).not.toBe(expired());
    change({ idToken: expired() });
    const silent = new AbortController();
    world.provider.intercept(() => {
      silent.abort();
      return "handled";
    });
    expect(await world.run(["runs"], { signal: silent.signal })).toEqual({ code: 130, out: "", said: [] });
  });

  it("has expired without a refresh token", async () => {
    change({ idToken: expired(), refreshToken: undefined });
    expect(await runsIn(0)).toEqual({
      code: 4,
      out: "",
      said: ["error: the sign-in has expired", "  try     taffrail login"],
    });
    await world.run(["login", "--token-stdin"], { input: "token-of-reader" });
    change({ token: expired() });
    expect(await runsIn(0)).toMatchObject({
      code: 4,
      said: ["error: the token has expired", "  try     taffrail login"],
    });
  });

  it("is not renewed by shell completion, which must not wait", async () => {
    const complete = (seconds: number) =>
      world.run(["complete", "--", "runs", "-n", ""], {
        now: () => Date.now() + seconds * 1_000,
        // The second that completion waits does not pass.
        timer: fakeTimer(500).timer,
      });
    expect((await complete(550)).out).toBe("shop\n");
    expect((await complete(650)).out).toBe("");
    expect(refreshes()).toBe(0);
  });

  it("is only for its server, even if the context has another one by now", async () => {
    const other = await startSignInWorld();
    await world.run(["context", "set", "prod", "--server", other.url]);
    const { code, said } = await runsIn(0);
    expect([code, said.slice(0, -1)]).toEqual([
      4,
      ["error: A bearer token is required. (TOKEN_MISSING)", "  try     taffrail login"],
    ]);
    await other.close();
  });
});

describe("the file of a sign-in", () => {
  it("is made private again, with a note, if others could read it", async () => {
    chmodSync(path(), 0o644);
    const { code, said } = await runsIn(0);
    expect([code, said]).toEqual([
      0,
      [
        `note: others could read ${path()}: now only you can. If somebody may have read it: taffrail logout, then login`,
        NOTE,
      ],
    ]);
    expect((statSync(path()).mode & 0o777).toString(8)).toBe("600");
    expect(await runsIn(0)).toMatchObject({ said: [NOTE] });
  });

  it.runIf(process.getuid?.() === 0)("is refused if it belongs to another user", async () => {
    chownSync(path(), 1234, 1234);
    expect(await runsIn(0)).toEqual({
      code: 2,
      out: "",
      said: [`error: the sign-in ${path()} belongs to another user`, "  try     remove it, then taffrail login"],
    });
  });

  it.each(["", "{", "[]", '{"kind":"oidc"}', '{"kind":"other"}'])("is refused if it holds %j", async (text) => {
    writeFileSync(path(), text);
    expect(await runsIn(0)).toEqual({
      code: 2,
      out: "",
      said: [`error: the sign-in ${path()} is invalid`, "  try     taffrail login"],
    });
  });

  it("has a name that is a file name, whatever the context is called", () => {
    const name = (context: string) =>
      signInPath({ XDG_CONFIG_HOME: "/x" }, context).replace("/x/taffrail/sign-ins/", "");
    expect(["prod", "..", "a/b", "Prod", "a.b:80", "*"].map(name)).toEqual([
      "prod.json",
      "%2e%2e.json",
      "a%2fb.json",
      "%50rod.json",
      "a%2eb%3a80.json",
      "%2a.json",
    ]);
  });
});
