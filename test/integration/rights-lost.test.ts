import { get } from "node:http";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { EndReason } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { KubeObject } from "../../src/demo/objects.ts";
import { sendsThenHangs } from "../fakes/scripted-store.ts";
import { createWaits } from "../fakes/waits.ts";
import { clusterObjects, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as, errorOf } from "./read-log.ts";
import { messagesOf } from "./read-messages.ts";
import { useWorld, type World } from "./world.ts";

const RECHECK_MS = 4_321;
const isRecheck = (ms: number): boolean => ms === RECHECK_MS;

const waits = createWaits();
const world = useWorld({ config: { follow: { recheck: `${RECHECK_MS}ms` } }, wait: waits.wait });
const changed = new Set<KubeObject>();

/** Removes these objects until the end of the test. */
function remove(kind: string, name: string): void {
  const objects = clusterObjects().filter((each) => each.kind === kind && each.metadata.name === name);
  if (objects.length === 0) throw new Error(`There is no ${kind} "${name}".`);
  for (const object of objects) {
    changed.add(object);
    world().cluster.remove(object);
  }
}

afterEach(() => {
  for (const object of changed) world().cluster.put(object);
  changed.clear();
  // Lets cached decisions expire.
  world().clock.advance(60_000);
});

/** A token of the reader that expires in ten seconds. */
function shortToken(): string {
  const exp = world().clock.now() / 1_000 + 10;
  const value = ["e30", Buffer.from(JSON.stringify({ exp })).toString("base64url"), "c2ln"].join(".");
  world().cluster.put({
    apiVersion: "demo.taffrail/v1",
    kind: "Token",
    metadata: { name: "short" },
    token: value,
    user: { username: "reader" },
  });
  return value;
}

const CASES = [
  {
    what: "the permission to read the project's runs is revoked",
    happens: () => remove("RoleBinding", "reader"),
    code: "PermissionDenied",
    reason: "AUTHORIZATION_LOST",
    end: EndReason.AUTHORIZATION_LOST,
  },
  {
    what: "the permission to read the Stage is revoked",
    happens: () => {
      const role = clusterObjects().find(
        ({ kind, metadata }) => kind === "Role" && metadata.name === "reader" && metadata.namespace === "shop",
      ) as KubeObject & { readonly rules: readonly object[] };
      changed.add(role);
      world().cluster.put({ ...role, rules: role.rules.slice(0, 1) });
    },
    code: "PermissionDenied",
    reason: "AUTHORIZATION_LOST",
    end: EndReason.AUTHORIZATION_LOST,
  },
  {
    what: "the cluster no longer knows the token",
    happens: () => remove("Token", "reader"),
    code: "Unauthenticated",
    reason: "TOKEN_EXPIRED",
    end: EndReason.TOKEN_EXPIRED,
  },
  {
    what: "the token expires",
    token: shortToken,
    happens: () => world().clock.advance(10_000),
    code: "Unauthenticated",
    reason: "TOKEN_EXPIRED",
    end: EndReason.TOKEN_EXPIRED,
  },
  {
    what: "the gateway may no longer review access",
    happens: () => remove("ClusterRoleBinding", "gateway"),
    code: "Internal",
    reason: "KUBERNETES_REFUSED",
    end: EndReason.SOURCE_FAILED,
  },
] as const;

describe.each(PROTOCOLS)("an open log, over $name", (protocol) => {
  it.each(CASES)(
    "ends with $reason when $what",
    async (each) => {
      const token = "token" in each ? each.token() : TOKENS.reader;
      const messages = messagesOf(world().transport(protocol), world().addLog(sendsThenHangs("begin\n")), as(token));
      for (let message = await messages.next(); message.value?.text !== "begin\n"; ) message = await messages.next();
      await waits.until(isRecheck);
      each.happens();
      waits.pass(isRecheck);
      let ended = await messages.next();
      while (ended.value?.end === undefined) ended = await messages.next();
      expect(ended.value.end).toMatchObject({ reason: each.end, lines: 1n });
      expect(ended.value.cursor).not.toBe("");
      expect(await errorOf(messages.next())).toMatchObject({ code: each.code, reason: each.reason });
      await world().store.untilAnswering(0);
      await waits.untilNone();
    },
    10_000,
  );

  it("continues through every re-check while its caller may read it", async () => {
    const leave = new AbortController();
    let append: (text: string) => void = () => {};
    const ref = world().addLog((response) => {
      append = (more) => response.write(more);
      response.writeHead(200, { "content-type": "text/plain" });
      append("begin\n");
    });
    const options = { ...as(TOKENS.reader), signal: leave.signal };
    const messages = messagesOf(world().transport(protocol), ref, options);
    for (let message = await messages.next(); message.value?.text !== "begin\n"; ) message = await messages.next();
    for (let round = 1; round <= 3; round += 1) {
      await waits.until(isRecheck);
      waits.pass(isRecheck);
      await waits.until(isRecheck);
      append(`round ${round}\n`);
      expect((await messages.next()).value?.text).toBe(`round ${round}\n`);
    }
    leave.abort();
    await errorOf(messages.next());
    await waits.untilNone();
  });
});

describe("an open raw log", () => {
  const open = async ({ url }: World, query: string, token: string) => {
    const { namespace, name } = world().addLog(sendsThenHangs("begin\n"));
    const headers = { authorization: `Bearer ${token}` };
    const body = text(
      await new Promise((resolve) => {
        get(`${url}/raw/${namespace}/${name}${query}`, { headers, agent: false }, resolve);
      }),
    );
    body.catch(() => undefined);
    await waits.until(isRecheck);
    return { body };
  };

  it.each(CASES.filter((each) => !("token" in each)))(
    "is cut off when $what, or ends with the error as text",
    async (each) => {
      const cut = await open(world(), "", TOKENS.reader);
      const told = await open(world(), "?errors=text", TOKENS.reader);
      // Both share one re-check, so only the store's requests show that both are open.
      await world().store.untilAnswering(2);
      each.happens();
      waits.pass(isRecheck);
      await expect(cut.body).rejects.toMatchObject({ code: "ECONNRESET" });
      expect(await told.body).toMatch(new RegExp(`^begin\\n\\n.*\\(${each.reason}\\)`, "s"));
      await waits.untilNone();
    },
  );
});
