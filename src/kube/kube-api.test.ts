import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ApiServer, sendJson, startApiServer } from "../../test/fakes/api-server.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { FIRST_CLIENT, SECOND_CLIENT, SERVER_CERTIFICATE } from "../../test/fakes/certificates.ts";
import { DEMO_CLUSTER } from "../demo/config.ts";
import { type MiniKubernetes, startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import { type KubeObject, loadObjects } from "../demo/objects.ts";
import { Failure } from "../failure.ts";
import type { KubeCredentials } from "./connection.ts";
import { createKubeApi, type KubeApi, type KubeLimits } from "./kube-api.ts";
import { ANALYSIS_RUNS, NAMESPACES, STAGES, SUBJECT_ACCESS_REVIEWS, TOKEN_REVIEWS } from "./resources.ts";

const RUN = "uat.01kkh640p0djp1kn96jm9eekvv.00d90e5";
const never = new AbortController().signal;
const GATEWAY: KubeCredentials = { headers: { authorization: "Bearer demo-gateway" }, tls: {} };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function apiFor(
  server: string,
  credentials: () => Promise<KubeCredentials> = async () => GATEWAY,
  limits?: KubeLimits,
): KubeApi {
  const api = createKubeApi({ server, credentials }, { sleep: async () => {}, ...limits });
  closing.unshift(() => api.close());
  return api;
}

async function serverThat(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  tls?: Parameters<typeof startApiServer>[1],
): Promise<ApiServer> {
  const server = await startApiServer(answer, tls);
  closing.push(() => server.close());
  return server;
}

async function all(chunks: AsyncIterable<readonly unknown[]>): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const chunk of chunks) items.push(...chunk);
  return items;
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Failure);
  return error as Failure;
}

/** What callers receive must contain neither the address nor the message of the API server. */
function expectNothingTold(failure: Failure): void {
  expect(`${failure.message} ${failure.next}`).not.toMatch(
    /127\.0\.0\.1|localhost|\/api|:\d{2,}|secret-word|ECONN|UND_/,
  );
}

