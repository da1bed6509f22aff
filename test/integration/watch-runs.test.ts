import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { createClient, type Transport } from "@connectrpc/connect";
import { afterEach, describe, expect, it } from "vitest";
import {
  AnalysisPhase,
  AnalysisRunChangeKind,
  AnalysisRunLogService,
  EndReason,
  type WatchAnalysisRunsRequest,
  type WatchAnalysisRunsResponse,
} from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { createWaits } from "../fakes/waits.ts";
import { clusterObjects, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf } from "./read-log.ts";
import { startWorld, useWorld } from "./world.ts";

const RECHECK_MS = 4_321;
const isRecheck = (ms: number): boolean => ms === RECHECK_MS;
const isSilence = (ms: number): boolean => ms === 15_000;

interface Made {
  readonly name: string;
  readonly second?: number;
  readonly stage?: string;
  readonly phase?: string;
  readonly freight?: string;
}

/** A run as Kargo creates it. */
function made({ name, second = 0, stage = "uat", phase = "Running", freight = "f1" }: Made): KubeObject {
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "AnalysisRun",
    metadata: {
      name,
      namespace: "shop",
      uid: `uid-of-${name}`,
      creationTimestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().replace(".000", ""),
      labels: { "kargo.akuity.io/stage": stage, "kargo.akuity.io/freight-collection": `collection-${freight}` },
      ownerReferences: [{ apiVersion: "kargo.akuity.io/v1alpha1", kind: "Freight", name: freight, uid: "x" }],
    } as KubeObject["metadata"],
    status: { phase },
  };
}

function nameOf(names: Readonly<Record<string, number>>, value: number): string {
  return Object.keys(names).find((name) => names[name] === value) ?? "";
}

/** A message in short form: `list b a`, `changes added b`, `end`, `heartbeat`. */
function inShort({ event }: WatchAnalysisRunsResponse): string {
  if (event.case === "list")
    return ["list", ...event.value.analysisRuns.map(({ name }) => name), ...(event.value.more ? ["…"] : [])].join(" ");
  if (event.case === "changes") {
    const changes = event.value.changes.map(
      ({ kind, analysisRun }) => `${nameOf(AnalysisRunChangeKind, kind).toLowerCase()} ${analysisRun?.name}`,
    );
    return [...changes, ...(event.value.more ? ["…"] : [])].join(", ");
  }
  return event.case === "end" ? `end ${nameOf(EndReason, event.value.reason)}` : "heartbeat";
}

type Wish = Omit<Partial<WatchAnalysisRunsRequest>, "$typeName">;

/** Reads message by message, and skips heartbeats unless they are requested. */
function watching(transport: Transport, wish: Wish = {}, token: string = TOKENS.reader) {
  const leave = new AbortController();
  const stream = createClient(AnalysisRunLogService, transport).watchAnalysisRuns(
    { namespace: "shop", ...wish },
    { ...as(token), signal: leave.signal },
  );
  const messages = stream[Symbol.asyncIterator]();
  const any = async (): Promise<string> => inShort((await messages.next()).value as WatchAnalysisRunsResponse);
  const next = async (): Promise<string> => {
    for (;;) {
      const message = await any();
      if (message !== "heartbeat") return message;
    }
  };
  return { any, next, leave: () => leave.abort() };
}

