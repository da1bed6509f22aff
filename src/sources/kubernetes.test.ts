import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiServer, sendJson, startApiServer } from "../../test/fakes/api-server.ts";
import { createGate } from "../../test/fakes/byte-source.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import { createKubernetesStore } from "./kubernetes.ts";
import type { LogTarget, OpenedEntries, OpenOptions, TargetPod } from "./source.ts";
import { SourceError } from "./source-error.ts";

const POD: TargetPod = {
  namespace: "shop",
  name: "pod-1",
  container: "main",
  previous: false,
  unstarted: undefined,
};
const targetOf = (pod: TargetPod | undefined): LogTarget => ({
  facts: { project: "shop", metric: "smoke" },
  values: {
    variables: {},
    lookups: { label: () => undefined, annotation: () => undefined, arg: () => undefined, freight: () => undefined },
  },
  pod,
});
const never = new AbortController().signal;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A source in front of an API server that answers every request so. */
async function start(
  answer: (response: ServerResponse) => void,
  options: { readonly idleMs?: number } = {},
): Promise<{ readonly source: ReturnType<typeof createKubernetesStore>; readonly server: ApiServer }> {
  const server = await startApiServer((_request, response) => answer(response));
  const kube = createKubeApi(
    { server: server.url, credentials: async () => ({ headers: {}, tls: {} }) },
    { answerMs: 200 },
  );
  closing.push(
    () => server.close(),
    () => kube.close(),
  );
  return { source: createKubernetesStore({ name: "pods", kube, ...options }), server };
}

/** The error of an open that has to fail, which shows no reader where anything is. */
async function errorOf(opening: Promise<unknown>): Promise<SourceError> {
  const error: unknown = await opening.then(
    () => undefined,
    (each: unknown) => each,
  );
  if (!(error instanceof SourceError)) throw new Error("There was no SourceError.", { cause: error });
  expect(error.message).not.toMatch(/10\.0\.0|127\.0|https?:|node-1|dial/);
  return error;
}

/** A line as a kubelet sends it. */
const line = (text: string, second = 0) => `2026-01-01T00:00:${String(second).padStart(2, "0")}.000000000Z ${text}`;

/** Everything that was read of a log, and its error. */
async function readEntries({ pieces }: OpenedEntries) {
  let text = "";
  const times: string[] = [];
  let error: unknown;
  try {
    for await (const piece of pieces) {
      text += Buffer.from(piece.bytes).toString();
      times.push(...piece.times.times);
    }
  } catch (caught) {
    error = caught;
  }
  return { text, times, error };
}

const status = (code: number, message: string) => (response: ServerResponse) =>
  sendJson(response, code, { kind: "Status", status: "Failure", message, code });

describe("the pods' source", () => {
  it("requests the container's log from the API server", async () => {
    const { source, server } = await start((response) => response.end(line("first line\n") + line("second line\n", 1)));
    const log = await source.open(targetOf(POD), never);
    expect(log).toMatchObject({ kind: "entries", mediaType: "text/plain" });
    expect(await readEntries(log)).toEqual({
      text: "first line\nsecond line\n",
      times: ["2026-01-01T00:00:00.000000000Z", "2026-01-01T00:00:01.000000000Z"],
      error: undefined,
    });
    expect(server.requests).toEqual(["GET /api/v1/namespaces/shop/pods/pod-1/log?container=main&timestamps=true"]);
  });

  it("never reports the log as delimited: the API server ends cleanly even if the kubelet breaks off", async () => {
    const { source } = await start((response) => response.end(line("half a li")));
    expect((await source.open(targetOf(POD), never)).delimited).toBe(false);
  });

  it("requests the log from before a restart", async () => {
    const { source, server } = await start((response) => response.end(line("\n")));
    await source.open(targetOf({ ...POD, previous: true }), never);
    expect(server.requests[0]).toContain("container=main&previous=true");
  });

  it("escapes names in the path and query", async () => {
    const { source, server } = await start((response) => response.end(line("\n")));
    await source.open(targetOf({ ...POD, name: "x/../y?z#", container: "a&b=c" }), never);
    expect(server.requests).toEqual([
      "GET /api/v1/namespaces/shop/pods/x%2F..%2Fy%3Fz%23/log?container=a%26b%3Dc&timestamps=true",
    ]);
  });

  it("opens an empty log of a container that has written nothing", async () => {
    const { source } = await start((response) => response.end());
    expect(await readEntries(await source.open(targetOf(POD), never))).toEqual({
      text: "",
      times: [],
      error: undefined,
    });
  });
});

