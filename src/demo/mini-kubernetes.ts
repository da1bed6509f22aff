import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Clock, systemClock } from "../clock.ts";
import { type Body, sendBody } from "./body.ts";
import { listOf } from "./list.ts";
import { createObjectStore } from "./object-store.ts";
import type { KubeObject } from "./objects.ts";
import { type ContainerRef, containerOf, isRunning, lostLog } from "./pod-log.ts";
import { allowedBy } from "./rbac.ts";
import { isPlain, logRequestOf, readWritten } from "./read-log.ts";
import { apiVersionOf, type PathTarget, READABLE, targetOf } from "./resource-kinds.ts";
import { answerReview } from "./reviews.ts";
import { nameSelected, selectionOf } from "./selection.ts";
import { badRequest, forbidden, methodNotAllowed, notFound, StatusError, unauthorized, unknownPath } from "./status.ts";
import { userOf } from "./tokens.ts";
import { isWatch, watchLines, watchRequestOf } from "./watch.ts";
import { type WrittenLog, writtenLog } from "./written-log.ts";

export interface MiniKubernetesOptions {
  readonly objects: Iterable<KubeObject>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** The creation time of objects without one. Default: the system's clock. */
  readonly clock?: Clock;
  /**
   * The output of a container, as lines with times or as a text; `undefined`: the node has lost it. Default: no
   * container has written anything.
   */
  readonly podLog?: (container: ContainerRef) => Promise<WrittenLog | Pick<Body, "chunks"> | undefined>;
  /** The interval of a watch's bookmarks, in milliseconds. Default: 10,000. */
  readonly bookmarkMs?: number;
}

type Answer =
  | { readonly kind: "json"; readonly code: number; readonly body: object }
  | { readonly kind: "text"; readonly body: Pick<Body, "chunks"> }
  | { readonly kind: "stream"; readonly type: string; readonly pieces: AsyncIterable<string | Uint8Array> }
  | { readonly kind: "nothing" };

/** A running server. */
export interface MiniKubernetes {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /**
   * Adds an object, or replaces the one with the same group, kind, namespace and name. Returns the object as it is
   * served from now on.
   */
  put(object: KubeObject): KubeObject;
  /** Removes the object with this group, kind, namespace and name, if there is one. */
  remove(object: Pick<KubeObject, "apiVersion" | "kind" | "metadata">): void;
  /** Drops the recorded changes: a watch that continues from an earlier version gets 410. */
  forget(): void;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** Longer than any review. */
const BODY_BYTES = 1024 * 1024;
/** Each change wakes the followers of a log: this is only the maximum sleep. */
const POD_LOOK_MS = 60_000;

/**
 * Starts a small Kubernetes API server on the loopback address: reads and watches of the resources that Taffrail uses,
 * pod logs, and the reviews. Every call needs a token (objects of kind `Token`) and RBAC permission, as with a real
 * one.
 *
 * Objects cannot be written over HTTP.
 */
export async function startMiniKubernetes(options: MiniKubernetesOptions): Promise<MiniKubernetes> {
  const { port = 0, clock = systemClock, bookmarkMs = 10_000, podLog = async () => ({ chunks: () => [] }) } = options;
  const store = createObjectStore(clock);
  for (const object of options.objects) store.put(object);

  const answer = async (request: IncomingMessage, signal: AbortSignal): Promise<Answer> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const user = token === undefined ? undefined : userOf(store.all(), token);
    if (user === undefined) throw unauthorized();

    const url = new URL(request.url ?? "/", "http://kubernetes");
    const query = url.searchParams;
    const path = targetOf(url.pathname);
    if (path === undefined) throw unknownPath();
    const verb = verbOf(request.method, path, query);
    // A list limited to one name is authorized for that name, as by a real API server.
    const target = path.name === "" ? { ...path, name: nameSelected(query) ?? "" } : path;
    // A Namespace is inside itself, so that a Role in it can grant reading it.
    const namespace = path.resource.kind === "Namespace" ? path.name : path.namespace;
    const { resource, name, subresource } = target;
    const { group, plural } = resource;
    const question = { user: user.username, groups: user.groups, verb, group, resource: plural };
    // Every cluster lets everybody ask who they are, and what they may (the role `system:basic-user`).
    const isOwn = resource.kind.startsWith("SelfSubject");
    if (!isOwn && allowedBy(store.all(), { ...question, subresource, name, namespace }) === undefined) {
      throw forbidden(target, user.username, verb, namespace);
    }
    if (!isServed(verb, path)) throw methodNotAllowed();

    switch (verb) {
      case "create":
        return { kind: "json", code: 201, body: answerReview(store.all(), target, await readJson(request), user) };
      case "list": {
        const selected = store.all().filter(selectionOf(target, query));
        return { kind: "json", code: 200, body: listOf(selected, resource, query, store.version) };
      }
      case "watch": {
        const selection = selectionOf(target, query);
        const pieces = watchLines(store, resource, selection, watchRequestOf(query), bookmarkMs, signal);
        return { kind: "stream", type: "application/json", pieces };
      }
      case "get": {
        const metadata = { name, ...(resource.namespaced && { namespace: target.namespace }) };
        const found = store.get({ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata });
        if (found === undefined) throw notFound(target);
        return subresource === "" ? { kind: "json", code: 200, body: found } : answerLog(found, query, signal);
      }
    }
  };

