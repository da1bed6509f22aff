import { afterEach, describe, expect, it } from "vitest";
import type * as z from "zod";
import { readAll } from "../../test/fakes/byte-source.ts";
import { type HostileStore, LOG, startHostileStore } from "../../test/fakes/hostile-store.ts";
import { startHttpProxy } from "../../test/fakes/http-proxy.ts";
import { WRONG_CERTIFICATE } from "../../test/fakes/wrong-certificate.ts";
import { createEgress, type Egress } from "../egress/egress.ts";
import { readProxies } from "../egress/proxies.ts";
import { Secret } from "../secret.ts";
import { decompress } from "../stream/decompress.ts";
import { DecompressionFailed } from "../stream/decompression-error.ts";
import { sniff } from "../stream/sniff.ts";
import { MissingValue, RefusedValue } from "../template/errors.ts";
import { type CompiledHttp, http } from "./http.ts";
import type { LogTarget } from "./source.ts";
import { SourceError } from "./source-error.ts";

const target: LogTarget = {
  facts: { project: "shop", metric: "smoke" },
  values: {
    variables: { jobName: "job-1" },
    lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
  },
};
const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()));
});

async function start(options?: { tls: boolean }): Promise<HostileStore> {
  const store = await startHostileStore(options);
  closers.push(store.close);
  return store;
}

/** A test's changes to a source: its settings, and their compiled form. */
type Options = Partial<Omit<CompiledHttp, "config" | "headers" | "url">> & {
  readonly config?: Partial<z.input<typeof http.schema>>;
  readonly url?: Pick<CompiledHttp["url"], "origin" | "render">;
  readonly headers?: Readonly<Record<string, Pick<CompiledHttp["headers"][string], "render">>>;
  readonly egress?: Egress;
};

function sourceAt(store: { readonly origin: string }, path: string, options: Options = {}) {
  const { config = {}, headers = {}, token, tls, egress = createEgress() } = options;
  const { url = { origin: store.origin, render: () => new URL(store.origin + path) } } = options;
  const names = new Set<string>();
  const compiled: CompiledHttp = {
    config: http.schema.parse({ url: "", ...config }),
    url: { ...url, names },
    headers: Object.fromEntries(Object.entries(headers).map(([name, header]) => [name, { ...header, names }])),
    token,
    tls,
  };
  const source = http.create(compiled, { name: "archive", egress });
  closers.push(source.close);
  return {
    ...source,
    async open(...request: Parameters<typeof source.open>) {
      const log = await source.open(...request);
      if (log.kind !== "file") throw new Error("The file was taken for one of records.");
      return log;
    },
  };
}

const signal = new AbortController().signal;
const open = (store: { readonly origin: string }, path: string, options?: Options) =>
  sourceAt(store, path, options).open(target, signal);

/** The error of an open that is expected to fail. Expects that it does not reveal the store's address. */
async function errorOf(opening: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await opening.then(
    () => undefined,
    (each: unknown) => each,
  );
  if (!(error instanceof SourceError)) throw new Error("no SourceError", { cause: error });
  expect(error.message).not.toMatch(/127\.0|localhost|http:|secret|html|:\d/);
  return error;
}