describe.each(PROTOCOLS)("watched runs over $name", (protocol) => {
  const waits = createWaits();
  const world = useWorld({ config: { follow: { recheck: `${RECHECK_MS}ms` } }, wait: waits.wait });
  const changed = new Set<KubeObject>();
  const runs = new Set<string>();
  const put = (run: Made): void => {
    runs.add(run.name);
    world().cluster.put(made(run));
  };
  const remove = (name: string): void => world().cluster.remove(made({ name }));
  const take = (kind: string, name: string, rules?: number): void => {
    for (const object of clusterObjects().filter((each) => each.kind === kind && each.metadata.name === name)) {
      if (object.metadata.namespace === "elsewhere") continue;
      changed.add(object);
      if (rules === undefined) world().cluster.remove(object);
      else world().cluster.put({ ...object, rules: (object as unknown as { rules: object[] }).rules.slice(0, rules) });
    }
  };
  const watch = (wish?: Wish, token?: string) => watching(world().transport(protocol), wish, token);

  afterEach(async () => {
    for (const name of runs) remove(name);
    runs.clear();
    for (const object of changed) world().cluster.put(object);
    changed.clear();
    world().clock.advance(60_000);
    await waits.untilNone();
  });

  it("are sent as a list first, then as each is added, changed or removed", async () => {
    put({ name: "a", second: 1 });
    put({ name: "b", second: 2, phase: "Failed" });
    const { next, leave } = watch();
    expect(await next()).toBe("list b a");
    put({ name: "c", second: 3 });
    expect(await next()).toBe("added c");
    put({ name: "a", second: 1, phase: "Successful" });
    expect(await next()).toBe("modified a");
    remove("b");
    expect(await next()).toBe("deleted b");
    leave();
  });

  it("are not sent again if nothing in their summary changed", async () => {
    put({ name: "a" });
    const { next, leave } = watch();
    expect(await next()).toBe("list a");
    const same = made({ name: "a" });
    world().cluster.put({ ...same, spec: { metrics: [{ name: "more" }] } } as KubeObject);
    put({ name: "b", second: 1 });
    expect(await next()).toBe("added b");
    leave();
  });

  it("appear and disappear as they match the filters", async () => {
    put({ name: "a", second: 1 });
    put({ name: "b", second: 2, phase: "Failed" });
    put({ name: "other", second: 3, phase: "Failed", freight: "f2" });
    const since = timestampFromMs(Date.UTC(2026, 0, 1, 0, 0, 1));
    const { next, leave } = watch({ phases: [AnalysisPhase.FAILED], stage: "uat", freight: "collection-f1", since });
    expect(await next()).toBe("list b");
    put({ name: "older", second: 0, phase: "Failed" });
    put({ name: "a", second: 1, phase: "Failed" });
    expect(await next()).toBe("added a");
    put({ name: "b", second: 2, phase: "Running" });
    expect(await next()).toBe("left b");
    leave();
  });

  it("are no more than the limit: newer ones displace older ones, which come back when there is room", async () => {
    for (const [second, name] of ["a", "b"].entries()) put({ name, second });
    const { next, leave } = watch({ limit: 2 });
    expect(await next()).toBe("list b a");
    put({ name: "c", second: 5 });
    expect(await next()).toBe("left a, added c, …");
    remove("c");
    expect(await next()).toBe("deleted c, added a");
    leave();
  });

  it("are those of Stages that the caller may read, for as long as they may", async () => {
    world().cluster.put({
      apiVersion: "kargo.akuity.io/v1alpha1",
      kind: "Stage",
      metadata: { name: "x", namespace: "shop" },
    });
    put({ name: "a" });
    const free: KubeObject = { ...made({ name: "free", second: 1 }) };
    world().cluster.put({ ...free, metadata: { ...free.metadata, labels: {} } });
    runs.add("free");
    const { next, leave } = watch();
    expect(await next()).toBe("list free a");
    take("Role", "reader", 1);
    await waits.until(isRecheck);
    waits.pass(isRecheck);
    expect(await next()).toBe("left a");
    leave();
  });

  it.each([
    ["AUTHORIZATION_LOST", "PermissionDenied", "AUTHORIZATION_LOST", () => take("RoleBinding", "reader")],
    ["TOKEN_EXPIRED", "Unauthenticated", "TOKEN_EXPIRED", () => take("Token", "reader")],
    ["SOURCE_FAILED", "Internal", "KUBERNETES_REFUSED", () => take("ClusterRoleBinding", "gateway")],
  ])("end with %s when the caller loses the permission, or a review fails", async (end, code, reason, happens) => {
    put({ name: "a" });
    const { next } = watch();
    expect(await next()).toBe("list a");
    await waits.until(isRecheck);
    happens();
    waits.pass(isRecheck);
    expect(await next()).toBe(`end ${end}`);
    expect(await errorOf(next())).toMatchObject({ code, reason });
  });

  it("are denied to callers who may only list, as if there were no such project", async () => {
    put({ name: "a" });
    const refused = await errorOf(watch({}, TOKENS.lister).next());
    expect(refused).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
    const unknown = await errorOf(watch({ namespace: "none" }).next());
    expect(unknown?.message).toBe(refused?.message.replace("shop", "none"));
  });

  describe("with a name", () => {
    const GETTER = "token-of-getter";
    const RBAC = "rbac.authorization.k8s.io/v1";
    /** A caller who may only get the run "a" by name and its Stage, and neither list nor watch. */
    const grant = (names: readonly string[]): void => {
      const rules = [
        { apiGroups: ["argoproj.io"], resources: ["analysisruns"], verbs: ["get"], resourceNames: names },
        { apiGroups: ["kargo.akuity.io"], resources: ["stages"], verbs: ["get"], resourceNames: ["uat"] },
      ];
      const metadata = { name: "getter", namespace: "shop" };
      for (const object of [
        {
          apiVersion: "demo.taffrail/v1",
          kind: "Token",
          metadata: { name: "getter" },
          token: GETTER,
          user: { username: "getter" },
        },
        { apiVersion: RBAC, kind: "Role", metadata, rules },
        {
          apiVersion: RBAC,
          kind: "RoleBinding",
          metadata,
          roleRef: { kind: "Role", name: "getter" },
          subjects: [{ kind: "User", name: "getter" }],
        },
      ]) {
        world().cluster.put(object as KubeObject);
      }
    };

    it("is sent with every change to callers who may get it only by name", async () => {
      grant(["a"]);
      put({ name: "a" });
      put({ name: "b", second: 1 });
      const { next, leave } = watch({ name: "a" }, GETTER);
      expect(await next()).toBe("list a");
      put({ name: "b", second: 1, phase: "Failed" });
      // This change does not appear in a list.
      world().cluster.put({ ...made({ name: "a" }), spec: { metrics: [{ name: "more" }] } } as KubeObject);
      expect(await next()).toBe("modified a");
      remove("a");
      expect(await next()).toBe("deleted a");
      put({ name: "a", second: 2 });
      expect(await next()).toBe("added a");
      leave();
    });

    it("has the version that GetAnalysisRun reports", async () => {
      put({ name: "a" });
      const client = createClient(AnalysisRunLogService, world().transport(protocol));
      const ref = { namespace: "shop", name: "a" };
      const read = async () => (await client.getAnalysisRun(ref, as(TOKENS.reader))).analysisRun?.summary?.version;
      const leave = new AbortController();
      const stream = client.watchAnalysisRuns(ref, { ...as(TOKENS.reader), signal: leave.signal });
      const messages = stream[Symbol.asyncIterator]();
      const told = async (): Promise<string | undefined> => {
        const { event } = (await messages.next()).value as WatchAnalysisRunsResponse;
        if (event.case === "list") return event.value.analysisRuns[0]?.version;
        return event.case === "changes" ? event.value.changes[0]?.analysisRun?.version : told();
      };
      const first = await told();
      expect([typeof first, first]).toEqual(["string", await read()]);
      put({ name: "a", phase: "Failed" });
      const second = await told();
      expect(second).toBe(await read());
      expect(second).not.toBe(first);
      leave.abort();
      const { analysisRuns } = await client.listAnalysisRuns({ namespace: "shop" }, as(TOKENS.reader));
      expect(analysisRuns.map(({ version }) => version)).toEqual([""]);
    });

    it("need not exist, and is absent if its Stage may not be read", async () => {
      const { next, leave } = watch({ name: "a" });
      expect(await next()).toBe("list");
      put({ name: "a" });
      expect(await next()).toBe("added a");
      leave();
      const hidden = watch({ name: "a" }, TOKENS.stageless);
      expect(await hidden.next()).toBe("list");
      hidden.leave();
    });

    it("is denied to callers who may get another, whether or not it exists, and ends with the permission", async () => {
      grant(["a"]);
      put({ name: "a" });
      put({ name: "b" });
      const [there, gone] = await Promise.all(["b", "none"].map((name) => errorOf(watch({ name }, GETTER).next())));
      expect(there).toMatchObject({ code: "PermissionDenied", reason: "ACCESS_DENIED" });
      expect(gone?.message).toBe(there?.message);
      expect(await errorOf(watch({ name: "Not A Name" }, GETTER).next())).toMatchObject({ code: "InvalidArgument" });
      const { next } = watch({ name: "a" }, GETTER);
      expect(await next()).toBe("list a");
      await waits.until(isRecheck);
      grant(["b"]);
      waits.pass(isRecheck);
      expect(await next()).toBe("end AUTHORIZATION_LOST");
      expect(await errorOf(next())).toMatchObject({ code: "PermissionDenied" });
    });
  });

  it("are never silent for more than 15 seconds", async () => {
    put({ name: "a" });
    const { next, any, leave } = watch();
    expect(await next()).toBe("list a");
    for (let round = 0; round < 2; round += 1) {
      const heartbeat = any();
      await waits.until(isSilence);
      waits.pass(isSilence);
      expect(await heartbeat).toBe("heartbeat");
    }
    leave();
  });

  it("are neither lost nor doubled when the watch breaks and its version is too old", async () => {
    for (const [second, name] of ["gone", "changed", "same"].entries()) put({ name, second });
    const { next, leave } = watch();
    expect(await next()).toBe("list same changed gone");
    world().cutFromCluster();
    remove("gone");
    put({ name: "changed", second: 1, phase: "Failed" });
    put({ name: "new", second: 4 });
    world().cluster.forget();
    expect(await next()).toBe("deleted gone, modified changed, added new");
    put({ name: "last", second: 5 });
    expect(await next()).toBe("added last");
    leave();
  });

  it("count as open streams, and end when the server stops", async () => {
    const own = await startWorld({ config: { limits: { streamsPerCaller: 1 }, shutdown: { drain: "0ms" } } });
    own.cluster.put(made({ name: "a" }));
    const { next } = watching(own.transport(protocol));
    expect(await next()).toBe("list a");
    expect(await errorOf(watching(own.transport(protocol)).next())).toMatchObject({ reason: "TOO_MANY_STREAMS" });
    const stopped = own.gateway.stop();
    expect(await next()).toBe("end SERVER_SHUTDOWN");
    expect(await errorOf(next())).toMatchObject({ code: "Unavailable", reason: "SERVER_SHUTDOWN" });
    await stopped;
    await own.close();
  });
});

