import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hangs, type ScriptedStore, sends, startScriptedStore } from "../fakes/scripted-store.ts";
import { PROTOCOLS } from "./protocols.ts";
import { readLog } from "./read-log.ts";
import { SECRETS, startWorld, type World } from "./world.ts";

const [protocol] = PROTOCOLS;
if (protocol === undefined) throw new Error("no protocols");

describe("a store whose host contains an expression", () => {
  let store: ScriptedStore;
  beforeAll(async () => {
    store = await startScriptedStore();
    store.answer("/hidden-shelf", sends("hello\n"));
  });
  afterAll(() => store.close());

  const gateway = (allow: readonly string[]): Promise<World> => {
    const { port } = new URL(store.origin);
    const http = { url: `http://127.0.0.\${{ attempt }}:${port}/hidden-shelf`, hosts: ["127.0.0.*"] };
    return startWorld({ config: { sources: [{ name: "archive", http }], egress: { allow } } });
  };

  it("may not be a private address: callers get one sentence, and the server's log has the address", async () => {
    const world = await gateway([]);
    try {
      const { error, headers } = await readLog(world.transport(protocol), world.addLog(hangs));
      expect(error).toMatchObject({
        code: "Internal",
        reason: "BACKEND_REFUSED",
        message: 'No log: source "archive" has an address that the configuration does not allow.',
        sources: [{ outcome: "SOURCE_OUTCOME_REFUSED", fault: "SOURCE_FAULT_ADDRESS_NOT_ALLOWED" }],
      });
      expect(`${error?.whole}\n${headers}`).not.toMatch(SECRETS);
      expect(store.asked).toEqual([]);
      const entry = world.log.find(({ reference }) => reference === error?.reference);
      expect(entry).toMatchObject({ err: { message: expect.stringContaining("127.0.0.1 is private") } });
    } finally {
      await world.close();
    }
  });

  it("may be a private address that egress.allow lists", async () => {
    const world = await gateway(["127.0.0.0/8"]);
    try {
      expect(await readLog(world.transport(protocol), world.addLog(hangs))).toMatchObject({ text: "hello\n" });
    } finally {
      await world.close();
    }
  });
});
