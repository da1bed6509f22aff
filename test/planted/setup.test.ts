import { describe, expect, it } from "vitest";
import { Failure } from "../../src/failure.ts";
import { connectError, reportFailure } from "../../src/rpc/errors.ts";
import { Secret } from "../../src/secret.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { runInProcess } from "../fakes/cli.ts";
import { search, searchSum, takeFound } from "./search.ts";

const SECRET = "planted/+here-1";
const FOUND = (place: string) => [`a secret of ${SECRET.length} characters in: ${place}`];

describe("a secret that was revealed", () => {
  it.each([
    ["as it is", SECRET],
    ["percent-encoded", encodeURIComponent(SECRET)],
    ["in base64", Buffer.from(`me:${SECRET}`).toString("base64")],
    ["in base64url, in the middle of a text", Buffer.from(`some user:${SECRET} and more`).toString("base64url")],
  ])("is found in a text, %s", (_, text) => {
    new Secret(SECRET).reveal();
    search("output", `before ${text} after`);
    expect(takeFound()).toEqual(FOUND("output"));
    search("output", "nothing of it");
    expect(takeFound()).toEqual([]);
  });

  it("is found in the log, at every level", () => {
    new Secret(SECRET).reveal();
    const log = createLog("trace", { write: () => {} });
    for (const level of ["trace", "info", "error"] as const) {
      log[level]({ deep: [{ url: `http://x/?key=${SECRET}` }] }, "asked");
      expect(takeFound()).toEqual(FOUND("log"));
    }
  });

  it("is found in the errors that callers get", () => {
    new Secret(SECRET).reveal();
    const source = { source: "archive", outcome: "refused", message: `${SECRET} was refused` } as const;
    for (const failure of [
      new Failure("internal", "INTERNAL", `no ${SECRET}`),
      new Failure("internal", "INTERNAL", "no", { next: SECRET }),
      new Failure("internal", "INTERNAL", "no", { tries: [source] }),
    ]) {
      connectError(reportFailure(failure));
      expect(takeFound()).toEqual(FOUND("failure"));
    }
  });

  it("is found in the output of a command", async () => {
    await runInProcess(["logs", "x", "--server", "nowhere", `--${SECRET}`], { env: { TAFFRAIL_TOKEN: SECRET } });
    expect(new Set(takeFound())).toEqual(new Set(FOUND("output")));
  });

  it("is counted, as is each searched text", () => {
    const { planted, searched } = searchSum();
    new Secret(`${SECRET}-another`).reveal();
    search("log", "a line");
    expect(searchSum().planted).toHaveLength(planted.length + 1);
    expect(searchSum().searched.log).toBe(searched.log + 1);
    expect(searchSum().planted.join()).not.toContain("planted");
  });
});
