import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { AnalysisRunLogService, SourceOutcome } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { LIMITS } from "../../src/limits.ts";
import { sends, sendsThenHangs } from "../fakes/scripted-store.ts";
import { clusterObjects, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf, readLog } from "./read-log.ts";
import { messagesOf } from "./read-messages.ts";
import { SECRETS, useWorld } from "./world.ts";

describe.each(PROTOCOLS)("GetStatus over $name", (protocol) => {
  const world = useWorld({ config: { limits: { streams: 9, streamsPerCaller: 7 } } });
  const client = () => createClient(AnalysisRunLogService, world().transport(protocol));
  const status = () => client().getStatus({}, as(TOKENS.operator));

  it("answers only operators", async () => {
    for (const token of [TOKENS.reader, TOKENS.stranger]) {
      const error = await errorOf(client().getStatus({}, as(token)));
      expect(error).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
    }
    expect((await status()).version).not.toBe("");
  });

  it("reports the health of each source and the open streams", async () => {
    const before = await status();
    const body = "12345\n";
    expect((await readLog(world().transport(protocol), world().addLog(sends(body)))).text).toBe(body);
    await readLog(
      world().transport(protocol),
      world().addLog((response) => response.writeHead(404).end()),
    );
    await readLog(
      world().transport(protocol),
      world().addLog((response) => response.writeHead(403).end("s3cret")),
    );
    const leave = new AbortController();
    const open = messagesOf(world().transport(protocol), world().addLog(sendsThenHangs("begin\n")), {
      ...as(TOKENS.reader),
      signal: leave.signal,
    });
    for (let message = await open.next(); message.value?.text !== "begin\n"; ) message = await open.next();
    world().clock.advance(60_000);

    const now = await status();
    expect(now).toMatchObject({ openStreams: 1, streamLimit: 9, streamLimitPerCaller: 7 });
    expect(now.sentBytes - before.sentBytes).toBe(12n);
    expect(Number(now.uptime?.seconds) - Number(before.uptime?.seconds)).toBe(60);
    const [source] = now.sources;
    expect(source).toMatchObject({
      name: "archive",
      kind: "http",
      fetches: (before.sources[0]?.fetches ?? 0n) + 4n,
      successes: (before.sources[0]?.successes ?? 0n) + 2n,
      open: 1,
      openLimit: 256,
      successRate: expect.closeTo(2 / 3),
      lastFailure: { outcome: SourceOutcome.REFUSED, httpStatus: 403, message: 'Source "archive" answered 403.' },
      notFound: [{ from: { seconds: 3_600n }, to: { seconds: 86_400n }, count: 1n }],
    });
    expect(source?.firstByteP95).toBeDefined();
    expect(source?.lastSuccessTime).toBeDefined();
    leave.abort();
    await world().store.untilAnswering(0);
    await expect.poll(async () => (await status()).openStreams).toBe(0);
    expect((await status()).sources[0]?.open).toBe(0);
  });

  it("counts what limits have refused, each once", async () => {
    const counts = async () =>
      new Map((await status()).refusals.map(({ limit, count }) => [limit, Number(count)] as const));
    const before = await counts();
    const since = async (limit: string) => ((await counts()).get(limit) ?? Number.NaN) - (before.get(limit) ?? 0);
    const leave = new AbortController();
    const options = { ...as(TOKENS.reader), signal: leave.signal };
    const open = Array.from({ length: 7 }, () =>
      readLog(world().transport(protocol), world().addLog(sendsThenHangs("open\n")), options),
    );
    await world().store.untilAnswering(7);
    for (let more = 0; more < 2; more += 1) {
      const { error } = await readLog(world().transport(protocol), world().addLog(sends("more\n")));
      expect(error).toMatchObject({ reason: "TOO_MANY_STREAMS", limit: "limits.streamsPerCaller" });
    }
    const raw = await fetch(`${world().url}/raw/shop/${world().addLog(sends("more\n")).name}`, {
      headers: { authorization: `Bearer ${TOKENS.reader}` },
    });
    expect(raw.status).toBe(429);
    leave.abort();
    await Promise.all(open);
    const long = "x".repeat(100_000);
    await errorOf(client().listAnalysisRuns({ namespace: "shop", pageToken: long }, as(TOKENS.reader)));
    expect([
      await since("limits.streamsPerCaller"),
      await since("request.bytes"),
      await since("limits.logBytes"),
    ]).toEqual([3, 1, 0]);
    expect((await status()).refusals.map(({ limit }) => limit)).toEqual(Object.keys(LIMITS));
  });

  it("reports the configuration in force without secrets", async () => {
    const { settings, settingsHash } = await status();
    const told = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
    expect(told).toMatchObject({
      "limits.streams": "9",
      "sources[0].http.headers.X-Store-Key": "[hidden]",
      "sources[0].http.token.env": "STORE_TOKEN",
    });
    expect(settingsHash).toMatch(/^[0-9a-f]{12}$/);
    const hidden = settings.filter(({ name }) => !name.endsWith(".url") && !name.includes(".headers."));
    expect(JSON.stringify(hidden)).not.toMatch(SECRETS);
    expect(JSON.stringify(settings)).not.toMatch(/s3cret|one key/);
  });

  it("reports the permissions of the server's own account while the cluster tells them", async () => {
    const rights = (await status()).rights.map(({ verb, resource, allowed }) => `${verb} ${resource} ${allowed}`);
    expect(rights).toEqual([
      "create tokenreviews.authentication.k8s.io true",
      "create subjectaccessreviews.authorization.k8s.io true",
      "get analysisruns.argoproj.io true",
      "list analysisruns.argoproj.io true",
      "watch analysisruns.argoproj.io true",
      "get stages.kargo.akuity.io true",
      "get freights.kargo.akuity.io true",
      "list namespaces true",
    ]);
    const role = clusterObjects().find(({ kind, metadata }) => kind === "ClusterRole" && metadata.name === "gateway");
    if (role === undefined) throw new Error("There is no such role.");
    const rules = [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list", "create"] }];
    world().cluster.put({ ...role, rules });
    world().clock.advance(60_000);
    const after = (await status()).rights.filter(({ allowed }) => !allowed);
    expect(after).toMatchObject([{ verb: "watch", resource: "analysisruns.argoproj.io" }]);
    world().cluster.put(role);
    world().clock.advance(60_000);
  });
});
