import type { ServerResponse } from "node:http";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { type ApiServer, sendJson, startApiServer } from "../../test/fakes/api-server.ts";
import { createGate, readAll } from "../../test/fakes/byte-source.ts";
import { createKubeApi } from "../kube/kube-api.ts";
import { createKubernetesStore } from "./kubernetes.ts";
import type { LogTarget, TargetPod } from "./source.ts";
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

const status = (code: number, message: string) => (response: ServerResponse) =>
  sendJson(response, code, { kind: "Status", status: "Failure", message, code });

describe("the source of pods, asking", () => {
  it("is a live source that asks the API server for the log of the container", async () => {
    const { source, server } = await start((response) => response.end("first line\nsecond line\n"));
    const log = await source.open(targetOf(POD), never);
    expect(log).toMatchObject({ mediaType: "text/plain", charset: undefined });
    expect(await readAll(log.body)).toMatchObject({ text: "first line\nsecond line\n", error: undefined });
    expect(server.requests).toEqual(["GET /api/v1/namespaces/shop/pods/pod-1/log?container=main&timestamps=true"]);
  });

  it("never says that an end proves anything: the API server ends its answer well when the kubelet breaks off", async () => {
    const { source } = await start((response) => response.end("half a li"));
    expect((await source.open(targetOf(POD), never)).delimited).toBe(false);
  });

  it("asks for the log before a restart", async () => {
    const { source, server } = await start((response) => response.end("\n"));
    await source.open(targetOf({ ...POD, previous: true }), never);
    expect(server.requests[0]).toContain("container=main&previous=true");
  });

  it("lets no name lead elsewhere", async () => {
    const { source, server } = await start((response) => response.end("\n"));
    await source.open(targetOf({ ...POD, name: "x/../y?z#", container: "a&b=c" }), never);
    expect(server.requests).toEqual([
      "GET /api/v1/namespaces/shop/pods/x%2F..%2Fy%3Fz%23/log?container=a%26b%3Dc&timestamps=true",
    ]);
  });

  it("gives an empty log of a container that has written nothing", async () => {
    const { source } = await start((response) => response.end());
    expect(await readAll((await source.open(targetOf(POD), never)).body)).toMatchObject({ text: "", error: undefined });
  });
});

describe("the source of pods, without asking", () => {
  const refuse = (response: ServerResponse) => response.writeHead(500).end();

  it.each<[string, TargetPod | undefined, SourceError["outcome"], string]>([
    ["no pod", undefined, "not-found", 'Source "pods" knows no pod of this attempt (any more).'],
    [
      "a container that waits",
      { ...POD, unstarted: { reason: "ImagePullBackOff", final: false } },
      "not-yet",
      'Source "pods" has no log yet: the container waits to be started (ImagePullBackOff).',
    ],
    [
      "a container that waits for no reason that was given",
      { ...POD, unstarted: { reason: "", final: false } },
      "not-yet",
      'Source "pods" has no log yet: the container waits to be started.',
    ],
    [
      "a reason that is no word: it may hold an address",
      { ...POD, unstarted: { reason: "rpc error: dial tcp 10.0.0.1:5000", final: false } },
      "not-yet",
      'Source "pods" has no log yet: the container waits to be started.',
    ],
    [
      "a container that will never be started",
      { ...POD, unstarted: { reason: "Evicted", final: true } },
      "not-found",
      'Source "pods" has no log: the container was never started (Evicted).',
    ],
  ])("says so of %s", async (_what, pod, outcome, message) => {
    const { source, server } = await start(refuse);
    expect(await errorOf(source.open(targetOf(pod), never))).toMatchObject({ outcome, message });
    expect(server.requests).toEqual([]);
  });

  it("tells a pod that is gone from a container that never began", async () => {
    const { source } = await start(refuse);
    const faultOf = async (pod: Parameters<typeof targetOf>[0]) =>
      (await errorOf(source.open(targetOf(pod), never))).fault;
    expect(await faultOf(undefined)).toBe("no-pod");
    expect(await faultOf({ ...POD, unstarted: { reason: "Evicted", final: true } })).toBe("never-started");
    expect(await faultOf({ ...POD, unstarted: { reason: "", final: false } })).toBe(undefined);
  });
});