describe("the pods' source, without a request", () => {
  const refuse = (response: ServerResponse) => response.writeHead(500).end();

  it.each<[string, TargetPod | undefined, SourceError["outcome"], string]>([
    ["no pod", undefined, "not-found", 'Source "pods" knows no pod of this attempt (any more).'],
    [
      "a waiting container",
      { ...POD, unstarted: { reason: "ImagePullBackOff", final: false } },
      "not-yet",
      'Source "pods" has no log yet: the container waits to be started (ImagePullBackOff).',
    ],
    [
      "a waiting container without a reason",
      { ...POD, unstarted: { reason: "", final: false } },
      "not-yet",
      'Source "pods" has no log yet: the container waits to be started.',
    ],
    [
      "a reason that is not a word, and may contain an address",
      { ...POD, unstarted: { reason: "rpc error: dial tcp 10.0.0.1:5000", final: false } },
      "not-yet",
      'Source "pods" has no log yet: the container waits to be started.',
    ],
    [
      "a container that will never start",
      { ...POD, unstarted: { reason: "Evicted", final: true } },
      "not-found",
      'Source "pods" has no log: the container was never started (Evicted).',
    ],
  ])("reports %s", async (_what, pod, outcome, message) => {
    const { source, server } = await start(refuse);
    expect(await errorOf(source.open(targetOf(pod), never))).toMatchObject({ outcome, message });
    expect(server.requests).toEqual([]);
  });

  it("distinguishes a deleted pod from a container that never started", async () => {
    const { source } = await start(refuse);
    const faultOf = async (pod: Parameters<typeof targetOf>[0]) =>
      (await errorOf(source.open(targetOf(pod), never))).fault;
    expect(await faultOf(undefined)).toBe("no-pod");
    expect(await faultOf({ ...POD, unstarted: { reason: "Evicted", final: true } })).toBe("never-started");
    expect(await faultOf({ ...POD, unstarted: { reason: "", final: false } })).toBe(undefined);
  });
});

