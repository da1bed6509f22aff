import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type ApiServer, sendJson, startApiServer } from "../../test/fakes/api-server.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { Failure } from "../failure.ts";
import { createKubeApi, type KubeApi, type KubeLimits } from "./kube-api.ts";
import { ANALYSIS_RUNS, PODS } from "./resources.ts";

const never = new AbortController().signal;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const close of closing.splice(0)) await close();
});

/**
 * What the server does with one request: the lists and watches of a test come in the order in which it expects them.
 */
type Step = (response: ServerResponse, request: IncomingMessage) => void;

const object = (name: string, resourceVersion: number, more: object = {}) => ({
  metadata: { name, namespace: "shop", uid: `uid-${name}`, resourceVersion: String(resourceVersion) },
  ...more,
});
const listing =
  (resourceVersion: number, ...items: readonly object[]): Step =>
  (response) =>
    sendJson(response, 200, { metadata: { resourceVersion: String(resourceVersion) }, items });
const line = (type: string, body: object): string => `${JSON.stringify({ type, object: body })}\n`;
const bookmark = (version: number): string => line("BOOKMARK", { metadata: { resourceVersion: String(version) } });
const status =
  (code: number, headers: Record<string, string> = {}): Step =>
  (response) =>
    response.writeHead(code, headers).end(JSON.stringify({ message: "secret-word" }));

/** A watch that says these lines and ends well. */
const ends =
  (...lines: readonly string[]): Step =>
  (response) =>
    response.writeHead(200).end(lines.join(""));
/** One that says them and is broken off. */
const breaks =
  (...lines: readonly string[]): Step =>
  (response) => {
    response.writeHead(200).write(lines.join("") || "\n", () => response.socket?.resetAndDestroy());
  };
/** A connection that sends them and stays open. */
const stays =
  (...lines: readonly string[]): Step =>
  (response) => {
    response.writeHead(200).flushHeaders();
    if (lines.length > 0) response.write(lines.join(""));
  };

async function start(steps: readonly Step[], limits: KubeLimits = {}) {
  const left = [...steps];
  const server = await startApiServer((request, response) => {
    const step = left.shift();
    if (step === undefined) response.writeHead(418).end();
    else step(response, request);
  });
  const kube = createKubeApi(
    { server: server.url, credentials: async () => ({ headers: {}, tls: {} }) },
    { sleep: async () => {}, ...limits },
  );
  closing.push(
    () => server.close(),
    () => kube.close(),
  );
  return { server, kube };
}

/** A reader of the names and versions of each set. */
function reader(kube: KubeApi, signal = never, name = "a") {
  const sets = kube.watch(ANALYSIS_RUNS, "shop", { name }, signal)[Symbol.asyncIterator]();
  return {
    next: async (): Promise<readonly string[]> => {
      const { done, value } = await sets.next();
      if (done) throw new Error("The watch has ended.");
      return value.map((each: unknown) => {
        const { metadata } = each as ReturnType<typeof object>;
        return `${metadata.name}@${metadata.resourceVersion}`;
      });
    },
    leave: () => sets.return?.(),
  };
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  expect(`${(error as Failure).message} ${(error as Failure).next}`).not.toMatch(
    /127\.0\.0\.1|\/api|secret-word|ECONN/,
  );
  return error as Failure;
}

const queryOf = (server: ApiServer, index: number) =>
  Object.fromEntries(new URL(server.requests[index]?.split(" ")[1] ?? "", server.url).searchParams);