describe("with an API server", () => {
  let kubernetes: MiniKubernetes;
  let api: KubeApi;
  beforeEach(async () => {
    kubernetes = await startMiniKubernetes({ objects: loadObjects(readFileSync(DEMO_CLUSTER, "utf8"), new Date()) });
    closing.push(() => kubernetes.close());
    api = apiFor(kubernetes.url);
  });

  it("gets an object", async () => {
    expect(await api.get(ANALYSIS_RUNS, "guestbook", RUN, never)).toMatchObject({ metadata: { name: RUN } });
  });

  it("returns undefined for an object that does not exist", async () => {
    expect(await api.get(ANALYSIS_RUNS, "guestbook", "no-such-run", never)).toBeUndefined();
    expect(await api.get({ group: "example.com", version: "v1", plural: "things" }, "guestbook", "a", never)).toBe(
      undefined,
    );
  });

  it("lists a namespace, a whole cluster, and by labels", async () => {
    const here = await all(api.list(ANALYSIS_RUNS, "guestbook", { signal: never }));
    const elsewhere = await all(api.list(ANALYSIS_RUNS, "payments", { signal: never }));
    expect([here.length > 5, elsewhere.length]).toEqual([true, 1]);
    expect(await all(api.list(ANALYSIS_RUNS, undefined, { signal: never }))).toEqual([...here, ...elsewhere]);
    const labelSelector = "kargo.akuity.io/stage=perf";
    const ofStage = await all(api.list(ANALYSIS_RUNS, "guestbook", { labelSelector, signal: never }));
    expect(ofStage.length).toBeGreaterThan(0);
    for (const run of ofStage) {
      expect(run).toMatchObject({ metadata: { labels: { "kargo.akuity.io/stage": "perf" } } });
    }
  });

  it("lists nothing of a kind that the server does not serve", async () => {
    const unknown = { group: "example.com", version: "v1", plural: "things" };
    expect(await all(api.list(unknown, "guestbook", { signal: never }))).toEqual([]);
  });

  describe("lists each object once, in the server's order,", () => {
    const names = Array.from({ length: 600 }, (_, index) => `n-${String(index).padStart(4, "0")}`);
    const putAll = (padding: number): void => {
      const annotations = { padding: "x".repeat(padding) };
      for (const name of names) {
        kubernetes.put({
          apiVersion: "v1",
          kind: "Namespace",
          metadata: { name, labels: { many: "yes" }, annotations },
        });
      }
    };
    const sizesOf = async (from: KubeApi): Promise<number[]> => {
      const chunks: (readonly unknown[])[] = [];
      const all = from.list(NAMESPACES, undefined, { labelSelector: "many=yes", signal: never });
      for await (const chunk of all) chunks.push(chunk);
      expect(chunks.flat().map((each) => (each as { metadata: { name: string } }).metadata.name)).toEqual(names);
      return chunks.map(({ length }) => length);
    };

    it("in chunks of 250 once it knows that they are small", async () => {
      putAll(0);
      expect(await sizesOf(api)).toEqual([16, 250, 250, 84]);
      expect(await sizesOf(api)).toEqual([250, 250, 100]);
    });

    it("in chunks of about 2 MiB", async () => {
      putAll(80_000);
      const [first, ...others] = await sizesOf(api);
      expect([first, others.length]).toEqual([16, 23]);
      for (const size of others.slice(0, -1)) expect(size).toBeOneOf([25, 26]);
    });

    it("in smaller chunks where a response would be too large", async () => {
      putAll(1_000);
      const sizes = await sizesOf(apiFor(kubernetes.url, undefined, { answerBytes: 10_000 }));
      expect(Math.max(...sizes)).toBe(3);
    });

    it("one at a time where each is larger than a chunk may be", async () => {
      putAll(1_000);
      const sizes = await sizesOf(apiFor(kubernetes.url, undefined, { chunkBytes: 1_000 }));
      expect(new Set(sizes)).toEqual(new Set([1]));
    });
  });

  it("has 64 calls under way at once, of them 8 chunks of lists, and 64 reviews of tokens", async () => {
    const held: ServerResponse[] = [];
    const server = await serverThat((_, response) => held.push(response));
    const answerAll = (body: object): void => {
      for (const response of held.splice(0)) sendJson(response, 200, body);
    };
    const untilHeld = async (count: number): Promise<void> => {
      while (held.length < count) await new Promise(setImmediate);
      await new Promise((resolve) => setImmediate(resolve));
      expect(held.length).toBe(count);
    };
    const one = apiFor(server.url);
    const lists = Array.from({ length: 12 }, () => all(one.list(STAGES, "a", { signal: never })));
    await untilHeld(8);
    const gets = Array.from({ length: 70 }, () => one.get(STAGES, "a", "b", never));
    const leave = new AbortController();
    const leaving = one.get(STAGES, "a", "b", leave.signal);
    await untilHeld(64);
    leave.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    // Tokens are reviewed all the same.
    const reviews = Array.from({ length: 70 }, () => one.create(TOKEN_REVIEWS, {}));
    await untilHeld(128);
    while (held.length > 0) {
      answerAll({ items: [] });
      for (let turn = 0; turn < 200 && held.length === 0; turn += 1) await new Promise(setImmediate);
    }
    expect(await Promise.all(lists)).toEqual(Array.from({ length: 12 }, () => []));
    expect(await Promise.all(gets)).toHaveLength(70);
    expect(await Promise.all(reviews)).toHaveLength(70);
  });

  it("watches every change of an object, across expired versions and ended connections", async () => {
    const impatient = apiFor(kubernetes.url, undefined, { watchMs: 20 });
    const sets = impatient.watch(ANALYSIS_RUNS, "guestbook", { name: RUN }, never)[Symbol.asyncIterator]();
    const [run] = (await sets.next()).value as [KubeObject];
    for (let step = 1; step <= 20; step += 1) {
      kubernetes.put({ ...run, step });
      kubernetes.forget();
      expect((await sets.next()).value).toMatchObject([{ metadata: { name: RUN }, step }]);
    }
    kubernetes.remove(run);
    expect((await sets.next()).value).toEqual([]);
    await sets.return?.();
  });

  it("creates a review and returns the result", async () => {
    const answer = await api.create(TOKEN_REVIEWS, { spec: { token: "demo-viewer" } });
    expect(answer).toMatchObject({ status: { authenticated: true, user: { username: "demo-viewer" } } });
  });

  it("sends the current credentials with each call", async () => {
    const tokens = ["demo-gateway", "nobody"];
    const rotating = apiFor(kubernetes.url, async () => ({
      headers: { authorization: `Bearer ${tokens.shift()}` },
      tls: {},
    }));
    expect(await rotating.get(ANALYSIS_RUNS, "guestbook", RUN, never)).toBeDefined();
    expect(await failureOf(rotating.get(ANALYSIS_RUNS, "guestbook", RUN, never))).toMatchObject({
      kind: "refused",
      reason: "KUBERNETES_REFUSED",
    });
  });

  it("distinguishes forbidden from missing objects", async () => {
    const outsider = apiFor(kubernetes.url, async () => ({
      headers: { authorization: "Bearer demo-outsider" },
      tls: {},
    }));
    const failure = await failureOf(outsider.get(STAGES, "guestbook", "uat", never));
    expect(failure).toMatchObject({ kind: "refused", reason: "KUBERNETES_REFUSED" });
    expect(String(failure.cause)).toContain("403");
    expectNothingTold(failure);
  });
});

