import { Agent, request } from "undici";
import type { KubeObject } from "../../../src/demo/objects.ts";
import { plant } from "../../planted/search.ts";
import type { KubernetesAccess } from "./kube-apiserver.ts";

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

interface Resource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** A small separate client, so that tests are not set up by the code under test. */
export class KubeClient {
  readonly #access: KubernetesAccess;
  readonly #token: string;
  readonly #agent: Agent;
  readonly #resources = new Map<string, readonly Resource[]>();

  /** @param token the caller's. Default: the administrator's. */
  constructor(access: KubernetesAccess, token = access.adminToken) {
    this.#access = access;
    this.#token = token;
    this.#agent = new Agent({ connect: { ca: access.ca } });
  }

  /** Sends a request, and returns the response whatever its status. */
  async request(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: unknown): Promise<KubeAnswer> {
    const answer = await request(`${this.#access.url}${path}`, {
      dispatcher: this.#agent,
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        accept: "application/json",
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    const json = String(answer.headers["content-type"]).startsWith("application/json");
    return { status: answer.statusCode, body: json ? JSON.parse(text) : text };
  }

  /**
   * Creates an object as given, and then its status if that is a subresource. Unknown and misplaced fields are errors.
   *
   * Returns the server's version of it. Throws with the server's message.
   */
  async create(object: KubeObject): Promise<KubeObject> {
    const collection = await this.pathOf(object);
    const created = await this.#expect("POST", `${collection}?fieldValidation=Strict`, object);
    const statusPath = `${collection}/${object.metadata.name}/status`;
    if (object.status === undefined || !(await this.#has(object.apiVersion, `${pluralOf(collection)}/status`)))
      return created;
    return this.#expect("PUT", `${statusPath}?fieldValidation=Strict`, { ...created, status: object.status });
  }

  /** Replaces an object. Throws with the server's message. */
  async replace(object: KubeObject): Promise<KubeObject> {
    return this.#expect("PUT", `${await this.pathOf(object)}/${object.metadata.name}?fieldValidation=Strict`, object);
  }

  /** A token of a ServiceAccount, valid for an hour. */
  async createToken(namespace: string, account: string, audiences: readonly string[]): Promise<string> {
    const { status, body } = await this.request(
      "POST",
      `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`,
      {
        apiVersion: "authentication.k8s.io/v1",
        kind: "TokenRequest",
        spec: { audiences, expirationSeconds: 3600 },
      },
    );
    if (status !== 201) throw new Error(`TokenRequest for ${account}: ${status} ${JSON.stringify(body)}`);
    const { token } = (body as { status: { token: string } }).status;
    plant(token);
    return token;
  }

  /** The path of an object's collection. Throws if the server does not serve its kind. */
  async pathOf(object: KubeObject): Promise<string> {
    const resource = (await this.#discover(object.apiVersion)).find(
      (each) => each.kind === object.kind && !each.name.includes("/"),
    );
    if (resource === undefined) throw new Error(`The API server does not serve ${object.apiVersion} ${object.kind}.`);
    const namespace = resource.namespaced ? `/namespaces/${object.metadata.namespace ?? "default"}` : "";
    return `${groupPath(object.apiVersion)}${namespace}/${resource.name}`;
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #has(apiVersion: string, resource: string): Promise<boolean> {
    return (await this.#discover(apiVersion)).some((each) => each.name === resource);
  }

  async #discover(apiVersion: string): Promise<readonly Resource[]> {
    const known = this.#resources.get(apiVersion);
    if (known !== undefined) return known;
    const { status, body } = await this.request("GET", groupPath(apiVersion));
    if (status !== 200) throw new Error(`The API server does not serve ${apiVersion}: ${status}.`);
    const { resources } = body as { resources: readonly Resource[] };
    this.#resources.set(apiVersion, resources);
    return resources;
  }

  async #expect(method: "POST" | "PUT", path: string, object: KubeObject): Promise<KubeObject> {
    const { status, body } = await this.request(method, path, object);
    if (status === 200 || status === 201) return body as KubeObject;
    const { message } = body as { message?: string };
    throw new Error(`${object.kind} ${object.metadata.name}: ${status}: ${message ?? JSON.stringify(body)}`);
  }
}

function groupPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function pluralOf(collection: string): string {
  return collection.slice(collection.lastIndexOf("/") + 1);
}