describe("a watch", () => {
  it("yields the objects, and all of them again after each change", async () => {
    const next: ((text: string) => void)[] = [];
    const { kube } = await start([
      listing(10, object("a", 5)),
      (response) => {
        response.writeHead(200).flushHeaders();
        next.push((text) => response.write(text));
      },
    ]);
    const { next: read } = reader(kube);
    expect(await read()).toEqual(["a@5"]);
    const say = async (text: string): Promise<readonly string[]> => {
      const reading = read();
      await expect.poll(() => next.length).toBe(1);
      next[0]?.(text);
      return reading;
    };
    expect(await say(line("MODIFIED", object("a", 11)))).toEqual(["a@11"]);
    expect(await say(line("ADDED", object("b", 12)))).toEqual(["a@11", "b@12"]);
    expect(await say(line("DELETED", object("a", 13)))).toEqual(["b@12"]);
  });

  it("requests one name, or labels, with bookmarks and an end after some minutes", async () => {
    const { kube, server } = await start([listing(10), stays(line("ADDED", object("a", 11)))]);
    const one = reader(kube);
    expect(await one.next()).toEqual([]);
    expect(await one.next()).toEqual(["a@11"]);
    expect(queryOf(server, 0)).toEqual({ limit: "16", fieldSelector: "metadata.name=a" });
    const { timeoutSeconds, ...query } = queryOf(server, 1);
    expect(query).toEqual({
      fieldSelector: "metadata.name=a",
      resourceVersion: "10",
      watch: "true",
      allowWatchBookmarks: "true",
    });
    expect(Math.abs(Number(timeoutSeconds) - 300)).toBeLessThanOrEqual(30);

    const labelled = await start([listing(10), stays(line("ADDED", object("a", 11)))]);
    const sets = labelled.kube.watch(PODS, undefined, { labelSelector: "x=y" }, never)[Symbol.asyncIterator]();
    await sets.next();
    await sets.next();
    expect(labelled.server.requests[0]).toBe("GET /api/v1/pods?limit=16&labelSelector=x%3Dy");
    expect(queryOf(labelled.server, 1)).toMatchObject({ labelSelector: "x=y", resourceVersion: "10" });
  });

  it("reads a long list to its end before it yields it, and watches from there", async () => {
    const { kube, server } = await start([
      (response) =>
        sendJson(response, 200, { metadata: { resourceVersion: "10", continue: "c" }, items: [object("a", 1)] }),
      listing(10, object("b", 2)),
      stays(line("DELETED", object("a", 11))),
    ]);
    const { next } = reader(kube);
    expect(await next()).toEqual(["a@1", "b@2"]);
    expect(await next()).toEqual(["b@2"]);
    expect(queryOf(server, 1)).toMatchObject({ continue: "c", fieldSelector: "metadata.name=a" });
    expect(queryOf(server, 2)).toMatchObject({ resourceVersion: "10" });
  });

  it("parses events wherever they are cut", async () => {
    const text = line("MODIFIED", object("a", 11, { note: "größer" })) + line("DELETED", object("a", 12));
    for (let size = 1; size < 40; size += 7) {
      const { kube } = await start([
        listing(10, object("a", 5)),
        async (response) => {
          response.writeHead(200).flushHeaders();
          const bytes = Buffer.from(text);
          for (let at = 0; at < bytes.length; at += size) {
            await new Promise((resolve) => response.write(bytes.subarray(at, at + size), resolve));
          }
        },
      ]);
      const { next, leave } = reader(kube);
      expect(await next()).toEqual(["a@5"]);
      let last = await next();
      while (last.length > 0) {
        expect(last).toEqual(["a@11"]);
        last = await next();
      }
      await leave();
    }
  });

  it("keeps only the newest set for a busy reader", async () => {
    const said = createGate();
    const lines = Array.from({ length: 500 }, (_, index) => line("MODIFIED", object("a", 11 + index)));
    const { kube } = await start([
      listing(10, object("a", 5)),
      ends(...lines),
      (response) => {
        said.open();
        stays()(response, undefined as never);
      },
    ]);
    const { next } = reader(kube);
    expect(await next()).toEqual(["a@5"]);
    // The next watch is asked for when all of the first one was read.
    await said.opened;
    expect(await next()).toEqual(["a@510"]);
  });

  it("ignores events without a change", async () => {
    const { kube } = await start([
      listing(10, object("a", 5)),
      stays(
        bookmark(11) +
          line("ADDED", object("a", 5)) +
          line("DELETED", object("gone", 12)) +
          line("MODIFIED", object("a", 13)),
      ),
    ]);
    const { next } = reader(kube);
    expect([await next(), await next()]).toEqual([["a@5"], ["a@13"]]);
  });

  it("yields nothing, for ever, for an invalid name", async () => {
    const { kube, server } = await start([]);
    const leaving = new AbortController();
    const { next } = reader(kube, leaving.signal, "../a");
    expect(await next()).toEqual([]);
    const waiting = next();
    leaving.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    expect(server.requests).toEqual([]);
  });
});