describe("an HTTP source's request", () => {
  it("opens the log, with the type and charset that the store declares", async () => {
    const log = await open(await start(), "/log");
    expect(log).toMatchObject({ mediaType: "text/plain", charset: { label: "utf-8", by: "store" }, delimited: true });
    expect(await readAll(log.body)).toMatchObject({ text: LOG, error: undefined });
  });

  it("has the configured headers, two of its own, and no others", async () => {
    const store = await start();
    const headers = {
      Authorization: { render: (_: unknown, token?: Secret) => `Bearer ${token?.reveal()}` },
      "X-Job": { render: (values: LogTarget["values"]) => values.variables.jobName ?? "" },
    };
    await open(store, "/log?a=1%202", { headers, token: async () => new Secret("t0ken") });
    const [first, ...lines] = (store.requests[0] ?? "").split("\r\n");
    expect(first).toBe("GET /log?a=1%202 HTTP/1.1");
    expect(lines.map((line) => line.toLowerCase()).sort()).toEqual(
      [
        "accept-encoding: identity",
        "authorization: bearer t0ken",
        "connection: keep-alive",
        `host: ${new URL(store.origin).host}`,
        "user-agent: taffrail",
        "x-job: job-1",
      ].sort(),
    );
  });

  it("has its own headers replaced by configured ones, ignoring case", async () => {
    const store = await start();
    await open(store, "/log", { headers: { "User-Agent": { render: () => "shop" } } });
    expect(store.requests[0]).toMatch(/^user-agent: shop$/im);
    expect(store.requests[0]).not.toMatch(/taffrail/);
  });

  it("reuses a connection once its log has been read", async () => {
    const store = await start();
    const source = sourceAt(store, "/log");
    for (let i = 0; i < 20; i += 1) await readAll((await source.open(target, signal)).body);
    // A connection is checked once more before it is reused, so there may be a second one.
    expect(store.accepted).toBeLessThanOrEqual(2);
  });

  it("is made at once, however many are open", async () => {
    const store = await start();
    const source = sourceAt(store, "/half");
    const logs = await Promise.all(Array.from({ length: 80 }, () => source.open(target, signal)));
    expect(logs).toHaveLength(80);
    await Promise.all(logs.map((log) => log.body[Symbol.asyncIterator]().return?.()));
    await store.abandoned();
  });

  it("has a token that is obtained each time", async () => {
    const store = await start();
    const tokens = ["t1", "t2"].map((each) => new Secret(each));
    const headers = { "x-token": { render: (_: unknown, token?: Secret) => String(token?.reveal()) } };
    const source = sourceAt(store, "/log", { headers, token: async () => tokens.shift() as Secret });
    for (let i = 0; i < 2; i += 1) await readAll((await source.open(target, signal)).body);
    expect(store.requests.map((request) => /x-token: (.*)/i.exec(request)?.[1])).toEqual(["t1", "t2"]);
  });

  it.each([
    [
      new MissingValue(["stage"]),
      "variable-missing",
      'Source "archive" was not asked: this run has no value for stage.',
    ],
    [
      new RefusedValue(["metricName"], "holds a slash"),
      "value-refused",
      'Source "archive" was not asked: the value of metricName holds a slash.',
    ],
  ])("is not made if a template cannot be rendered (%s)", async (refusal, outcome, message) => {
    const store = await start();
    const url = {
      origin: store.origin,
      render: () => {
        throw refusal;
      },
    };
    expect(await errorOf(open(store, "/log", { url }))).toMatchObject({ outcome, message });
    expect(store.requests).toEqual([]);
  });

  it("distinguishes an operator's fault in token or header from a store that is down", async () => {
    const store = await start();
    const token = async () => {
      throw new Error("no such file: /secret");
    };
    expect(await errorOf(open(store, "/log", { token }))).toMatchObject({ outcome: "refused" });
    const headers = { "bad header": { render: () => "x" } };
    expect(await errorOf(open(store, "/log", { headers }))).toMatchObject({
      outcome: "refused",
      did: "was not asked: a header that is configured for it is not valid",
    });
  });
});