describe("the source of pods, refused", () => {
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
    [400, "container main is not valid for pod pod-1", "not-found", "has no such container in the pod"],
    [400, "something else at 10.0.0.1", "refused", "answered 400"],
    [401, "Unauthorized", "refused", "answered 401"],
    [403, 'pods "pod-1" is forbidden: User "system:serviceaccount:…" cannot get resource', "refused", "answered 403"],
    [404, 'pods "pod-1" not found', "not-found", "knows no such pod or container any more"],
    [429, "too many requests", "unavailable", "answered 429"],
    [500, 'Get "https://10.0.0.1:10250/containerLogs/…": dial tcp: refused', "unavailable", "answered 500"],
    [503, "the server is currently unable to handle the request", "unavailable", "answered 503"],
  ])("takes %i (%s) for %s", async (code, words, outcome, did) => {
    const { source } = await start(code === 204 ? (response) => response.writeHead(204).end() : status(code, words));
    const error = await errorOf(source.open(targetOf(POD), never));
    expect(error).toMatchObject({ outcome, httpStatus: code });
    expect(error.did).toContain(did);
    // The server's own log has it in full.
    expect((error.cause as Error).message).toBe(`The API server answered ${code}: ${words}`);
  });

  it("reads words that are no Status as they are", async () => {
    const { source } = await start((response) => response.writeHead(400).end("container is waiting to start: X"));
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({ outcome: "not-yet" });
  });

  it.each([
    ["unable to retrieve container logs for containerd://0f2c4a", true],
    ['failed to try resolving symlinks in path "/var/log/pods/x/0.log": lstat /x: no such file or directory', true],
    ['failed to open log file "/var/log/pods/x/0.log": open /x: no such file or directory', true],
    ["unable to retrieve container logs for containerd://0f2c4a\nsaid a test", false],
    ["unable to retrieve the voucher", false],
    [`unable to retrieve container logs for containerd://${"0".repeat(2_000)}`, false],
  ])("knows what a kubelet says in a log's place, and only that: %s", async (words, isNoLog) => {
    const { source } = await start((response) => response.end(words));
    if (isNoLog) {
      expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({
        outcome: "not-found",
        did: "no longer has the log: the node has removed it",
        fault: "log-removed",
      });
    } else {
      expect((await readAll((await source.open(targetOf(POD), never)).body)).text).toBe(words);
    }
  });
});

describe("the source of pods, in front of an API server that fails", () => {
  it("says that nobody answered, where nobody listens", async () => {
    const { source, server } = await start(() => {});
    await server.close();
    closing.shift();
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({
      outcome: "unavailable",
      did: "refused the connection",
    });
  });

  it("says that the headers did not come in time", async () => {
    const { source } = await start(() => {});
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({ outcome: "silent" });
  });

  it("keeps nothing of words that are no Status: they may repeat the server's own token", async () => {
    const { source } = await start((response) => response.writeHead(403).end("you sent: Bearer planted"));
    const error = await errorOf(source.open(targetOf(POD), never));
    expect(inspect(error, { depth: 9 })).not.toContain("planted");
    expect(error).toMatchObject({ outcome: "refused", httpStatus: 403 });
  });

  it("waits a second for the words of a refusal, and no longer", async () => {
    const { source, server } = await start((response) => {
      response.writeHead(500);
      response.write("well, you see …");
    });
    expect(await errorOf(source.open(targetOf(POD), never))).toMatchObject({ outcome: "unavailable" });
    await server.abandoned();
  });

  it("reads a refusal without an end no further than it has to", async () => {
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
    // What lies in sockets' buffers is not ours.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  it("fails after half a body that is cut off, and does not wait for the rest", async () => {
    const cut = createGate();
    const { source } = await start((response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half\n");
      void cut.opened.then(() => response.socket?.resetAndDestroy());
    });
    const log = await source.open(targetOf(POD), never);
    cut.open();
    const { text, error } = await readAll(log.body);
    expect(text).toBe("half\n");
    expect(error).toMatchObject({ outcome: "unavailable", did: "broke off before the end of the log" });
  });

  it("fails after chunks that lack the last one", async () => {
    const { source } = await start((response) => response.write("half\n", () => response.socket?.destroy()));
    const { error } = await readAll((await source.open(targetOf(POD), never)).body);
    expect(error).toMatchObject({ outcome: "unavailable" });
  });

  it("fails where the body falls silent, before its first line too", async () => {
    for (const beginning of ["half\n", "ha"]) {
      const { source } = await start((response) => response.write(beginning), { idleMs: 50 });
      const { text, error } = await readAll((await source.open(targetOf(POD), never)).body);
      expect(text).toBe(beginning);
      expect(error).toMatchObject({ outcome: "silent", did: "sent nothing more for 0.05 s" });
    }
  });
});

describe("the source of pods, left by its reader", () => {
  it("asks nobody when it was left before", async () => {
    const { source, server } = await start((response) => response.end("\n"));
    const reason = new Error("gone");
    await expect(source.open(targetOf(POD), AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(server.requests).toEqual([]);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["the wait for headers", () => {}],
    ["the wait for a first line", (response) => response.write("ha")],
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

  it("does not wait for a connection to come about", async () => {
    const reason = new Error("gone");
    const abort = new AbortController();
    const kube = { openPodLog: () => new Promise<never>(() => {}) };
    const opening = createKubernetesStore({ name: "pods", kube }).open(targetOf(POD), abort.signal);
    abort.abort(reason);
    await expect(opening).rejects.toBe(reason);
  });

  it("closes the connection in the middle of the body, by the signal and by leaving the loop", async () => {
    const { source, server } = await start((response) => response.write("half\n"));
    const abort = new AbortController();
    const log = await source.open(targetOf(POD), abort.signal);
    abort.abort(new Error("gone"));
    expect((await readAll(log.body)).error).toBe(abort.signal.reason);
    await server.abandoned();

    for await (const _piece of (await source.open(targetOf(POD), never)).body) break;
    await server.abandoned();
  });
});