describe("a watch that ends", () => {
  it("is resumed from the last version that arrived", async () => {
    const { kube, server } = await start([
      listing(10, object("a", 5)),
      ends(line("MODIFIED", object("a", 11)), bookmark(20)),
      stays(line("MODIFIED", object("a", 21))),
    ]);
    const { next } = reader(kube);
    await next();
    let set = await next();
    if (set[0] === "a@11") set = await next();
    expect(set).toEqual(["a@21"]);
    expect(queryOf(server, 2)).toMatchObject({ resourceVersion: "20" });
  });

  it.each<[string, Step]>([
    ["a status", status(410)],
    ["an event", ends(line("ERROR", { code: 410, reason: "Expired", message: "too old resource version" }))],
    ["an event of another kind", ends(line("ERROR", { code: 500, message: "etcd" }))],
  ])("by %s with an expired version is restarted with a list", async (_what, expired) => {
    const { kube, server } = await start([
      listing(10, object("a", 5), object("b", 6)),
      expired,
      listing(30, object("a", 25)),
      stays(line("MODIFIED", object("a", 31))),
    ]);
    const { next } = reader(kube);
    expect(await next()).toEqual(["a@5", "b@6"]);
    expect(await next()).toEqual(["a@25"]);
    expect(await next()).toEqual(["a@31"]);
    expect(server.requests).toHaveLength(4);
    expect(queryOf(server, 3)).toMatchObject({ resourceVersion: "30" });
  });

  it("yields nothing for a new list that equals the old one", async () => {
    const { kube } = await start([
      listing(10, object("a", 5)),
      status(410),
      listing(30, object("a", 5)),
      stays(line("MODIFIED", object("a", 31))),
    ]);
    const { next } = reader(kube);
    expect([await next(), await next()]).toEqual([["a@5"], ["a@31"]]);
  });

  it("is restarted if a list expires before it was read", async () => {
    const { kube } = await start([
      (response) =>
        sendJson(response, 200, { metadata: { resourceVersion: "10", continue: "c" }, items: [object("a", 1)] }),
      status(410),
      listing(30, object("b", 2)),
    ]);
    expect(await reader(kube).next()).toEqual(["b@2"]);
  });

  it.each<[string, Step]>([
    ["broken off", breaks(line("MODIFIED", object("a", 11)), '{"type":"MODI')],
    ["answered with 429", status(429, { "retry-after": "2" })],
    ["answered with 503", status(503)],
    ["reset", (_, request) => request.socket.resetAndDestroy()],
  ])("because it is %s is resumed after a moment", async (what, trouble) => {
    const waits: number[] = [];
    const { kube } = await start([listing(10, object("a", 5)), trouble, stays(line("MODIFIED", object("a", 21)))], {
      sleep: async (ms) => void waits.push(ms),
    });
    const { next } = reader(kube);
    let set: readonly string[] = [];
    while (set[0] !== "a@21") set = await next();
    expect(waits).toHaveLength(1);
    if (what.includes("429")) expect(waits[0]).toBeGreaterThanOrEqual(2_000);
  });

  it("fails after four tries without a response, after it has yielded the last set", async () => {
    const { kube, server } = await start([
      listing(10, object("a", 5)),
      breaks(line("MODIFIED", object("a", 11))),
      status(503),
      breaks(),
      (_, request) => request.socket.resetAndDestroy(),
      status(503),
    ]);
    const { next } = reader(kube);
    let failure: Failure | undefined;
    let last: readonly string[] = [];
    while (failure === undefined) {
      try {
        last = await next();
      } catch (error) {
        failure = error as Failure;
      }
    }
    expect(last).toEqual(["a@11"]);
    expect(failure).toMatchObject({ kind: "unavailable", reason: "KUBERNETES_UNAVAILABLE" });
    // The list, the watch that was heard, and three more after the three waits.
    expect(server.requests).toHaveLength(5);
    await expect(next()).rejects.toThrow("The watch has ended.");
  });

  it("does not fail while the server responds in between", async () => {
    const trouble = [status(503), breaks(), status(503)];
    const { kube, server } = await start([
      listing(10),
      ...trouble,
      breaks(bookmark(11)),
      ...trouble.slice(1),
      ends(bookmark(12)),
      ...trouble,
      stays(line("ADDED", object("a", 13))),
    ]);
    const { next } = reader(kube);
    expect([await next(), await next()]).toEqual([[], ["a@13"]]);
    expect(server.requests).toHaveLength(12);
  });

  it("fails ten seconds after the last response", async () => {
    let time = 0;
    const { kube, server } = await start([listing(10), ...Array<Step>(9).fill(status(503))], {
      now: () => time,
      sleep: async () => {
        time += 9_950;
      },
    });
    const { next } = reader(kube);
    expect(await next()).toEqual([]);
    expect(await failureOf(next())).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
    expect(server.requests).toHaveLength(3);
  });

  it("never fails while each connection lasts, even without events", async () => {
    let time = 0;
    const now = (): number => {
      time += 2_000;
      return time;
    };
    const { kube } = await start(
      [listing(10), ...Array<Step>(20).fill(ends()), stays(line("ADDED", object("a", 11)))],
      {
        now,
      },
    );
    const { next } = reader(kube);
    expect([await next(), await next()]).toEqual([[], ["a@11"]]);
  });

  it("fails if every connection ends immediately", async () => {
    const { kube, server } = await start([listing(10), ...Array<Step>(20).fill(ends())], { now: () => 0 });
    const { next } = reader(kube);
    await next();
    expect(await failureOf(next())).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
    expect(server.requests).toHaveLength(5);
  });

  it("fails if every version has expired, whatever is listed", async () => {
    const steps = Array.from({ length: 10 }, () => [listing(10), status(410)]).flat();
    const { kube, server } = await start(steps);
    const { next } = reader(kube);
    await next();
    expect(await failureOf(next())).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
    expect(server.requests).toHaveLength(8);
  });

  it("that is silent for longer than requested is closed and resumed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const closed = createGate();
    const say = createGate<(text: string) => void>();
    const { kube, server } = await start([
      listing(10),
      (response, request) => {
        response.once("close", closed.open);
        stays()(response, request);
        say.open((text) => response.write(text));
      },
      stays(line("ADDED", object("b", 14))),
    ]);
    const { next } = reader(kube);
    expect(await next()).toEqual([]);
    const write = await say.opened;
    for (const version of [11, 12, 13]) {
      const reading = next();
      write(line("MODIFIED", object("a", version)));
      expect(await reading).toEqual([`a@${version}`]);
      // All three together are longer than any watch lasts.
      vi.advanceTimersByTime(200_000);
    }
    expect(server.requests).toHaveLength(2);
    vi.advanceTimersByTime(345_000);
    await closed.opened;
    expect(await next()).toEqual(["a@13", "b@14"]);
    expect(queryOf(server, 2)).toMatchObject({ resourceVersion: "13" });
  });
});