describe("an HTTP source's response", () => {
  it.each([
    ["/missing", "not-found", 404],
    ["/gone", "not-found", 410],
    ["/sign-in", "refused", 401],
    ["/forbidden", "refused", 403],
    ["/teapot", "refused", 418],
    ["/partial", "refused", 206],
    ["/busy", "unavailable", 429],
    ["/broken", "unavailable", 500],
    ["/down", "unavailable", 503],
  ])("at %s has the outcome %s", async (path, outcome, httpStatus) => {
    const error = await errorOf(open(await start(), path));
    expect(error).toMatchObject({ outcome, httpStatus, message: `Source "archive" answered ${httpStatus}.` });
  });

  it("means that there is no log for the configured statuses", async () => {
    const store = await start();
    expect(await errorOf(open(store, "/forbidden", { config: { notFound: [403] } }))).toMatchObject({
      outcome: "not-found",
    });
    expect(await errorOf(open(store, "/missing", { config: { notFound: [403] } }))).toMatchObject({
      outcome: "refused",
    });
  });

  it("is not read to its end if it is not a log: its connection is closed", async () => {
    const store = await start();
    expect(await errorOf(open(store, "/endless-error"))).toMatchObject({ outcome: "not-found" });
    await store.abandoned();
  });

  it("is an empty log for 204", async () => {
    const log = await open(await start(), "/empty");
    expect(log).toMatchObject({ mediaType: undefined, charset: undefined, delimited: true });
    expect(await readAll(log.body)).toMatchObject({ text: "", error: undefined });
  });

  it.each(["/moved-here", "/moved-here-with-a-host", "/hop-5"])("%s is followed on the same origin", async (path) => {
    const log = await open(await start(), path);
    expect((await readAll(log.body)).text).toBe(LOG);
  });

  it.each(["/moved-elsewhere", "/moved-to-other-scheme", "/moved-nowhere"])("%s is not followed", async (path) => {
    const store = await start();
    const error = await errorOf(open(store, path));
    expect(error).toMatchObject({ outcome: "refused", did: "redirected to another host" });
    expect(store.requests).toHaveLength(1);
  });

  it.each(["/loop", "/hop-6"])("%s is given up after five redirects", async (path) => {
    const store = await start();
    const error = await errorOf(open(store, path));
    expect(error).toMatchObject({ outcome: "refused", did: "redirected too often" });
    expect(store.requests).toHaveLength(6);
  });

  it("may have a quoted charset, which the configured one overrides", async () => {
    const store = await start();
    expect(await open(store, "/quoted-charset", { config: { charset: "utf-16" } })).toMatchObject({
      mediaType: "text/plain",
      charset: { label: "utf-16", by: "setting" },
    });
    expect(await open(store, "/gzip-unsaid", { config: { charset: "utf-16" } })).toMatchObject({
      charset: { label: "utf-16", by: "setting" },
    });
    expect(await open(store, "/quoted-charset")).toMatchObject({ charset: { label: "ISO-8859-1", by: "store" } });
    expect(await open(store, "/odd-type")).toMatchObject({ mediaType: undefined, charset: undefined });
  });

  it.each([
    ["/brotli", "br"],
    ["/gzip-said", undefined],
    ["/gzip-twice", undefined],
    ["/gzip-twice-in-two-headers", undefined],
  ])("%s is passed on with the coding %j, which cannot be undone here", async (path, coding) => {
    expect((await open(await start(), path)).coding).toBe(coding);
  });

  it.each(["/gzip-said", "/gzip-unsaid"])("%s is passed to the next step undecoded", async (path) => {
    const log = await open(await start(), path);
    expect((await readAll(decompress(log.body))).text).toBe(LOG);
  });

  it("is passed on if its gzip is truncated, which the next step notices", async () => {
    const log = await open(await start(), "/gzip-cut");
    expect((await readAll(decompress(log.body))).error).toBeInstanceOf(DecompressionFailed);
  });

  it("is recognizable as a web page by its first piece", async () => {
    const log = await open(await start(), "/page");
    const { pieces } = await readAll(log.body);
    expect(sniff(Buffer.concat(pieces), log.mediaType, true)).toBe("page");
  });
});

describe("an HTTP source's connection", () => {
  it("is refused if it is not allowed, and only the server's log has the reason", async () => {
    const store = await start();
    const url = { origin: undefined, render: () => new URL(`${store.origin}/log`) };
    const error = await errorOf(open(store, "/log", { url }));
    expect(error).toMatchObject({
      outcome: "refused",
      message: 'Source "archive" has an address that the configuration does not allow.',
    });
    expect(String(error.cause)).toContain("127.0.0.1 is private");
    expect(store.accepted).toBe(0);
  });

  it("may go to a private address for a host with expressions if an entry allows it", async () => {
    const store = await start();
    const url = { origin: undefined, render: () => new URL(`${store.origin}/moved-here`) };
    const log = await open(store, "/log", { url, egress: createEgress({ allow: ["127.0.0.1"] }) });
    expect((await readAll(log.body)).text).toBe(LOG);
  });

  it("is refused if the URL is not on the template's origin", async () => {
    const store = await start();
    const url = { origin: "http://127.0.0.1:1", render: () => new URL(`${store.origin}/log`) };
    expect(await errorOf(open(store, "/log", { url }))).toMatchObject({ outcome: "refused" });
    expect(store.accepted).toBe(0);
  });

  it("is unavailable if the proxy refuses it", async () => {
    const proxy = await startHttpProxy();
    closers.push(proxy.close);
    proxy.verdict = "503 Service Unavailable";
    const egress = createEgress({ proxies: readProxies({ HTTPS_PROXY: proxy.url }) });
    const url = { origin: "https://store.example", render: () => new URL("https://store.example/log") };
    expect(await errorOf(open(await start(), "/log", { url, egress }))).toMatchObject({
      outcome: "unavailable",
      did: "could not be reached through the proxy",
    });
  });

  it("verifies the store with the configured certificates, and reports unreadable ones", async () => {
    const store = await start({ tls: true });
    const tls = async () => ({ ca: WRONG_CERTIFICATE.cert, servername: "wrong.example" });
    expect((await readAll((await open(store, "/log", { tls })).body)).text).toBe(LOG);
    const unreadable = () => Promise.reject(new Error("no such file: /secret.pem"));
    expect(await errorOf(open(store, "/log", { tls: unreadable }))).toMatchObject({
      outcome: "refused",
      did: "was not asked: its certificates could not be read",
    });
  });
});