describe("the pods' source, refused", () => {
  it.each<[number, string, SourceError["outcome"], string]>([
    [204, "", "not-yet", "has no log yet: the container has not started"],
    [400, 'container "main" in pod "pod-1" is waiting to start: PodInitializing', "not-yet", "has not started"],
    [
      400,
      'container "main" in pod "pod-1" is waiting to start: trying and failing to pull image',
      "not-yet",
      "has not",
    ],
    [400, 'previous terminated container "main" in pod "pod-1" not found', "not-found", "before its restart"],
    [400, 'container "main" in pod "pod-1" is terminated', "not-found", "the node has removed it"],
    [400, "container main is not valid for pod pod-1", "not-found", "has no such container in the pod"],
    [400, "something else at 10.0.0.1", "refused", "answered 400"],
    [401, "Unauthorized", "refused", "answered 401"],
    [403, 'pods "pod-1" is forbidden: User "system:serviceaccount:…" cannot get resource', "refused", "answered 403"],
    [404, 'pods "pod-1" not found', "not-found", "knows no such pod or container any more"],
    [429, "too many requests", "unavailable", "answered 429"],
    [500, 'Get "https://10.0.0.1:10250/containerLogs/…": dial tcp: refused', "unavailable", "answered 500"],
    [503, "the server is currently unable to handle the request", "unavailable", "answered 503"],
  ])("maps %i (%s) to %s", async (code, words, outcome, did) => {
    const { source } = await start(code === 204 ? (response) => response.writeHead(204).end() : status(code, words));
    const error = await errorOf(source.open(targetOf(POD), never));
    expect(error).toMatchObject({ outcome, httpStatus: code });
    expect(error.did).toContain(did);
    // The server's own log has the whole message.
    expect((error.cause as Error).message).toBe(`The API server answered ${code}: ${words}`);
  });

  it("reads a response that is not a Status as text", async () => {
    const { source } = await start((response) => response.writeHead(400).end("container is waiting to start: X"));
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({ outcome: "not-yet" });
  });

  it.each<[string, SourceError["outcome"], string, SourceError["fault"]]>([
    ["unable to retrieve container logs for containerd://0f2c4a", "not-found", "has removed it", "log-removed"],
    [
      'failed to try resolving symlinks in path "/var/log/pods/x/0.log": lstat /x: no such file or directory',
      "not-found",
      "has removed it",
      "log-removed",
    ],
    [
      'failed to open log file "/var/log/pods/x/0.log": open /x: no such file or directory',
      "not-found",
      "no longer has the log",
      "log-removed",
    ],
    [
      `unable to retrieve container logs for containerd://${"0".repeat(9_000)}`,
      "not-found",
      "no longer",
      "log-removed",
    ],
    ['failed to get parse function: unsupported log format: "\\x00\\x00"', "not-found", "damaged log", "log-damaged"],
    ["failed to create fsnotify watcher: too many open files", "unavailable", "inotify instances", "node-limit"],
    ['failed to watch directory "/var/log/pods/x": no space left', "unavailable", "or watches", "node-limit"],
    ["container runtime at /run/containerd/containerd.sock is gone", "unavailable", "reports a failure", "node-failed"],
  ])("does not take a kubelet's message for a log: %s", async (words, outcome, did, fault) => {
    const { source } = await start((response) => response.end(words));
    const error = await errorOf(source.open(targetOf(POD), never));
    expect(error).toMatchObject({ outcome, fault });
    expect(error.did).toContain(did);
    // The message names paths of the node, and appears only in the server's own log.
    expect(error.message).not.toMatch(/\/var|\/run|containerd|sock/);
    expect((error.cause as Error).message).toContain(words.slice(0, 4_000));
  });

  it("takes timestamped lines for log, whatever they say", async () => {
    const words = "unable to retrieve container logs for containerd://0f2c4a\n";
    const { source } = await start((response) => response.end(line(words)));
    expect(await readEntries(await source.open(targetOf(POD), never))).toMatchObject({ text: words, error: undefined });
  });

  it("fails with the kubelet's message after a log, without sending it", async () => {
    const words = 'failed to create fsnotify watcher "/var/log/pods": too many open files';
    const { source } = await start((response) => response.end(`${line("a line\n")}${words}`));
    const { text, error } = await readEntries(await source.open(targetOf(POD), never));
    expect(text).toBe("a line\n");
    expect(error).toMatchObject({ outcome: "unavailable", fault: "node-limit" });
  });

  it("does not wait for the first line of a followed log, whose container may be quiet", async () => {
    const { source, server } = await start((response) => response.writeHead(200).flushHeaders());
    const abort = new AbortController();
    expect(await source.open(targetOf(POD), abort.signal, { follow: true })).toMatchObject({ kind: "entries" });
    expect(server.requests[0]).toContain("follow=true");
    abort.abort(new Error("gone"));
    await server.abandoned();
  });
});

describe("the pods' source, for part of a log", () => {
  /** A source in front of a node's log. A long line consists of several records. */
  const startLog = async (records: readonly string[]) => {
    const server = await startApiServer((request, response) => {
      const tail = new URL(request.url ?? "", "http://api").searchParams.get("tailLines");
      response.end((tail === null ? records : records.slice(-Number(tail))).join(""));
    });
    const kube = createKubeApi({ server: server.url, credentials: async () => ({ headers: {}, tls: {} }) });
    closing.push(
      () => server.close(),
      () => kube.close(),
    );
    const source = createKubernetesStore({ name: "pods", kube });
    const read = async (options: OpenOptions) =>
      (await readEntries(await source.open(targetOf(POD), never, options))).text;
    return { server, read };
  };

  it("requests lines since a second, and omits the rest of a line that began before", async () => {
    const { read, server } = await startLog(["of a line\n", line("next\n")]);
    expect(await read({ since: "2026-01-01T00:00:00Z" })).toBe("next\n");
    expect(server.requests[0]).toContain("sinceTime=2026-01-01T00%3A00%3A00Z");
  });

  it("returns the requested number of last lines", async () => {
    const { read } = await startLog(["one\n", "two\n", "three\n"].map((text, second) => line(text, second)));
    expect(await read({ tailLines: 1 })).toBe("three\n");
    expect(await read({ tailLines: 2 })).toBe("two\nthree\n");
    expect(await read({ tailLines: 9 })).toBe("one\ntwo\nthree\n");
  });
});