describe("a watch fails", () => {
  it.each([401, 403])("as refused for status %i, of the list or the watch", async (code) => {
    for (const steps of [[status(code)], [listing(10), status(code)], [listing(10), ends(line("ERROR", { code }))]]) {
      const { kube } = await start(steps);
      const { next } = reader(kube);
      if (steps.length > 1) await next();
      expect(await failureOf(next())).toMatchObject({ kind: "refused", reason: "KUBERNETES_REFUSED" });
    }
  });

  it.each<[string, string]>([
    ["no JSON", "<html>\n"],
    ["no event", '{"kind":"Status"}\n'],
    ["an event of an unknown type", line("MOVED", object("a", 1))],
    ["an object without a name", line("ADDED", { metadata: { resourceVersion: "1" } })],
    ["an object without a version", line("ADDED", { metadata: { name: "a" } })],
    ["a bookmark without a version", line("BOOKMARK", { metadata: {} })],
  ])("if it sends %s", async (_what, text) => {
    const { kube } = await start([listing(10), stays(text)]);
    const { next } = reader(kube);
    await next();
    expect(await failureOf(next())).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
  });

  it.each<[string, object]>([
    ["has an object without a name", { metadata: { resourceVersion: "1" }, items: [{ metadata: {} }] }],
    ["has no version", { items: [] }],
  ])("if the list %s", async (_what, body) => {
    const { kube } = await start([(response) => sendJson(response, 200, body)]);
    expect(await failureOf(reader(kube).next())).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
  });

  it("if the server does not serve the kind", async () => {
    const { kube } = await start([status(404)]);
    expect(await failureOf(reader(kube).next())).toMatchObject({ message: expect.stringContaining("does not serve") });
  });

  it("if an object exceeds the size limit, where the connection is closed", async () => {
    const closed = createGate();
    const { kube } = await start(
      [
        listing(10),
        (response) => {
          response.once("close", closed.open);
          response.writeHead(200);
          const more = (): void => {
            while (response.write("x".repeat(1000)));
            response.once("drain", more);
          };
          more();
        },
      ],
      { answerBytes: 10_000 },
    );
    const { next } = reader(kube);
    await next();
    expect(await failureOf(next())).toMatchObject({ message: expect.stringContaining("too large") });
    await closed.opened;
  });
});