describe("a failing store of an HTTP source", () => {
  it("is unavailable if it refuses connections", async () => {
    const store = await startHostileStore();
    await store.close();
    expect(await errorOf(open(store, "/log"))).toMatchObject({ outcome: "unavailable", did: "refused the connection" });
  });

  it("is unavailable if its certificate is not trusted", async () => {
    const error = await errorOf(open(await start({ tls: true }), "/log"));
    expect(error).toMatchObject({ outcome: "unavailable", did: "could not be verified: TLS failed", fault: "tls" });
  });

  it("is unavailable if it does not speak HTTP", async () => {
    const error = await errorOf(open(await start(), "/not-http"));
    expect(error).toMatchObject({ outcome: "unavailable", did: "sent a response that is not HTTP" });
  });

  it("is unavailable if it closes the connection without a response", async () => {
    const store = await start();
    const opening = errorOf(open(store, "/silent"));
    await store.asked();
    store.reset();
    expect(await opening).toMatchObject({ outcome: "unavailable", did: "closed the connection without responding" });
  });

  it("is silent if it does not answer, and its connection is closed", async () => {
    const store = await start();
    const error = await errorOf(open(store, "/silent", { config: { timeouts: { headers: "100ms" } } }));
    expect(error).toMatchObject({ outcome: "silent", did: "did not answer within 0.1 s" });
    await store.abandoned();
  });

  it("is silent if the TLS handshake never ends", async () => {
    const store = await start();
    const secure = { origin: store.origin.replace("http:", "https:") };
    const error = await errorOf(open(secure, "/log", { config: { timeouts: { connect: "100ms" } } }));
    expect(error).toMatchObject({ outcome: "silent", did: "did not accept a connection within 0.1 s" });
    await store.abandoned();
  });

  it("is silent after what was read if the body stalls, and its connection is closed", async () => {
    const store = await start();
    const log = await open(store, "/half", { config: { timeouts: { idle: "50ms" } } });
    const { text, error } = await readAll(log.body);
    expect(text).toBe(LOG);
    expect(error).toMatchObject({ name: "SourceError", outcome: "silent", did: "sent nothing more for 0.05 s" });
    await store.abandoned();
  });

  it.each(["/half", "/half-then-close", "/chunked"])(
    "is unavailable after what was read if %s is closed early",
    async (path) => {
      const store = await start();
      const log = await open(store, path);
      expect(log.delimited).toBe(true);
      store.end();
      await store.abandoned();
      const { text, error } = await readAll(log.body);
      expect(text).toBe(LOG);
      expect(error).toMatchObject({
        name: "SourceError",
        outcome: "unavailable",
        did: "broke off before the end of the log",
      });
    },
  );

  it.each(["/half", "/half-then-close", "/chunked"])("is unavailable if %s is reset", async (path) => {
    const store = await start();
    const body = (await open(store, path)).body[Symbol.asyncIterator]();
    expect(Buffer.from((await body.next()).value as Uint8Array).toString()).toBe(LOG);
    const next = body.next();
    store.reset();
    await expect(next).rejects.toMatchObject({ name: "SourceError", outcome: "unavailable" });
  });

  it.each(["/undelimited", "/transferred-until-the-end"])(
    "does not delimit a body that ends with the connection, as at %s",
    async (path) => {
      const store = await start();
      const log = await open(store, path);
      expect(log.delimited).toBe(false);
      store.end();
      expect(await readAll(log.body)).toMatchObject({ text: LOG, error: undefined });
    },
  );
});

