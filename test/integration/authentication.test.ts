import type { DescMethod, DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { KargoService } from "../../gen/akuity/io/kargo/service/v1alpha1/service_pb.ts";
import { Health } from "../../gen/grpc/health/v1/health_pb.ts";
import { AnalysisRunLogService } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import { sends } from "../fakes/scripted-store.ts";
import { TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { errorOf, readLog } from "./read-log.ts";
import { useWorld } from "./world.ts";

const LOG = "for authorized eyes\n";
const METHODS = [...AnalysisRunLogService.methods, ...KargoService.methods].map((method) => ({
  method,
  path: `${method.parent.typeName}/${method.name}`,
}));
const PUBLIC = AnalysisRunLogService.method.getServerInfo;

/** Calls a method that takes one message, and returns how many messages it answered with. */
async function call(transport: Transport, method: DescMethod, token: string | undefined): Promise<number> {
  const header = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const input = { namespace: "shop", name: "uat.run-1" };
  if (method.methodKind === "unary") {
    await transport.unary(method as DescMethodUnary, undefined, undefined, header, input);
    return 1;
  }
  if (method.methodKind !== "server_streaming") throw new Error(`${method.name} takes a stream.`);
  const inputs = (async function* () {
    yield input;
  })();
  const streaming = method as DescMethodServerStreaming;
  let count = 0;
  for await (const _ of (await transport.stream(streaming, undefined, undefined, header, inputs)).message) count += 1;
  return count;
}

describe.each(PROTOCOLS)("authentication over $name", (protocol) => {
  const world = useWorld();
  const transport = () => world().transport(protocol);
  const withHeader = (authorization?: string) =>
    readLog(transport(), world().addLog(sends(LOG)), { headers: authorization === undefined ? {} : { authorization } });

  it.each(["Bearer", "bearer", "BEARER"])("challenges with WWW-Authenticate for the scheme %s", async (scheme) => {
    expect(await withHeader(`${scheme} ${TOKENS.reader}`)).toMatchObject({ text: LOG, error: undefined });
  });

  it.each([
    ["no header", undefined, "TOKEN_MISSING"],
    ["an empty header", "", "TOKEN_MISSING"],
    ["another scheme", `Basic ${TOKENS.reader}`, "TOKEN_MISSING"],
    ["a token without a scheme", TOKENS.reader, "TOKEN_MISSING"],
    ["a scheme without a token", "Bearer ", "TOKEN_MISSING"],
    ["two tokens", `Bearer ${TOKENS.reader} ${TOKENS.reader}`, "TOKEN_MISSING"],
    ["two headers in one", `Bearer ${TOKENS.reader}, Bearer ${TOKENS.reader}`, "TOKEN_MISSING"],
    ["a token that nobody has", "Bearer rubbish", "TOKEN_REFUSED"],
    ["the beginning of a token", `Bearer ${TOKENS.reader.slice(0, -1)}`, "TOKEN_REFUSED"],
    ["a token longer than any", `Bearer ${"x".repeat(20_000)}`, "TOKEN_REFUSED"],
  ])("rejects %s", async (_, authorization, reason) => {
    const { kinds, error } = await withHeader(authorization);
    expect(kinds).toEqual([]);
    expect(error).toMatchObject({ code: "Unauthenticated", reason });
    expect(error?.whole).not.toContain("rubbish");
  });

  it("that fails is in the log with the reason and the reference that the caller has", async () => {
    const from = world().log.length;
    const { error } = await withHeader("Bearer rubbish");
    const reference = expect.stringMatching(/^[0-9a-f]{8}$/);
    const calls = () =>
      world()
        .log.slice(from)
        .filter(({ msg }) => msg === "call");
    expect(calls()).toMatchObject([{ level: 30, code: "Unauthenticated", reason: "TOKEN_REFUSED", reference }]);
    expect(error?.whole).toContain(String(calls()[0]?.reference));
  });

  it.each([40_000, 64_000])("rejects a token of %i characters, and says why", async (length) => {
    const asked = world().store.asked.length;
    const { kinds, error } = await withHeader(`Bearer ${"x".repeat(length)}`);
    expect(kinds).toEqual([]);
    // Over HTTP/1.1 before its request is known; streams of Connect have no place for it.
    const reasons = {
      h2c: "The token is longer than 16 KiB.",
      "gRPC-Web": "The headers of the request are larger than 32 KiB, most likely because of its token.",
      Connect: "HTTP 431",
    };
    const [, message] = Object.entries(reasons).find(([name]) => protocol.name.includes(name)) ?? [];
    expect(error?.message).toBe(message);
    expect(world().store.asked.length).toBe(asked);
    expect((await withHeader(`Bearer ${TOKENS.reader}`)).text).toBe(LOG);
  });

  it.each(METHODS)("requires a token for $path unless it is public", async ({ method }) => {
    for (const token of [undefined, "rubbish"]) {
      const calling = call(transport(), method, token);
      if (method === PUBLIC) expect(await calling).toBe(1);
      else
        expect(await errorOf(calling)).toMatchObject({
          code: "Unauthenticated",
          reason: expect.stringMatching(/^TOKEN_/),
        });
    }
  });

  it("requires none for health checks, even if the token is invalid", async () => {
    const health = createClient(Health, transport());
    await expect(health.check({})).resolves.toMatchObject({ status: 1 });
    await expect(health.list({}, { headers: { authorization: "Bearer rubbish" } })).resolves.toBeDefined();
  });

  it("authenticates before it validates the request", async () => {
    const { error } = await readLog(transport(), { namespace: "../x", name: "" }, {});
    expect(error).toMatchObject({ code: "Unauthenticated", reason: "TOKEN_MISSING" });
  });

  it("logs no token", async () => {
    await withHeader(`Bearer ${TOKENS.reader}`);
    await withHeader("Bearer rubbish");
    expect(JSON.stringify(world().log)).not.toMatch(/rubbish|token-of-|s3cret/);
  });
});
