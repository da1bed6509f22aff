import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock } from "../../src/clock.ts";
import { parseConfig } from "../../src/config/load.ts";
import { startMiniKubernetes } from "../../src/demo/mini-kubernetes.ts";
import { type KubeObject, loadObjects } from "../../src/demo/objects.ts";
import { createKubeApi } from "../../src/kube/kube-api.ts";
import { startGateway } from "../../src/server/gateway.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type Caller, PEOPLE } from "./access-rows.ts";
import type { Ground } from "./access-table.ts";
import { GATEWAY_TOKEN } from "./objects.ts";

const GATEWAY = "system:serviceaccount:taffrail:taffrail";

/** The demo's API server, for tables that also run against a real one. */
export async function openMiniGround(): Promise<Ground> {
  const files = ["cluster-role.yaml", "cluster-role-pods.yaml"].map((file) => join("../../deploy", file));
  const texts = await Promise.all(files.map((file) => readFile(join(import.meta.dirname, file), "utf8")));
  const roles = texts.flatMap((text) => loadObjects(text, new Date()));
  const cluster = await startMiniKubernetes({
    objects: [
      ...roles,
      ...roles.map(({ metadata: { name } }) => ({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name },
        roleRef: { kind: "ClusterRole", name },
        subjects: [{ kind: "User", name: GATEWAY }],
      })),
      tokenObject("gateway", GATEWAY_TOKEN, { username: GATEWAY, groups: [] }),
    ],
  });
  let tokens = 0;

  return {
    put: async (object) => cluster.put(object),
    tokenOf: async (caller) => {
      tokens += 1;
      const token = `token-${tokens}`;
      cluster.put(tokenObject(token, token, userOf(caller)));
      return token;
    },
    startGateway: async (config) => {
      const gateway = await startGateway({
        compiled: parseConfig(JSON.stringify(config), { name: "t.yaml", folder: ".", env: {}, clock: systemClock }),
        kube: createKubeApi({
          server: cluster.url,
          credentials: async () => ({ headers: { authorization: `Bearer ${GATEWAY_TOKEN}` }, tls: {} }),
        }),
        clock: systemClock,
        log: createLog("trace", { write: () => {} }),
        host: "127.0.0.1",
        port: 0,
        tls: undefined,
      });
      return { url: `http://127.0.0.1:${gateway.address.port}`, stop: () => gateway.stop() };
    },
    request: async (token, method, path, body) => {
      const answer = await fetch(cluster.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      const json = answer.headers.get("content-type")?.startsWith("application/json");
      return { status: answer.status, body: json ? JSON.parse(text) : text };
    },
    gatewayToken: async () => GATEWAY_TOKEN,
    close: () => cluster.close(),
  };
}

/** The user name and groups that an API server reports for a caller. */
function userOf(caller: Caller): { readonly username: string; readonly groups: readonly string[] } {
  if ("user" in caller) return { username: caller.user, groups: PEOPLE[caller.user] };
  const { account, namespace } = caller;
  return {
    username: `system:serviceaccount:${namespace}:${account}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`],
  };
}

function tokenObject(name: string, token: string, user: object): KubeObject {
  return { apiVersion: "demo.taffrail/v1", kind: "Token", metadata: { name }, token, user };
}