describe("an HTTP source whose reader leaves", () => {
  const reason = new Error("left");

  /**
   * Settles when all current timers of less than 60 ms have fired, including undici's coarse ones: it waits for a timer
   * that was set later.
   */
  const undiciTimersRan = async () =>
    errorOf(open(await start(), "/silent", { config: { timeouts: { headers: "60ms" } } }));

  it("closes the connection when aborted before the response", async () => {
    const store = await start();
    const abort = new AbortController();
    const opening = sourceAt(store, "/silent").open(target, abort.signal);
    await store.asked();
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await store.abandoned();
  });

  it("closes the connection when aborted in a read of the body", async () => {
    const store = await start();
    const abort = new AbortController();
    const body = (await sourceAt(store, "/half").open(target, abort.signal)).body[Symbol.asyncIterator]();
    await body.next();
    const next = body.next();
    abort.abort(reason);
    await expect(next).rejects.toBe(reason);
    await store.abandoned();
  });

  it("closes the connection when aborted between two reads, or before the first", async () => {
    const store = await start();
    const abort = new AbortController();
    const body = (await sourceAt(store, "/half").open(target, abort.signal)).body[Symbol.asyncIterator]();
    abort.abort(reason);
    await store.abandoned();
    await expect(body.next()).rejects.toBe(reason);
  });

  it("does not wait for the connection or the token when aborted", async () => {
    const store = await start();
    const abort = new AbortController();
    const secure = { origin: store.origin.replace("http:", "https:") };
    const connecting = sourceAt(secure, "/log", { config: { timeouts: { connect: "100ms" } } }).open(
      target,
      abort.signal,
    );
    const waiting = sourceAt(store, "/log", { token: () => new Promise(() => {}) }).open(target, abort.signal);
    abort.abort(reason);
    await expect(connecting).rejects.toBe(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect(sourceAt(store, "/log").open(target, abort.signal)).rejects.toBe(reason);
    expect(store.requests).toEqual([]);
  });

  it("closes the connection when the loop is left, even in the middle of a read", async () => {
    const store = await start();
    for await (const _ of (await open(store, "/half")).body) break;
    await store.abandoned();
    const body = (await open(store, "/half")).body[Symbol.asyncIterator]();
    await body.next();
    const next = body.next();
    await body.return?.();
    expect((await next).done).toBe(true);
    await store.abandoned();
  });

  it("does not count the reader's pause as the store's silence", async () => {
    const store = await start();
    const log = await open(store, "/half", { config: { timeouts: { idle: "30ms" } } });
    const body = log.body[Symbol.asyncIterator]();
    await body.next();
    await undiciTimersRan();
    store.send("x".repeat(100 - LOG.length));
    expect(await readAll(log.body)).toMatchObject({ text: "x".repeat(100 - LOG.length), error: undefined });
  });

  it("applies back-pressure to the store while the reader waits", async () => {
    const store = await start();
    const log = await open(store, "/undelimited", { config: { timeouts: { idle: "300ms" } } });
    const body = log.body[Symbol.asyncIterator]();
    await body.next();
    const size = 32 * 1024 * 1024;
    store.send(Buffer.alloc(size, "y"));
    store.end();
    await undiciTimersRan();
    let got = 0;
    for await (const piece of log.body) {
      got += piece.length;
      expect(piece.length).toBeLessThanOrEqual(256 * 1024);
    }
    expect(got).toBe(size);
  });

  it("closes once all open logs have ended", async () => {
    const store = await start();
    const source = sourceAt(store, "/half");
    const log = await source.open(target, signal);
    const closed = source.close();
    await log.body[Symbol.asyncIterator]().return?.();
    await closed;
    await expect(source.open(target, signal)).rejects.toBeInstanceOf(SourceError);
  });
});