describe("names", () => {
  it("never sends an invalid name", async () => {
    const server = await serverThat((_, response) => sendJson(response, 200, { items: [{}] }));
    const api = apiFor(server.url);
    const wrong = ["", ".", "..", "a/b", "a%2fb", "a\\b", "A", "a b", "a?b", "a#b", "-a", "a-", "a..b", "é", "a\n"];
    for (const name of [...wrong, "a".repeat(254)]) {
      expect(await api.get(STAGES, "guestbook", name, never)).toBeUndefined();
    }
    for (const namespace of [...wrong, "a.b", "a".repeat(64)]) {
      expect(await api.get(STAGES, namespace, "uat", never)).toBeUndefined();
      expect(await all(api.list(STAGES, namespace, { signal: never }))).toEqual([]);
    }
    expect(server.requests).toEqual([]);
  });

  it("builds the paths of core and other kinds below the path of the server's URL", async () => {
    const server = await serverThat((_, response) => sendJson(response, 200, { items: [] }));
    const api = apiFor(`${server.url}/clusters/east`);
    await api.get(STAGES, "guestbook", "uat.1", never);
    await all(api.list(NAMESPACES, undefined, { labelSelector: "a in (b,c)", signal: never }));
    await api.create(SUBJECT_ACCESS_REVIEWS, {});
    expect(server.requests).toEqual([
      "GET /clusters/east/apis/kargo.akuity.io/v1alpha1/namespaces/guestbook/stages/uat.1",
      "GET /clusters/east/api/v1/namespaces?limit=16&labelSelector=a+in+%28b%2Cc%29",
      "POST /clusters/east/apis/authorization.k8s.io/v1/subjectaccessreviews",
    ]);
  });
});

