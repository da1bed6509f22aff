import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../gen/grpc/health/v1/health_pb.ts";
import { hangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { PROTOCOLS } from "./protocols.ts";
import { errorOf, readLog } from "./read-log.ts";
import { DEBUG, startWorld, useWorld } from "./world.ts";

const NAMES = ["", "akuity.io.kargo.service.v1alpha1.KargoService", "taffrail.v1.AnalysisRunLogService"];

describe.each(PROTOCOLS)("health over $name", (protocol) => {
  const world = useWorld();
  const client = () => createClient(Health, world().transport(protocol));

  it("is reported for the server and each service", async () => {
    for (const service of NAMES) expect((await client().check({ service })).status).toBe(Status.SERVING);
    const { statuses } = await client().list({});
    expect(Object.keys(statuses).sort()).toEqual(NAMES);
    expect(Object.values(statuses).map(({ status }) => status)).toEqual(NAMES.map(() => Status.SERVING));
  });

  it("is unknown for other services", async () => {
    expect((await errorOf(client().check({ service: "taffrail.v2.X" }))).code).toBe("NotFound");
  });

  it("can be watched until the server stops", async () => {
    const stopping = await startWorld();
    const health = createClient(Health, stopping.transport(protocol));
    const watches = ["", "taffrail.v2.X"].map((service) => health.watch({ service })[Symbol.asyncIterator]());
    const [known, unknown] = watches;
    expect((await known?.next())?.value.status).toBe(Status.SERVING);
    expect((await unknown?.next())?.value.status).toBe(Status.SERVICE_UNKNOWN);
    const stopped = stopping.gateway.stop();
    expect((await known?.next())?.value.status).toBe(Status.NOT_SERVING);
    expect(await known?.next()).toMatchObject({ done: true });
    expect(await unknown?.next()).toMatchObject({ done: true });
    await stopped;
    await stopping.close();
  });

  it("can be watched for longer than a request may take to arrive", async () => {
    const leave = new AbortController();
    const watch = client().watch({}, { signal: leave.signal })[Symbol.asyncIterator]();
    expect((await watch.next()).value.status).toBe(Status.SERVING);
    leave.abort();
    expect((await errorOf(watch.next())).code).toBe("Canceled");
    await world().untilLogged(1, ({ method, code }) => String(method).endsWith("/Watch") && code === "Canceled");
    expect(world().log.filter(({ level, code }) => level > DEBUG && code === "Canceled")).toEqual([]);
  });
});

describe.each(PROTOCOLS)("watches of health over $name", (protocol) => {
  const waits = createWaits();
  const isWatch = (ms: number) => ms === 600_000;
  const limits = { publicStreams: 4, publicStreamsPerAddress: 3, proxies: 1 };
  const world = useWorld({ wait: waits.wait, config: { limits } });
  const watch = async (address: string, signal?: AbortSignal) => {
    const headers = { "x-forwarded-for": address };
    const options = { headers, ...(signal && { signal }) };
    const watching = createClient(Health, world().transport(protocol)).watch({}, options)[Symbol.asyncIterator]();
    expect((await watching.next()).value.status).toBe(Status.SERVING);
    return watching;
  };
  const refusal = (error: unknown) =>
    expect(error).toMatchObject({ code: "ResourceExhausted", reason: "TOO_MANY_STREAMS" });

  it("are limited in total and for each address, and end after ten minutes", async () => {
    const leave = new AbortController();
    const first = await watch("192.0.2.1", leave.signal);
    const others = [await watch("192.0.2.1"), await watch("192.0.2.1")];
    refusal(await errorOf(watch("192.0.2.1")));
    others.push(await watch("2001:db8::1"));
    refusal(await errorOf(watch("192.0.2.3")));

    leave.abort();
    expect((await errorOf(first.next())).code).toBe("Canceled");
    while (waits.pending.filter(isWatch).length > 3) await new Promise(setImmediate);
    others.push(await watch("2001:db8::2"));

    await waits.until(isWatch, 4);
    waits.pass(isWatch);
    for (const each of others) expect(await each.next()).toMatchObject({ done: true });
    await Promise.all(["192.0.2.1", "192.0.2.1", "192.0.2.1"].map((address) => watch(address)));
  });
});

describe("health over plain HTTP", () => {
  const world = useWorld();

  it.each(["/healthz", "/readyz"])("is served at %s and never cached", async (path) => {
    const response = await fetch(world().url + path);
    expect([response.status, await response.text()]).toEqual([200, "ok\n"]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect((await fetch(world().url + path, { method: "HEAD" })).status).toBe(200);
    expect((await fetch(world().url + path, { method: "POST" })).status).toBe(405);
  });

  it("does not depend on the store", async () => {
    await world().store.close();
    expect((await fetch(`${world().url}/readyz`)).status).toBe(200);
    const [protocol] = PROTOCOLS;
    if (protocol === undefined) throw new Error("There is no protocol.");
    const { error } = await readLog(world().transport(protocol), world().addLog(hangs));
    expect(error?.code).toBe("Unavailable");
  });
});
