import type { KubeApi } from "../../src/kube/kube-api.ts";
import type { KubeResource } from "../../src/kube/resources.ts";

/** An object that the API is asked to create. */
export interface Created<Body> {
  readonly resource: KubeResource;
  readonly body: Body;
}

/** An API that only creates objects: the test sets its answers, and it records its requests. `Body` is their type. */
export function creatingApi<Body>(
  answer: (body: Body, resource: KubeResource) => unknown,
): KubeApi & { readonly created: readonly Created<Body>[] } {
  const created: Created<Body>[] = [];
  const refuse = (): never => {
    throw new Error("This API only creates.");
  };
  return {
    created,
    get: refuse,
    list: refuse,
    watch: refuse,
    openPodLog: refuse,
    close: refuse,
    create: async (resource, body) => {
      created.push({ resource, body: body as Body });
      return answer(body as Body, resource);
    },
  };
}