describe("a response of the API server", () => {
  const answering = async (status: number, body: string, limits?: KubeLimits): Promise<KubeApi> => {
    const server = await serverThat((_, response) =>
      response.writeHead(status, { location: "/secret-word" }).end(body),
    );
    return apiFor(server.url, undefined, limits);
  };

  it.each([401, 403])("with status %i is a refusal of our own account", async (status) => {
    const api = await answering(status, '{"message":"secret-word"}');
    for (const work of [
      () => api.get(STAGES, "a", "b", never),
      () => all(api.list(STAGES, "a", { signal: never })),
      () => api.create(TOKEN_REVIEWS, {}),
    ]) {
      const failure = await failureOf(work());
      expect(failure).toMatchObject({ kind: "refused", reason: "KUBERNETES_REFUSED" });
      expect(String(failure.cause)).toContain("secret-word");
      expectNothingTold(failure);
    }
  });

  it.each([301, 302, 307, 400, 409, 410, 422, 429, 500, 502, 503, 504])(
    "with status %i is reported as unavailable, with the status",
    async (status) => {
      const failure = await failureOf((await answering(status, "secret-word")).get(STAGES, "a", "b", never));
      expect(failure).toMatchObject({ kind: "unavailable", reason: "KUBERNETES_UNAVAILABLE" });
      expect(failure.message).toContain(`status ${status}`);
      expectNothingTold(failure);
    },
  );

  it.each(["", "<html>secret-word</html>", '{"a":', "null", '"text"', "7", "\xff"])(
    "is reported if it cannot be parsed: %j",
    async (body) => {
      const api = await answering(200, body);
      for (const work of [
        () => api.get(STAGES, "a", "b", never),
        () => all(api.list(STAGES, "a", { signal: never })),
        () => api.create(TOKEN_REVIEWS, {}),
      ]) {
        const failure = await failureOf(work());
        expect(failure).toMatchObject({ kind: "unavailable", reason: "KUBERNETES_UNAVAILABLE" });
        expect(failure.message).toContain("could not be parsed");
        expectNothingTold(failure);
      }
    },
  );

  it.each([{}, { items: 1 }, { items: [], metadata: { continue: 7 } }, []])(
    "is not a list if it is %j",
    async (list) => {
      const api = await answering(200, JSON.stringify(list));
      expect(await failureOf(all(api.list(STAGES, "a", { signal: never })))).toMatchObject({
        reason: "KUBERNETES_UNAVAILABLE",
      });
    },
  );

  it.each([{ items: null }, { items: null, metadata: {} }, { items: [], metadata: { continue: "" } }])(
    "is an empty list as %j",
    async (list) => {
      const api = await answering(200, JSON.stringify(list));
      expect(await all(api.list(STAGES, "a", { signal: never }))).toEqual([]);
    },
  );

  it("is not a review if the server does not serve reviews", async () => {
    const failure = await failureOf((await answering(404, "")).create(TOKEN_REVIEWS, {}));
    expect(failure).toMatchObject({ kind: "unavailable", message: expect.stringContaining("tokenreviews") });
  });

  it("is read up to the size limit, where the connection is closed", async () => {
    const server = await serverThat((_, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (response.write("x".repeat(1000)));
        response.once("drain", more);
      };
      more();
    });
    const api = apiFor(server.url, undefined, { answerBytes: 10_000 });
    const failure = await failureOf(api.get(STAGES, "a", "b", never));
    expect(failure).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE", message: expect.stringContaining("too large") });
    await server.abandoned();
  });
});

describe("a transient error", () => {
  const DOWN: readonly ((request: IncomingMessage, response: ServerResponse) => void)[] = [
    (request) => request.socket.resetAndDestroy(),
    (_, response) => response.writeHead(503).end(),
    (_, response) => response.writeHead(429, { "retry-after": "1" }).end(),
  ];

  it("is retried: three failed tries still end in a response", async () => {
    let count = 0;
    const server = await serverThat((request, response) => {
      const trouble = DOWN[count++];
      if (trouble === undefined) sendJson(response, 200, { kind: "Stage" });
      else trouble(request, response);
    });
    const waits: number[] = [];
    const api = apiFor(server.url, undefined, { sleep: async (ms) => void waits.push(ms) });
    expect(await api.get(STAGES, "a", "b", never)).toEqual({ kind: "Stage" });
    expect(waits).toHaveLength(3);
    expect(waits[2]).toBeGreaterThanOrEqual(1_000);
  });

  it("ends the call after the fourth try, for reviews as for reads", async () => {
    const server = await serverThat((_, response) => response.writeHead(500).end());
    await failureOf(apiFor(server.url).create(TOKEN_REVIEWS, {}));
    expect(server.requests).toHaveLength(4);
  });

  it("is neither a refusal nor an invalid response: those are reported immediately", async () => {
    const server = await serverThat((request, response) => {
      response.writeHead(request.url?.endsWith("/refused") ? 403 : 200).end("rubbish");
    });
    await failureOf(apiFor(server.url).get(STAGES, "a", "refused", never));
    await failureOf(apiFor(server.url).get(STAGES, "a", "rubbish", never));
    expect(server.requests).toHaveLength(2);
  });

  it("is not retried after the caller has left", async () => {
    const server = await serverThat((_, response) => response.writeHead(503).end());
    const leaving = new AbortController();
    const wait = (_: number, signal: AbortSignal | undefined): Promise<void> => {
      leaving.abort(new Error("left"));
      return Promise.reject(signal?.reason);
    };
    const reading = apiFor(server.url, undefined, { sleep: wait }).get(STAGES, "a", "b", leaving.signal);
    await expect(reading).rejects.toThrow("left");
    expect(server.requests).toHaveLength(1);
  });
});

