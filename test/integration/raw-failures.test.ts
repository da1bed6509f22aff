import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type Answer, hangs, refuses, sends, sendsThenHangs, sendsThenResets } from "../fakes/scripted-store.ts";
import { HTTP_VERSIONS, type HttpAnswer } from "./http-versions.ts";
import { TOKENS } from "./objects.ts";
import { SECRETS, useWorld, type World } from "./world.ts";

/** How to cause each kind of failure before the first byte, with the status and the reason that follow. */
const KINDS: readonly (readonly [string, (world: World) => [path: string, token?: string], number, string])[] = [
  ["bad-request", () => ["/raw/shop/Uat"], 400, "NAME_INVALID"],
  ["unauthenticated", () => ["/raw/shop/uat.run", "rubbish"], 401, "TOKEN_REFUSED"],
  ["denied", (world) => [pathTo(world, hangs), TOKENS.stranger], 403, "ACCESS_DENIED"],
  ["not-found", (world) => [pathTo(world, refuses(404))], 404, "LOG_NOT_FOUND"],
  ["not-yet", (world) => [pathToPending(world)], 409, "JOB_NOT_STARTED"],
  ["unavailable", (world) => [pathTo(world, refuses(500))], 503, "SOURCE_UNAVAILABLE"],
  ["refused", (world) => [pathTo(world, refuses(403))], 502, "BACKEND_REFUSED"],
  ["silent", (world) => [pathTo(world, hangs)], 504, "SOURCE_SILENT"],
  ["damaged", (world) => [pathTo(world, sends(gzipSync("half\n").subarray(0, 9)))], 500, "SOURCE_DAMAGED"],
  ["internal", (world) => [pathToBroken(world)], 500, "INTERNAL"],
];

function pathTo(world: World, answer: Answer): string {
  const { namespace, name } = world.addLog(answer);
  return `/raw/${namespace}/${name}`;
}

function pathToPending(world: World): string {
  return put(world, "uat.pending", { metrics: [{ name: "checks", provider: { job: {} } }] });
}

function pathToBroken(world: World): string {
  return put(world, "uat.broken", { metrics: "vault" });
}

function put(world: World, name: string, spec: object): string {
  const metadata = { name, namespace: "shop", labels: { "kargo.akuity.io/stage": "uat" } };
  world.cluster.put({ apiVersion: "argoproj.io/v1alpha1", kind: "AnalysisRun", metadata, spec });
  return `/raw/shop/${name}`;
}

describe.each(HTTP_VERSIONS)("a failure on the raw route over $version", ({ version, ask }) => {
  const world = useWorld({ timeouts: { idle: "100ms" }, config: { limits: { logBytes: "64KiB" } } });
  // A short timeout: no store of this test answers.
  const impatient = useWorld({ timeouts: { headers: "50ms" } });
  const unconfigured = useWorld({ config: { sources: [] } });
  const get = (path: string, token: string = TOKENS.reader, { port } = world()) =>
    ask(port, { path, headers: { authorization: `Bearer ${token}` } });

  function expectTold({ body, headers }: HttpAnswer, reason: string, { store } = world()): void {
    expect(body).toMatch(new RegExp(`^taffrail: .*\\. \\(${reason}\\)\n`));
    expect(body).toMatch(/\n {2}ref: [0-9a-f]{8}\n$/);
    expect(body).not.toMatch(SECRETS);
    expect(body).not.toContain(new URL(store.origin).port);
    expect(headers).toMatchObject({ "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" });
  }

  it.each(KINDS)("of kind %s has its status before the first byte", async (kind, arrange, status, reason) => {
    const asked = kind === "silent" ? impatient() : world();
    const [path, token] = arrange(asked);
    const answer = await get(path, token, asked);
    expect([answer.status, answer.whole]).toEqual([status, true]);
    expectTold(answer, reason, asked);
  });

  it.each(KINDS)("of kind %s is text with status 200 with errors=text", async (kind, arrange, _, reason) => {
    const asked = kind === "silent" ? impatient() : world();
    const [path, token] = arrange(asked);
    const answer = await get(`${path}?errors=text`, token, asked);
    expect([answer.status, answer.whole]).toEqual([200, true]);
    expectTold(answer, reason, asked);
  });

  it("of kind not-configured has its status", async () => {
    const path = pathTo(unconfigured(), hangs);
    const answer = await get(path, TOKENS.reader, unconfigured());
    expect(answer.status).toBe(501);
    expectTold(answer, "NOT_CONFIGURED", unconfigured());
  });

  it.each([
    ["breaks off", sendsThenResets("half\n"), "half\n", "SOURCE_FAILED"],
    [
      "has only damaged data from there on",
      sends(Buffer.concat([gzipSync("half\n"), Buffer.from("!")])),
      "half\n",
      "SOURCE_DAMAGED",
    ],
    ["falls silent", sendsThenHangs("half\n"), "half\n", "SOURCE_STALLED"],
    ["goes on for too long", sendsThenHangs("x".repeat(70_000)), "x".repeat(65_536), "LIMIT_REACHED"],
  ])("in the middle of a log, when the store %s, cannot be mistaken for its end", async (_, answer, sent, reason) => {
    const path = pathTo(world(), answer);
    const cut = await get(path);
    expect([cut.status, cut.whole]).toEqual([200, false]);
    // Only a reset may overtake what was sent before it.
    expect(cut.body === sent || (version === "HTTP/1.0" && sent.startsWith(cut.body))).toBe(true);

    const told = await get(`${path}?errors=text`);
    expect([told.status, told.whole]).toEqual([200, true]);
    expect(told.body.startsWith(`${sent}\ntaffrail: `)).toBe(true);
    expect(told.body.slice(sent.length)).toContain(`(${reason})`);
    expect(told.body).not.toMatch(SECRETS);
    await world().store.untilAnswering(0);
  });
});
