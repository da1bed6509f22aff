import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { hangs, sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, type ReadLog, readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

// As long as the name of the existing project.
const NOWHERE = "shoq";

describe.each(PROTOCOLS)("access control over $name", (protocol) => {
  const world = useWorld();
  const readAs = (token: string, ref: { namespace: string; name: string }) =>
    readLog(world().transport(protocol), ref, as(token));

  /** Everything that the client receives, except what differs from call to call anyway. */
  function seen({ kinds, error, headers }: ReadLog): string {
    const all = JSON.stringify({ kinds, error, headers });
    return all.replaceAll(error?.reference ?? "none", "REFERENCE").replace(/date: [^\\]*/g, "date");
  }

  it("gives the same answer whether or not the run exists", async () => {
    const there = await readAs(TOKENS.stranger, world().addLog(sends("secret")));
    const missing = await readAs(TOKENS.stranger, { namespace: "shop", name: "uat.no-such-run" });
    expect(there.error).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
    expect(seen(missing)).toBe(seen(there));
  });

  it("gives the same answer whether or not the project exists", async () => {
    const ref = world().addLog(sends("secret"));
    const there = seen(await readAs(TOKENS.stranger, ref));
    const nowhere = seen(await readAs(TOKENS.stranger, { ...ref, namespace: NOWHERE }));
    expect(nowhere.replaceAll(NOWHERE, "shop")).toBe(there);
  });

  it("gives the same answer when the Stage may not be read", async () => {
    const ref = world().addLog(sends("secret"));
    const byStage = await readAs(TOKENS.stageless, ref);
    expect(seen(byStage)).toBe(seen(await readAs(TOKENS.stranger, ref)));
  });

  it("gives the same answer for any metric, attempt or container", async () => {
    const ref = world().addLog(sends("secret"));
    const plain = seen(await readAs(TOKENS.stranger, ref));
    const picky = { ...ref, metricName: "checks", containerName: "main" };
    expect(seen(await readLog(world().transport(protocol), picky, as(TOKENS.stranger)))).toBe(plain);
    const wrong = { ...ref, metricName: "none", containerName: "none" };
    expect(seen(await readLog(world().transport(protocol), wrong, as(TOKENS.stranger)))).toBe(plain);
  });

  it("decides before it asks the store", async () => {
    const ref = world().addLog(hangs);
    const before = world().store.asked.length;
    await readAs(TOKENS.stranger, ref);
    await readAs(TOKENS.stageless, ref);
    expect(world().store.asked.length).toBe(before);
  });

  it("covers the run, lists of runs and the list of projects", async () => {
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const ref = world().addLog(sends("secret"));
    const denied = { code: "PermissionDenied", reason: "ACCESS_DENIED" };
    expect(await errorOf(client.getAnalysisRun(ref, as(TOKENS.stranger)))).toMatchObject(denied);
    expect(await errorOf(client.getAnalysisRun(ref, as(TOKENS.stageless)))).toMatchObject(denied);
    expect(await errorOf(client.listAnalysisRuns(ref, as(TOKENS.stranger)))).toMatchObject(denied);
    expect((await client.listAnalysisRuns(ref, as(TOKENS.stageless))).analysisRuns).toEqual([]);
    expect((await client.listAnalysisRuns(ref, as(TOKENS.reader))).analysisRuns.length).toBeGreaterThan(0);
    const projectsOf = async (token: string) =>
      (await client.listProjects({}, as(token))).projects.map(({ name }) => name);
    expect(await projectsOf(TOKENS.reader)).toEqual(["shop"]);
    expect(await projectsOf(TOKENS.stranger)).toEqual(["elsewhere"]);
  });

  it("says NOT_FOUND to callers who may read the project", async () => {
    const { error } = await readAs(TOKENS.reader, { namespace: "shop", name: "uat.no-such-run" });
    expect(error).toMatchObject({ code: "NotFound", reason: "RUN_NOT_FOUND" });
  });

  it("reviews again after ten seconds", async () => {
    const ref = world().addLog(sends("secret"));
    const binding = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "RoleBinding" };
    const metadata = { name: "guest", namespace: "shop" };
    const guest = { kind: "User", name: "stranger" };
    world().clock.advance(10_001);
    expect((await readAs(TOKENS.stranger, ref)).error?.reason).toBe("ACCESS_DENIED");
    world().cluster.put({ ...binding, metadata, roleRef: { kind: "Role", name: "reader" }, subjects: [guest] });
    expect((await readAs(TOKENS.stranger, ref)).error?.reason).toBe("ACCESS_DENIED");
    world().clock.advance(10_001);
    expect((await readAs(TOKENS.stranger, ref)).text).toBe("secret");
    world().cluster.remove({ ...binding, metadata });
    world().clock.advance(10_001);
    expect((await readAs(TOKENS.stranger, ref)).error?.reason).toBe("ACCESS_DENIED");
  });
});