describe.each(PROTOCOLS)("listed runs over $name", (protocol) => {
  const world = useWorld();
  const list = async (wish: Wish) => {
    const client = createClient(AnalysisRunLogService, world().transport(protocol));
    const { analysisRuns } = await client.listAnalysisRuns({ namespace: "shop", ...wish }, as(TOKENS.reader));
    return analysisRuns.map(({ name }) => name).join(" ");
  };

  it("are filtered by Freight, collection and time", async () => {
    for (const [second, name] of ["a", "b", "c"].entries()) {
      world().cluster.put(made({ name, second, freight: name === "b" ? "f2" : "f1" }));
    }
    const at = (second: number) => timestampFromMs(Date.UTC(2026, 0, 1, 0, 0, second));
    expect(await list({})).toBe("c b a");
    expect(await list({ freight: "f1" })).toBe("c a");
    expect(await list({ freight: "collection-f2" })).toBe("b");
    expect(await list({ freight: "f" })).toBe("");
    expect(await list({ since: at(1) })).toBe("c b");
    expect(await list({ since: { ...at(1), nanos: 1 } })).toBe("c");
    expect(await list({ until: at(1) })).toBe("a");
    expect(await list({ since: at(1), until: at(2), freight: "f2" })).toBe("b");
  });
});
