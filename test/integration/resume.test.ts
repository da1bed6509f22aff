import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storedObject } from "../fakes/stored-object.ts";
import { grep, madeLog, timeAt } from "./made-log.ts";
import { analysisRun, TOKENS } from "./objects.ts";
import { PROTOCOLS } from "./protocols.ts";
import { as } from "./read-log.ts";
import { type Request, readMessages, reasonOf, textOf } from "./read-messages.ts";
import { useWorld } from "./world.ts";

const KEYS = { cursors: { keys: [{ env: "CURSOR_KEY" }] } };
const GRPC = PROTOCOLS[0] as (typeof PROTOCOLS)[number];

const LOG = madeLog(9_000);

describe("a cursor", () => {
  const world = useWorld({ config: KEYS });
  const made = async (log = LOG, more: Request = {}) => {
    const object = storedObject(log);
    const run = world().addLog(object.answer);
    const messages = await readMessages(world().transport(GRPC), { ...run, ...more, limitBytes: 1_001n });
    return { object, run, begun: textOf(messages), cursor: messages.at(-1)?.cursor ?? "" };
  };
  const reason = (request: Request, options?: Parameters<typeof reasonOf>[2]) =>
    reasonOf(world().transport(GRPC), request, options);

  it("resumes at another gateway that knows its key, even if that signs with a different one", async () => {
    const { run, begun, cursor } = await made();
    for (const keys of [[{ env: "CURSOR_KEY" }], [{ env: "OTHER_KEY" }, { env: "CURSOR_KEY" }]]) {
      const other = await world().replica(GRPC, { cursors: { keys } });
      expect(begun + textOf(await readMessages(other, { ...run, cursor }))).toBe(LOG);
    }
  });

  it("is invalid where the key is unknown or generated", async () => {
    const { run, cursor } = await made();
    for (const keys of [[{ env: "OTHER_KEY" }], []]) {
      const other = await world().replica(GRPC, { cursors: { keys } });
      expect(await reasonOf(other, { ...run, cursor })).toBe("CURSOR_INVALID");
    }
  });

  it("is rejected when any of its bytes is changed, removed or added", async () => {
    const { run, cursor } = await made();
    await fc.assert(
      fc.asyncProperty(fc.nat(cursor.length - 1), fc.constantFrom("A", "_", "", "zz", "="), async (place, put) => {
        const forged = cursor.slice(0, place) + put + cursor.slice(place + 1);
        fc.pre(forged !== cursor && forged !== "");
        expect(await reason({ ...run, cursor: forged })).toBe("CURSOR_INVALID");
      }),
      { numRuns: 60 },
    );
  });

  it("works for no other caller, run or filter", async () => {
    const { run, cursor } = await made();
    const other = await made();
    const foreign: readonly Request[] = [
      { ...other.run, cursor },
      { ...run, cursor, grep: grep("ok") },
      { ...run, cursor, since: timeAt(0) },
      { ...run, cursor, timestamps: true },
      { ...run, cursor, containerName: "main" },
      { ...run, cursor, allContainers: true },
    ];
    for (const request of foreign) expect(await reason(request)).toBe("CURSOR_FOREIGN");
    // A caller without access learns nothing more.
    expect(await reason({ ...run, cursor }, as(TOKENS.stranger))).toBe("ACCESS_DENIED");
  });

  it("is stale when the run was deleted and created again", async () => {
    const { run, cursor } = await made();
    const [namespace = "", name = ""] = [run.namespace, run.name];
    const uid = "00000000-0000-4000-8000-00000000abcd";
    world().cluster.put(analysisRun({ namespace, name, uid, metrics: [{}] }));
    expect(await reason({ ...run, cursor })).toBe("CURSOR_STALE");
  });

  it.each([true, false])("is stale when the log was replaced or truncated (ranges supported: %s)", async (ranges) => {
    for (const now of [LOG.slice(0, 900), LOG.replaceAll("ok", "no"), "", LOG.slice(500)]) {
      const object = storedObject(LOG, { ranges });
      const run = world().addLog(object.answer);
      const cursor = (await readMessages(world().transport(GRPC), { ...run, limitBytes: 1_001n })).at(-1)?.cursor;
      object.bytes = Buffer.from(now);
      expect(await reason({ ...run, cursor: cursor ?? "" })).toBe("CURSOR_STALE");
    }
  });

  it("is valid for seven days", async () => {
    const { run, begun, cursor } = await made();
    const request = { ...run, cursor };
    const week = 7 * 24 * 3_600_000;
    world().clock.advance(week);
    expect(begun + textOf(await readMessages(world().transport(GRPC), request))).toBe(LOG);
    world().clock.advance(1_000);
    expect(await reason(request)).toBe("CURSOR_STALE");
  });
});

describe("the last lines of a large object", () => {
  const world = useWorld();
  const line = (index: number): string => `${index} ${"x".repeat(index % 90)}\n`;

  it("are read from its end where the store supports ranges", async () => {
    const large = Buffer.concat([
      Buffer.alloc(100_000_000, `${"y".repeat(99)}\n`),
      Buffer.from([1, 2, 3].map(line).join("")),
    ]);
    const object = storedObject(large);
    const run = world().addLog(object.answer);
    const messages = await readMessages(world().transport(GRPC), { ...run, tailLines: 100n });
    const wanted = large.subarray(large.length - 97 * 100 - [1, 2, 3].map(line).join("").length).toString();
    expect(textOf(messages)).toBe(wanted);
    expect(messages.find(({ text }) => text !== "")).toMatchObject({
      firstLine: 1,
      offset: large.length - wanted.length,
    });
    expect(object.served).toBeLessThan(1_000_000);
  });

  it.each([true, false])("are as many as exist, with their numbers (ranges supported: %s)", async (ranges) => {
    for (const log of ["a\nb\nc\n", "a\nb\nc", "", "\n", "a", "\n\n\n"]) {
      const lines = log.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      for (const tail of [0, 1, 2, 3, 4, 10_000_000]) {
        const run = world().addLog(storedObject(log, { ranges }).answer);
        const messages = await readMessages(world().transport(GRPC), { ...run, tailLines: BigInt(tail) });
        const wanted = tail === 0 ? [] : lines.slice(-tail);
        expect(textOf(messages)).toBe(wanted.join(""));
        const first = messages.find(({ text }) => text !== "");
        const all = wanted.length === lines.length;
        const absolute = lines.length - wanted.length + 1;
        if (first !== undefined) expect(first.firstLine).toBe(ranges && !all ? 1 : absolute);
        if (first !== undefined) expect(first.offset).toBe(Buffer.byteLength(log) - Buffer.byteLength(wanted.join("")));
      }
    }
  });
});