describe("the pods' source, with a failing API server", () => {
  it("reports a refused connection", async () => {
    const { source, server } = await start(() => {});
    await server.close();
    closing.shift();
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({
      outcome: "unavailable",
      did: "refused the connection",
    });
  });

  it("reports that the headers did not arrive in time", async () => {
    const { source } = await start(() => {});
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({ outcome: "silent" });
  });

  it("discards a message that is not a Status, which may echo the server's own token", async () => {
    const { source } = await start((response) => response.writeHead(403).end("you sent: Bearer planted"));
    const error = await errorOf(source.open(targetOf(POD), never));
    expect(inspect(error, { depth: 9 })).not.toContain("planted");
    expect(error).toMatchObject({ outcome: "refused", httpStatus: 403 });
  });

  it("waits at most a second for the body of a refusal", async () => {
    const { source, server } = await start((response) => {
      response.writeHead(500);
      response.write("well, you see …");
    });
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({ outcome: "unavailable" });
    await server.abandoned();
  });

  it("reads only the beginning of an endless refusal", async () => {
    let sent = 0;
    const { source, server } = await start((response) => {
      response.writeHead(403);
      const more = (): void => {
        do sent += 16_384;
        while (!response.destroyed && response.write("no! ".repeat(4_096)));
      };
      response.on("drain", more);
      more();
    });
    const error = await errorOf(source.open(targetOf(POD), never));
    expect(error.outcome).toBe("refused");
    expect((error.cause as Error).message.length).toBeLessThan(17_000);
    await server.abandoned();
    // Allows for the buffers of the sockets.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  it("fails after the part of a body that was cut off, without waiting for the rest", async () => {
    const cut = createGate();
    const { source } = await start((response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write(line("half\n"));
      void cut.opened.then(() => response.socket?.resetAndDestroy());
    });
    const log = await source.open(targetOf(POD), never);
    cut.open();
    const { text, error } = await readEntries(log);
    expect(text).toBe("half\n");
    expect(error).toMatchObject({ outcome: "unavailable", did: "broke off before the end of the log" });
  });

  it("fails if the last chunk is missing", async () => {
    const { source } = await start((response) => response.write(line("half\n"), () => response.socket?.destroy()));
    const { error } = await readEntries(await source.open(targetOf(POD), never));
    expect(error).toMatchObject({ outcome: "unavailable" });
  });

  it("fails if the body stalls, even before its first line", async () => {
    for (const beginning of ["half\n", "ha"]) {
      const { source } = await start((response) => response.write(line(beginning)), { idleMs: 50 });
      const { text, error } = await readEntries(await source.open(targetOf(POD), never));
      expect(text).toBe(beginning);
      expect(error).toMatchObject({ outcome: "silent", did: "sent nothing more for 0.05 s" });
    }
  });
});

describe("the pods' source, aborted", () => {
  it("sends no request if it was aborted before", async () => {
    const { source, server } = await start((response) => response.end(line("\n")));
    const reason = new Error("gone");
    await expect(source.open(targetOf(POD), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["the wait for headers", () => {}],
    ["the wait for a first line", (response) => response.write("20")],
  ])("closes the connection in %s", async (_what, answer) => {
    const asked = createGate();
    const { source, server } = await start((response) => {
      answer(response);
      asked.open();
    });
    const abort = new AbortController();
    const opening = source.open(targetOf(POD), abort.signal);
    await asked.opened;
    const reason = new Error("gone");
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
    await server.abandoned();
  });

  it("does not wait for a connection", async () => {
    const reason = new Error("gone");
    const abort = new AbortController();
    const kube = { openPodLog: () => new Promise<never>(() => {}) };
    const opening = createKubernetesStore({ name: "pods", kube }).open(targetOf(POD), abort.signal);
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });

  it("closes the connection in the middle of the body, on abort and when the loop is left", async () => {
    const { source, server } = await start((response) => response.write(line("half\n")));
    const abort = new AbortController();
    const log = await source.open(targetOf(POD), abort.signal);
    abort.abort(new Error("gone"));
    expect((await readEntries(log)).error).toBe(abort.signal.reason);
    await server.abandoned();

    for await (const _piece of (await source.open(targetOf(POD), never)).pieces) break;
    await server.abandoned();
  });
});
