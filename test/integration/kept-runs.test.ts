import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { type LogRef, useWorld } from "./world.ts";

const [protocol] = PROTOCOLS;
if (protocol === undefined) throw new Error("no protocols");
const LOG = "begin\nend\n";
const GONE = { code: "NotFound", reason: "RUN_NOT_FOUND" };

interface Deleted {
  readonly ref: LogRef;
  readonly cursor: string;
}

describe("a finished run that was deleted right after it was read", () => {
  const world = useWorld();
  const client = () => createClient(AnalysisRunLogService, world().transport(protocol));
  const read = (ref: LogRef, more: object = {}, token: string = TOKENS.reader) =>
    readLog(world().transport(protocol), { ...ref, ...more }, as(token));
  const raw = async ({ namespace, name }: LogRef) => {
    const headers = { authorization: `Bearer ${TOKENS.reader}` };
    return (await fetch(`${world().url}/raw/${namespace}/${name}`, { headers })).text();
  };
  const deletedRun = async (): Promise<Deleted> => {
    const ref = world().addLog(sends(LOG));
    let [text, last] = ["", ""];
    for await (const { chunk, cursor } of client().getAnalysisRunLogs(ref, as(TOKENS.reader))) {
      text += chunk;
      last = cursor || last;
    }
    expect([text, last]).toEqual([LOG, expect.stringMatching(/./)]);
    world().cluster.remove({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata: { ...ref } });
    return { ref, cursor: last };
  };

  it("still serves plain reads for ten seconds", async () => {
    const { ref } = await deletedRun();
    world().clock.advance(10_000);
    expect((await read(ref)).text).toBe(LOG);
    expect(await raw(ref)).toBe(LOG);
    world().clock.advance(1);
    expect((await read(ref)).error).toMatchObject(GONE);
    expect(await raw(ref)).toContain("(RUN_NOT_FOUND)");
  });

  it("is denied to callers who may not read it", async () => {
    const { ref } = await deletedRun();
    for (const token of [TOKENS.stranger, TOKENS.stageless])
      expect((await read(ref, {}, token)).error).toMatchObject({ code: "PermissionDenied" });
    expect((await read(ref)).text).toBe(LOG);
  });

  it.each<[string, (deleted: Deleted) => Promise<unknown>]>([
    ["GetAnalysisRun", ({ ref }) => errorOf(client().getAnalysisRun(ref, as(TOKENS.reader)))],
    ["a log that is followed", async ({ ref }) => (await read(ref, { follow: true })).error],
    ["a log that is resumed", async ({ ref, cursor }) => (await read(ref, { cursor })).error],
  ])("is not found for %s, nor for later plain reads", async (_, ask) => {
    const deleted = await deletedRun();
    expect(await ask(deleted)).toMatchObject(GONE);
    expect((await read(deleted.ref)).error).toMatchObject(GONE);
  });
});
