import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Clock, systemClock } from "../clock.ts";
import { type Body, sendBody } from "./body.ts";
import { listOf } from "./list.ts";
import { groupOf, type KubeObject, keyOf } from "./objects.ts";
import { type ContainerRef, containerOf, lostLog } from "./pod-log.ts";
import { allowedBy } from "./rbac.ts";
import { apiVersionOf, type PathTarget, READABLE, type ResourceKind, targetOf } from "./resource-kinds.ts";
import { answerReview } from "./reviews.ts";
import { badRequest, forbidden, methodNotAllowed, notFound, StatusError, unauthorized, unknownPath } from "./status.ts";
import { userOf } from "./tokens.ts";

export interface MiniKubernetesOptions {
  readonly objects: Iterable<KubeObject>;
  /** Default 0: any free port. */
  readonly port?: number;
  /** When objects that do not say it were created. Default: the system's clock. */
  readonly clock?: Clock;
  /** What a container has written; `undefined`: the node has lost it. Default: no container has written anything. */
  readonly podLog?: (container: ContainerRef) => Promise<Pick<Body, "chunks"> | undefined>;
}

type Answer =
  | { readonly kind: "json"; readonly code: number; readonly body: object }
  | { readonly kind: "log"; readonly body: Pick<Body, "chunks"> }
  | { readonly kind: "nothing" };

/** A running server. */
export interface MiniKubernetes {
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Adds an object, or puts it in the place of the one with the same group, kind, namespace and name. Returns what is served from now on. */
  put(object: KubeObject): KubeObject;
  /** Removes the object with this group, kind, namespace and name, if there is one. */
  remove(object: Pick<KubeObject, "apiVersion" | "kind" | "metadata">): void;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Longer than any review. */
const BODY_BYTES = 1024 * 1024;

/**
 * Starts a small Kubernetes API server on the loopback address: reads of what Taffrail reads, the logs of pods, and the two reviews. Every call needs a token
 * (objects of kind `Token`) and what RBAC says, as with a real one.
 *
 * There is no watch, no following of a log, and no writing over HTTP.
 */
export async function startMiniKubernetes(options: MiniKubernetesOptions): Promise<MiniKubernetes> {
  const { port = 0, clock = systemClock, podLog = async () => ({ chunks: () => [] }) } = options;
  const objects = new Map<string, KubeObject>();
  let version = 1000;

  const put = (object: KubeObject): KubeObject => {
    version += 1;
    const before = objects.get(keyOf(object))?.metadata;
    const metadata = {
      uid: before?.uid ?? randomUUID(),
      creationTimestamp: before?.creationTimestamp ?? new Date(clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
      ...object.metadata,
      resourceVersion: String(version),
    };
    const kept = { ...object, metadata };
    objects.set(keyOf(kept), kept);
    return kept;
  };
  for (const object of options.objects) put(object);

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const user = token === undefined ? undefined : userOf(objects.values(), token);
    if (user === undefined) throw unauthorized();

    const url = new URL(request.url ?? "/", "http://kubernetes");
    const target = targetOf(url.pathname);
    if (target === undefined) throw unknownPath();
    const verb = verbOf(request.method, target);
    // A Namespace lies in itself, so that a Role in it can let somebody read it.
    const namespace = target.resource.kind === "Namespace" ? target.name : target.namespace;
    const { group, plural } = target.resource;
    const { name, subresource } = target;
    const question = { user: user.username, groups: user.groups, verb, group, resource: plural };
    if (allowedBy(objects.values(), { ...question, subresource, name, namespace }) === undefined) {
      throw forbidden(target, user.username, verb, namespace);
    }

    if (verb === "create") {
      return { kind: "json", code: 201, body: answerReview(objects.values(), target, await readJson(request)) };
    }
    if (verb === "list") {
      const ofKind = [...objects.values()].filter((object) => isOf(object, target.resource));
      return { kind: "json", code: 200, body: listOf(ofKind, target, url.searchParams, version) };
    }
    const { resource } = target;
    const metadata = { name, ...(resource.namespaced && { namespace: target.namespace }) };
    const found = objects.get(keyOf({ apiVersion: apiVersionOf(resource), kind: resource.kind, metadata }));
    if (found === undefined) throw notFound(target);
    if (subresource === "") return { kind: "json", code: 200, body: found };
    const container = containerOf(found, url.searchParams);
    if (container === undefined) return { kind: "nothing" };
    return { kind: "log", body: (await podLog(container)) ?? lostLog(container) };
  };

  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown): Answer => {
        const status =
          error instanceof StatusError ? error : new StatusError(500, "InternalError", `Internal error: ${error}`);
        return { kind: "json", code: status.code, body: status.toBody() };
      })
      .then((answered) => send(response, answered))
      // The reader has left.
      .catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    put,
    remove: (object) => {
      version += 1;
      objects.delete(keyOf(object));
    },
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
    case "log":
      response.writeHead(200, { "content-type": "text/plain" });
      return sendBody(response, answer.body);
    case "nothing":
      response.writeHead(204).end();
  }
}

function verbOf(method: string | undefined, { resource, name }: PathTarget): "get" | "list" | "create" {
  const readable = READABLE.includes(resource);
  if (readable && method === "GET") return name === "" ? "list" : "get";
  if (!readable && method === "POST" && name === "") return "create";
  throw methodNotAllowed();
}

function isOf({ apiVersion, kind }: KubeObject, resource: ResourceKind): boolean {
  return kind === resource.kind && groupOf(apiVersion) === resource.group;
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
    throw badRequest("the object provided is unrecognized: the body is no JSON");
  }
}
