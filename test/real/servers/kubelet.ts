import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { SERVER_CERTIFICATE } from "../../fakes/certificates.ts";
import type { Answer } from "../../fakes/scripted-store.ts";
import type { KubeClient } from "./kube-client.ts";

/** The part of a kubelet that the API server needs to serve logs. The test sets its answer for each container. */
export interface Kubelet {
  /** The name of its Node. */
  readonly node: string;
  /** The requested paths. */
  readonly asked: readonly string[];
  /** Sets the answer for a container of a pod. Without it, the kubelet knows no such pod. */
  answer(pod: { readonly namespace: string; readonly name: string }, container: string, answer: Answer): void;
  close(): Promise<void>;
}

/** Starts a kubelet, and creates a Node through which the API server finds it. */
export async function startKubelet(kube: KubeClient, node: string): Promise<Kubelet> {
  const answers = new Map<string, Answer>();
  const asked: string[] = [];

  const server = createServer(SERVER_CERTIFICATE, (request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const answer = answers.get(path.split("?", 1)[0] ?? "");
    if (answer === undefined) response.writeHead(404).end("pod does not exist\n");
    else answer(response, request);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  await kube.create({
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: node },
    status: {
      addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
    },
  });

  return {
    node,
    asked,
    answer: ({ namespace, name }, container, answer) =>
      void answers.set(`/containerLogs/${namespace}/${name}/${container}`, answer),
    close: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}