  const answerLog = async (pod: KubeObject, query: URLSearchParams, signal: AbortSignal): Promise<Answer> => {
    const wanted = logRequestOf(query);
    const container = containerOf(pod, query);
    if (container === undefined) return { kind: "nothing" };
    const found = await podLog(container);
    if (found === undefined) return { kind: "text", body: lostLog(container) };
    if ("chunks" in found && isPlain(wanted)) return { kind: "text", body: found };
    const log = "chunks" in found ? writtenLog(found, container.startedAt) : found;
    const isOver = (): boolean => {
      const now = store.get(pod);
      const isGone = now === undefined || now.metadata.uid !== pod.metadata.uid;
      return isGone || container.previous || !isRunning(now, container.container);
    };
    const pieces = readWritten(log, wanted, isOver, (stop) => store.untilChange(POD_LOOK_MS, stop), signal);
    return { kind: "stream", type: "text/plain", pieces: log.through?.(pieces, query) ?? pieces };
  };

  const server = createServer((request, response) => {
    const disconnected = new AbortController();
    response.once("close", () => disconnected.abort());
    answer(request, disconnected.signal)
      .catch((error: unknown): Answer => {
        const status =
          error instanceof StatusError ? error : new StatusError(500, "InternalError", `Internal error: ${error}`);
        return { kind: "json", code: status.code, body: status.toBody() };
      })
      .then((answered) => send(response, answered))
      // The reader has disconnected.
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put: store.put,
    remove: store.remove,
    forget: store.forget,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function send(response: ServerResponse, answer: Answer): Promise<void> {
  switch (answer.kind) {
    case "json":
      response.writeHead(answer.code, { "content-type": "application/json" }).end(JSON.stringify(answer.body));
      return;
    case "text":
      response.writeHead(200, { "content-type": "text/plain" });
      return sendBody(response, answer.body);
    case "stream":
      response.writeHead(200, { "content-type": answer.type }).flushHeaders();
      return pipeline(Readable.from(answer.pieces, { highWaterMark: 1 }), response);
    case "nothing":
      response.writeHead(204).end();
  }
}

const WRITING: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };

/** The verb that RBAC decides about. Verbs that are not served are rejected later. */
function verbOf(method: string | undefined, { name }: PathTarget, query: URLSearchParams): string {
  if (method === "GET") return name !== "" ? "get" : isWatch(query) ? "watch" : "list";
  const verb = WRITING[method ?? ""];
  if (verb === undefined) throw methodNotAllowed();
  return verb;
}

function isServed(verb: string, { resource, name }: PathTarget): verb is "get" | "list" | "watch" | "create" {
  if (READABLE.includes(resource)) return verb === "get" || verb === "list" || verb === "watch";
  return verb === "create" && name === "";
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > BODY_BYTES) {
      throw new StatusError(413, "RequestEntityTooLarge", `Request entity too large: limit is ${BODY_BYTES}`);
    }
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString("utf8")) as unknown;
  } catch {
    throw badRequest("the object provided is unrecognized: the body is not JSON");
  }
}