describe("a connection", () => {
  const expectUnavailable = async (work: Promise<unknown>): Promise<void> => {
    const failure = await failureOf(work);
    expect(failure).toMatchObject({ kind: "unavailable", reason: "KUBERNETES_UNAVAILABLE" });
    expect(failure.cause).toBeDefined();
    expectNothingTold(failure);
  };

  it("is unavailable if nobody listens", async () => {
    const server = await startApiServer(() => {});
    await server.close();
    await expectUnavailable(apiFor(server.url).get(STAGES, "a", "b", never));
  });

  it("is unavailable if it is reset, before a response and inside one", async () => {
    const server = await serverThat((request, response) => {
      if (request.url?.endsWith("/within")) response.writeHead(200, { "content-length": 100 }).write('{"a":');
      setImmediate(() => request.socket.resetAndDestroy());
    });
    const api = apiFor(server.url);
    await expectUnavailable(api.get(STAGES, "a", "before", never));
    await expectUnavailable(api.get(STAGES, "a", "within", never));
    await expectUnavailable(api.create(TOKEN_REVIEWS, {}));
  });

  it("is unavailable if no response comes, or one stalls, and is closed", async () => {
    const server = await serverThat((request, response) => {
      if (request.url?.endsWith("/within")) response.writeHead(200, { "content-length": 100 }).write('{"a":');
    });
    const api = apiFor(server.url, undefined, { answerMs: 50 });
    await expectUnavailable(api.get(STAGES, "a", "before", never));
    await expectUnavailable(api.get(STAGES, "a", "within", never));
    await expectUnavailable(api.create(TOKEN_REVIEWS, {}));
    await server.abandoned();
  });

  it("is unavailable if a response trickles in for too long, and is closed", async () => {
    const server = await serverThat((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(" "), 5);
      response.once("close", () => clearInterval(drip));
    });
    const api = apiFor(server.url, undefined, { answerMs: 10_000, wholeMs: 100 });
    for (const work of [() => api.create(TOKEN_REVIEWS, {}), () => api.get(STAGES, "a", "b", never)]) {
      const failure = await failureOf(work());
      expect(failure).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE", message: expect.stringContaining("too long") });
    }
    await server.abandoned();
    expect(server.requests).toHaveLength(2);
  });

  it("is unavailable if the server's URL is invalid or its credentials cannot be read", async () => {
    await expectUnavailable(apiFor("not an address").get(STAGES, "a", "b", never));
    const failing = apiFor("http://127.0.0.1:1", () => Promise.reject(new Error("no file /secret-word")));
    await expectUnavailable(failing.get(STAGES, "a", "b", never));
  });

  it("waits for credentials no longer than for a response, and stops when the caller leaves", async () => {
    const api = apiFor("http://127.0.0.1:1", () => new Promise<never>(() => {}), { answerMs: 50 });
    await expectUnavailable(api.get(STAGES, "a", "b", never));
    await expectUnavailable(api.create(TOKEN_REVIEWS, {}));
    const leaving = new AbortController();
    const patient = apiFor("http://127.0.0.1:1", () => new Promise<never>(() => {}));
    const reading = patient.get(STAGES, "a", "b", leaving.signal);
    leaving.abort(new Error("left"));
    await expect(reading).rejects.toThrow("left");
  });

  it("is closed when the caller leaves: before, inside and between responses", async () => {
    const asked = createGate();
    const server = await serverThat((request, response) => {
      if (request.url?.includes("/within")) response.writeHead(200, { "content-length": 100 }).write('{"a":');
      asked.open();
    });
    for (const name of ["before", "within"]) {
      const leaving = new AbortController();
      const reading = apiFor(server.url).get(STAGES, "a", name, leaving.signal);
      await asked.opened;
      leaving.abort(new Error("left"));
      await expect(reading).rejects.toThrow("left");
      await server.abandoned();
    }

    const endless = await serverThat((_, response) =>
      sendJson(response, 200, { items: [{}], metadata: { continue: "on" } }),
    );
    const leaving = new AbortController();
    const reading = async (): Promise<void> => {
      for await (const _ of apiFor(endless.url).list(STAGES, "a", { signal: leaving.signal })) {
        leaving.abort(new Error("left"));
      }
    };
    await expect(reading()).rejects.toThrow("left");
    expect(endless.requests).toHaveLength(1);
  });

  it("is not opened for a caller who has already left", async () => {
    const server = await serverThat((_, response) => sendJson(response, 200, {}));
    await expect(apiFor(server.url).get(STAGES, "a", "b", AbortSignal.abort(new Error("left")))).rejects.toThrow(
      "left",
    );
    expect(server.requests).toEqual([]);
  });

  it("is reused from call to call", async () => {
    const server = await serverThat((_, response) => sendJson(response, 200, {}));
    const api = createKubeApi({ server: server.url, credentials: async () => GATEWAY });
    for (let index = 0; index < 20; index += 1) await api.get(STAGES, "a", "b", never);
    // A call that follows at once may find the first connection not yet free.
    expect(server.accepted).toBeLessThanOrEqual(2);
    await api.close();
    await server.abandoned();
  });
});