describe("a reader who leaves a watch", () => {
  const watched = async () => {
    const asked = createGate();
    const closed = createGate();
    const world = await start([
      listing(10),
      (response, request) => {
        response.once("close", closed.open);
        stays()(response, request);
        asked.open();
      },
    ]);
    return { ...world, asked, closed };
  };

  it("by the signal receives its reason, and the request is closed immediately", async () => {
    const { kube, closed, asked } = await watched();
    const leaving = new AbortController();
    const { next } = reader(kube, leaving.signal);
    await next();
    const waiting = next();
    await asked.opened;
    leaving.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await closed.opened;
  });

  it("by leaving the loop closes it too, even while the next set is pending", async () => {
    const { kube, closed, asked } = await watched();
    const { next, leave } = reader(kube);
    await next();
    const waiting = next();
    await asked.opened;
    await leave();
    await expect(waiting).rejects.toThrow("The watch has ended.");
    await closed.opened;
  });

  it("before it started makes no request", async () => {
    const { kube, server } = await watched();
    await expect(reader(kube, AbortSignal.abort(new Error("left"))).next()).rejects.toThrow("left");
    expect(server.requests).toEqual([]);
  });

  it("between two tries makes no more", async () => {
    const leaving = new AbortController();
    const { kube, server } = await start([listing(10), status(503)], {
      sleep: (_ms, signal) => {
        leaving.abort(new Error("left"));
        return Promise.reject(signal?.reason);
      },
    });
    const { next } = reader(kube, leaving.signal);
    await next();
    await expect(next()).rejects.toThrow("left");
    expect(server.requests).toHaveLength(2);
  });
});
