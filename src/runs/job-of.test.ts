import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeAttempt, makeRun, RUN_UID } from "../../test/fakes/run.ts";
import { Failure } from "../failure.ts";
import { jobOf, notStarted } from "./job-of.ts";
import type { Attempt } from "./run.ts";

const RUN = makeRun();
const claiming = (name: string, namespace = "shop"): Attempt => makeAttempt({ claimedJob: { namespace, name } });

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    return error as Failure;
  }
  throw new Error("nothing was thrown");
}

describe("the Job of an attempt", () => {
  it.each([`${RUN_UID}.smoke.1`, `${RUN_UID}.a-b.c.12`, `${RUN_UID}.x`])("may be named %j", (name) => {
    expect(jobOf(RUN, claiming(name), [])).toEqual({ namespace: "shop", name });
  });

  it.each([
    ["one of another run", "6b4b76b0-e179-4773-a6e0-f3c09514b7dd.smoke.1"],
    ["one with the run's uid and no dot after it", `${RUN_UID}x.smoke.1`],
    ["one with a dash after the uid", `${RUN_UID}-smoke.1`],
    ["one with only the uid", RUN_UID],
    ["one with nothing after the dot", `${RUN_UID}.`],
    ["one with the uid later in its name", `x.${RUN_UID}.smoke.1`],
    ["one with a path traversal", `${RUN_UID}.smoke/../../other`],
    ["one that contains ..", `${RUN_UID}..smoke.1`],
    ["one that is ..", ".."],
    ["one with a slash", `${RUN_UID}.smoke/1`],
    ["one with an encoded slash", `${RUN_UID}.smoke%2f1`],
    ["one with a backslash", `${RUN_UID}.smoke\\1`],
    ["one with upper case", `${RUN_UID}.Smoke.1`],
    ["one whose uid is in upper case", `${RUN_UID.toUpperCase()}.smoke.1`],
    ["one with a space", `${RUN_UID}.smoke 1`],
    ["one with a line feed", `${RUN_UID}.smoke.1\n`],
    ["one that is too long", `${RUN_UID}.${"a".repeat(253)}`],
    ["one without a name", ""],
  ])("is not %s", (_, name) => {
    expect(failureOf(() => jobOf(RUN, claiming(name), ["jobs"]))).toMatchObject({
      kind: "not-found",
      reason: "JOB_NOT_OF_RUN",
    });
  });

  it("may be in the run's namespace and in allowed ones, but in no other", () => {
    const name = `${RUN_UID}.smoke.1`;
    expect(jobOf(RUN, claiming(name, "jobs"), ["jobs"])).toEqual({ namespace: "jobs", name });
    expect(jobOf(RUN, claiming(name, "shop"), ["jobs"])).toEqual({ namespace: "shop", name });
    for (const namespace of ["other", "job", "jobs2", "", ".."]) {
      expect(failureOf(() => jobOf(RUN, claiming(name, namespace), ["jobs"])).reason).toBe("JOB_NOT_OF_RUN");
    }
    expect(failureOf(() => jobOf(RUN, claiming(name, "jobs"), [])).reason).toBe("JOB_NOT_OF_RUN");
  });

  it("does not exist for a run without a uid", () => {
    expect(failureOf(() => jobOf({ ...RUN, uid: "" }, claiming(".smoke.1"), [])).reason).toBe("JOB_NOT_OF_RUN");
  });

  it("has a valid name that begins with the uid, whatever the run claims", () => {
    const part = fc.constantFrom(`${RUN_UID}.`, ".", "..", "/", "%2f", "\\", "a", "A", "-", "\0", "é");
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 6 }),
        fc.constantFrom("shop", "jobs", "other", ""),
        (parts, namespace) => {
          let job: { namespace: string; name: string };
          try {
            job = jobOf(RUN, claiming(parts.join(""), namespace), ["jobs"]);
          } catch (error) {
            expect(error).toBeInstanceOf(Failure);
            return;
          }
          expect(job.name).toMatch(new RegExp(`^${RUN_UID}\\.[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`));
          expect(job.name).not.toContain("..");
          expect(["shop", "jobs"]).toContain(job.namespace);
        },
      ),
    );
  });
});

describe("without a Job", () => {
  it.each(["Unknown", "Pending", "Running"] as const)("an attempt that is %s has not created it yet", (phase) => {
    expect(failureOf(() => jobOf(RUN, makeAttempt({ number: 3, phase, claimedJob: undefined }), []))).toMatchObject({
      kind: "not-yet",
      reason: "JOB_NOT_STARTED",
      message: "Attempt 3 has not created its Job yet.",
    });
  });

  it.each(["Error", "Inconclusive"] as const)("an attempt that ended as %s reports why", (phase) => {
    const attempt = makeAttempt({ number: 3, phase, claimedJob: undefined, message: "quota\nexceeded" });
    expect(failureOf(() => jobOf(RUN, attempt, []))).toMatchObject({
      kind: "not-found",
      reason: "JOB_NOT_CREATED",
      message: 'Attempt 3 ended before there was a Job: "quota\uFFFDexceeded".',
    });
    expect(failureOf(() => jobOf(RUN, { ...attempt, message: "" }, [])).message).toBe(
      "Attempt 3 ended before there was a Job.",
    );
  });

  it.each(["Successful", "Failed"] as const)("an attempt that is %s had one, which it does not name", (phase) => {
    const attempt = makeAttempt({ number: 3, phase, claimedJob: undefined });
    expect(failureOf(() => jobOf(RUN, attempt, []))).toMatchObject({
      kind: "not-found",
      reason: "JOB_NOT_CREATED",
      message: "Attempt 3 names no Job.",
    });
  });

  it("a call that comes too early is told to retry", () => {
    expect(notStarted("Not yet.")).toMatchObject({ kind: "not-yet", reason: "JOB_NOT_STARTED", message: "Not yet." });
  });
});