describe("over HTTP/2, which API servers support", () => {
  const start = async (answer: (stream: ServerHttp2Stream, path: string) => void) => {
    let closed = 0;
    let tell = (): void => {};
    const server = createSecureServer(SERVER_CERTIFICATE);
    const sessions = new Set<ServerHttp2Session>();
    server.on("session", (session) => sessions.add(session));
    server.on("stream", (stream, headers) => {
      stream.on("error", () => {});
      stream.once("close", () => {
        closed += 1;
        tell();
      });
      answer(stream, String(headers[":path"]));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    closing.push(async () => {
      for (const each of sessions) each.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const api = apiFor(`https://127.0.0.1:${port}`, async () => ({
      headers: {},
      tls: { ca: SERVER_CERTIFICATE.cert },
    }));
    const untilClosed = async (count: number): Promise<void> => {
      while (closed < count) await new Promise<void>((resolve) => (tell = resolve));
    };
    return { api, sessions, untilClosed };
  };

  it("reads and creates over one connection, and waits for the whole of a response", async () => {
    const { api, sessions } = await start((stream, path) => {
      stream.respond({ ":status": path.endsWith("/none") ? 404 : 200 });
      stream.write('{"path":');
      stream.end(JSON.stringify(path).concat("}"));
    });
    const path = "/apis/kargo.akuity.io/v1alpha1/namespaces/a/stages/b";
    expect(await Promise.all([1, 2, 3].map(() => api.get(STAGES, "a", "b", never)))).toEqual(Array(3).fill({ path }));
    expect(await api.get(STAGES, "a", "none", never)).toBeUndefined();
    expect(await api.create(TOKEN_REVIEWS, {})).toEqual({ path: "/apis/authentication.k8s.io/v1/tokenreviews" });
    expect(sessions.size).toBe(1);
  });

  it("ends only the stream when the caller leaves inside a response", async () => {
    const begun = createGate();
    const { api, sessions, untilClosed } = await start((stream, path) => {
      stream.respond({ ":status": 200 });
      if (path.endsWith("/whole")) stream.end("{}");
      else stream.write('{"a":', () => begun.open());
    });
    const leaving = new AbortController();
    const reading = api.get(STAGES, "a", "within", leaving.signal);
    await begun.opened;
    leaving.abort(new Error("left"));
    await expect(reading).rejects.toThrow("left");
    await untilClosed(1);
    expect(await api.get(STAGES, "a", "whole", never)).toEqual({});
    expect(sessions.size).toBe(1);
  });
});

describe("over TLS", () => {
  const { key, cert } = SERVER_CERTIFICATE;
  const names: string[] = [];
  const start = (): Promise<ApiServer> => {
    names.length = 0;
    return serverThat(
      (request, response) => {
        const peer = (request.socket as TLSSocket).getPeerCertificate();
        names.push(String(peer.subject?.CN));
        sendJson(response, 200, {});
      },
      { key, cert, requestCert: true, rejectUnauthorized: false, ca: [FIRST_CLIENT.cert, SECOND_CLIENT.cert] },
    );
  };

  it("trusts the given certificate authority and no other", async () => {
    const server = await start();
    const trusting = apiFor(server.url, async () => ({ headers: {}, tls: { ca: cert } }));
    expect(await trusting.get(STAGES, "a", "b", never)).toEqual({});
    for (const ca of [undefined, FIRST_CLIENT.cert]) {
      const wary = apiFor(server.url, async () => ({ headers: {}, tls: ca === undefined ? {} : { ca } }));
      const failure = await failureOf(wary.get(STAGES, "a", "b", never));
      expect(failure).toMatchObject({ reason: "KUBERNETES_UNAVAILABLE" });
      expectNothingTold(failure);
    }
  });

  it("checks the given server name", async () => {
    const server = await start();
    const named = (servername: string): KubeApi =>
      apiFor(server.url, async () => ({ headers: {}, tls: { ca: cert, servername } }));
    expect(await named("kubernetes.example").get(STAGES, "a", "b", never)).toEqual({});
    await failureOf(named("other.example").get(STAGES, "a", "b", never));
  });

  it("sends its own certificate, and the new one as soon as it was rotated", async () => {
    const server = await start();
    let own = FIRST_CLIENT;
    const api = apiFor(server.url, async () => ({ headers: {}, tls: { ca: cert, cert: own.cert, key: own.key } }));
    await api.get(STAGES, "a", "b", never);
    await api.get(STAGES, "a", "b", never);
    own = SECOND_CLIENT;
    await api.get(STAGES, "a", "b", never);
    expect(names).toEqual(["first", "first", "second"]);
  });

  it("completes a pending call when the certificate is rotated", async () => {
    const asked = createGate();
    const answer = createGate();
    const server = await serverThat(
      (request, response) => {
        if (!request.url?.endsWith("/slow")) return sendJson(response, 200, {});
        asked.open();
        void answer.opened.then(() => sendJson(response, 200, { slow: true }));
      },
      { key, cert },
    );
    let own = FIRST_CLIENT;
    const api = apiFor(server.url, async () => ({ headers: {}, tls: { ca: cert, cert: own.cert, key: own.key } }));
    const slow = api.get(STAGES, "a", "slow", never);
    await asked.opened;
    own = SECOND_CLIENT;
    expect(await api.get(STAGES, "a", "b", never)).toEqual({});
    answer.open();
    expect(await slow).toEqual({ slow: true });
  });
});

describe("through a proxy", () => {
  it("opens a tunnel through the proxy", async () => {
    const server = await serverThat((_, response) => sendJson(response, 200, { through: "proxy" }), {
      key: SERVER_CERTIFICATE.key,
      cert: SERVER_CERTIFICATE.cert,
    });
    const tunnels: string[] = [];
    const proxy = createServer().on("connect", (request: IncomingMessage, socket) => {
      tunnels.push(request.url ?? "");
      const [host, port] = (request.url ?? "").split(":");
      const far = connect(Number(port), host ?? "", () => {
        socket.write("HTTP/1.1 200 OK\r\n\r\n");
        far.pipe(socket).pipe(far);
      });
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    closing.push(async () => void proxy.close());
    const { port } = proxy.address() as { port: number };
    const api = createKubeApi({
      server: server.url,
      proxyUrl: `http://127.0.0.1:${port}`,
      credentials: async () => ({ headers: {}, tls: { ca: SERVER_CERTIFICATE.cert } }),
    });
    closing.unshift(() => api.close());
    expect(await api.get(STAGES, "a", "b", never)).toEqual({ through: "proxy" });
    expect(tunnels).toEqual([server.url.replace("https://", "")]);
  });
});
