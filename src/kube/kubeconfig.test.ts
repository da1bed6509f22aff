import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { sendJson, startApiServer } from "../../test/fakes/api-server.ts";
import { SERVER_CERTIFICATE } from "../../test/fakes/certificates.ts";
import { startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import type { Failure } from "../failure.ts";
import { revealText, Secret } from "../secret.ts";
import type { KubeCredentials } from "./connection.ts";
import { createKubeApi } from "./kube-api.ts";
import { kubeconfigConnection } from "./kubeconfig.ts";
import { KubeconfigError } from "./kubeconfig-error.ts";
import { NAMESPACES } from "./resources.ts";

const clock = { now: () => 0 };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The headers, as they would go over the wire. */
const shown = ({ headers }: KubeCredentials): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, revealText(text as string | Secret)]));

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "taffrail-kube-"));
  file = join(folder, "config");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
}

/** Writes a kubeconfig of two contexts, `east` (current) and `west`. */
async function write({ cluster = {}, user = {} }: Parts, path = file): Promise<string> {
  const config = {
    clusters: [
      { name: "east", cluster: { server: "https://east.example:6443/", ...cluster } },
      { name: "west", cluster: { server: "https://west.example" } },
    ],
    users: [
      { name: "me", user },
      { name: "other", user: { token: "west-token" } },
    ],
    contexts: [
      { name: "east", context: { cluster: "east", user: "me" } },
      { name: "west", context: { cluster: "west", user: "other" } },
      { name: "nowhere", context: { cluster: "gone", user: "me" } },
    ],
    "current-context": "east",
  };
  await writeFile(path, stringify(config));
  return path;
}

describe("a kubeconfig", () => {
  it("gives the server of its current context, without a trailing slash", async () => {
    const connection = await kubeconfigConnection(await write({}), undefined, clock);
    expect(connection.server).toBe("https://east.example:6443");
    expect(connection.proxyUrl).toBeUndefined();
  });

  it("gives the server and token of another context", async () => {
    const connection = await kubeconfigConnection(await write({ user: { token: "east-token" } }), "west", clock);
    expect(connection.server).toBe("https://west.example");
    expect(shown(await connection.credentials())).toEqual({ Authorization: "Bearer west-token" });
    expect((await connection.credentials()).tls).toEqual({});
  });

  it("is by default the one in KUBECONFIG, or in the home folder", async () => {
    await writeFile(join(folder, "token"), "of a file");
    await write({ user: { tokenFile: "token" } });
    await mkdir(join(folder, ".kube"));
    await write({ user: { tokenFile: "../token" } }, join(folder, ".kube", "config"));
    for (const path of [file, ""]) {
      vi.stubEnv("KUBECONFIG", path);
      vi.stubEnv("HOME", folder);
      const connection = await kubeconfigConnection(undefined, undefined, clock);
      expect(shown(await connection.credentials())).toEqual({ Authorization: "Bearer of a file" });
    }
  });

  it("gives the current token of a token file", async () => {
    await writeFile(join(folder, "token"), "one\n");
    const time = { at: 0, now: () => time.at };
    const connection = await kubeconfigConnection(
      await write({ user: { tokenFile: "token", token: "older" } }),
      undefined,
      time,
    );
    expect(shown(await connection.credentials())).toEqual({ Authorization: "Bearer one" });
    await writeFile(join(folder, "token"), "two");
    time.at = 10_000;
    expect(shown(await connection.credentials())).toEqual({ Authorization: "Bearer two" });
  });

  it("gives certificate authority, client certificate and server name, inline or from files", async () => {
    await writeFile(join(folder, "ca.crt"), "authority");
    await writeFile(join(folder, "me.key"), "key");
    const cluster = { "certificate-authority": "ca.crt", "tls-server-name": "kubernetes.example" };
    const user = { "client-certificate-data": base64("certificate"), "client-key": "me.key" };
    const connection = await kubeconfigConnection(await write({ cluster, user }), undefined, clock);
    const { headers, tls } = await connection.credentials();
    expect(headers).toEqual({});
    const texts = Object.fromEntries(
      Object.entries(tls).map(([key, value]) => [key, value instanceof Secret ? value.reveal() : String(value)]),
    );
    expect(String(tls.key)).toBe("[secret]");
    expect(texts).toEqual({
      ca: "authority",
      cert: "certificate",
      key: "key",
      servername: "kubernetes.example",
    });
  });

  it("gives a rotated client certificate", async () => {
    await writeFile(join(folder, "me.crt"), "first");
    await writeFile(join(folder, "me.key"), "key");
    const time = { at: 0, now: () => time.at };
    const user = { "client-certificate": "me.crt", "client-key": "me.key" };
    const connection = await kubeconfigConnection(await write({ user }), undefined, time);
    expect(String((await connection.credentials()).tls.cert)).toBe("first");
    await writeFile(join(folder, "me.crt"), "second");
    time.at = 10_000;
    expect(String((await connection.credentials()).tls.cert)).toBe("second");
  });

  it("gives user name and password, proxy, and skipped verification", async () => {
    const cluster = { "proxy-url": "http://proxy.example:3128", "insecure-skip-tls-verify": true };
    const user = { username: "me", password: "pass" };
    const connection = await kubeconfigConnection(await write({ cluster, user }), undefined, clock);
    expect(connection.proxyUrl).toBe("http://proxy.example:3128");
    expect(shown(await connection.credentials())).toEqual({ Authorization: `Basic ${base64("me:pass")}` });
    expect((await connection.credentials()).tls).toEqual({ rejectUnauthorized: false });
  });

  it("reaches a server without TLS", async () => {
    const token = {
      apiVersion: "demo.taffrail/v1",
      kind: "Token",
      metadata: { name: "me" },
      token: "t",
      user: { username: "me" },
    };
    const kubernetes = await startMiniKubernetes({ objects: [token] });
    const connection = await kubeconfigConnection(
      await write({ cluster: { server: kubernetes.url }, user: { token: "t" } }),
      undefined,
      clock,
    );
    const api = createKubeApi(connection);
    try {
      const reading = api.get(NAMESPACES, undefined, "default", new AbortController().signal);
      await expect(reading).rejects.toMatchObject({ reason: "KUBERNETES_REFUSED" });
    } finally {
      await api.close();
      await kubernetes.close();
    }
  });
});

describe("several kubeconfigs", () => {
  it("are merged as kubectl does it: the first one with an entry, or a current context, counts; missing files do not", async () => {
    const second = join(folder, "second");
    const third = join(folder, "third");
    await writeFile(file, stringify({ contexts: [] }));
    await write({ user: { token: "second-token" } }, second);
    await writeFile(
      third,
      stringify({
        clusters: [
          { name: "east", cluster: { server: "https://evil.example" } },
          { name: "south", cluster: { server: "https://south.example" } },
        ],
        users: [{ name: "me", user: { token: "third-token" } }],
        contexts: [{ name: "south", context: { cluster: "south", user: "me", namespace: "shop" } }],
        "current-context": "south",
      }),
    );
    const env = { KUBECONFIG: [file, join(folder, "gone"), second, third].join(":") };
    const east = await kubeconfigConnection(undefined, undefined, clock, { env });
    expect([east.server, east.contextName, east.namespace]).toEqual(["https://east.example:6443", "east", undefined]);
    const south = await kubeconfigConnection(undefined, "south", clock, { env });
    expect([south.server, south.namespace, south.userName]).toEqual(["https://south.example", "shop", "me"]);
    expect(shown(await south.credentials())).toEqual({ Authorization: "Bearer second-token" });
  });
});

describe("impersonation", () => {
  it("names the user, the uid, all groups and the extra, which the client library leaves out", async () => {
    const user = {
      token: "t",
      as: "jane",
      "as-uid": "7",
      "as-groups": ["dev", "qa"],
      "as-user-extra": { "example.com/reason": ["test"] },
    };
    const { headers } = await (await kubeconfigConnection(await write({ user }), undefined, clock)).credentials();
    expect(Object.keys(headers).toSorted()).toEqual([
      "Authorization",
      "Impersonate-Extra-example.com%2Freason",
      "Impersonate-Group",
      "Impersonate-Uid",
      "Impersonate-User",
    ]);
    expect(headers["Impersonate-Group"]).toEqual(["dev", "qa"]);
    expect(String((headers["Impersonate-User"] as Secret).reveal())).toBe("jane");
  });
});

describe("a credential plugin", () => {
  /** A plugin that is a shell script beside the kubeconfig. */
  const plugin = async (script: string, more: object = {}, path = "./plugin") => {
    await writeFile(join(folder, "plugin"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return write({ user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: path, ...more } } });
  };
  const credential = (status: string) => `echo '{"kind":"ExecCredential","status":${status}}'`;

  it("is run once until its credential expires, with the arguments, the environment and KUBERNETES_EXEC_INFO", async () => {
    const count = `echo run >> ${join(folder, "runs")}`;
    const script = `${count}
      test "$1 $STAGE" = "login prod" || exit 9
      case "$KUBERNETES_EXEC_INFO" in *'"interactive":false'*'https://east.example:6443'*) ;; *) exit 8;; esac
      ${credential('{"token":"of-the-plugin","expirationTimestamp":"1970-01-01T00:01:00Z"}')}`;
    const path = await plugin(script, {
      args: ["login"],
      env: [{ name: "STAGE", value: "prod" }],
      provideClusterInfo: true,
    });
    const time = { at: 0, now: () => time.at };
    const connection = await kubeconfigConnection(path, undefined, time);
    const runs = async () => (await readFile(join(folder, "runs"), "utf8")).split("\n").length - 1;
    for (time.at of [0, 30_000, 59_999]) {
      expect(shown(await connection.credentials())).toEqual({ Authorization: "Bearer of-the-plugin" });
    }
    expect(await runs()).toBe(1);
    time.at = 70_000;
    await connection.credentials();
    expect(await runs()).toBe(2);
  });

  it("is run again when the cluster no longer accepts its credential", async () => {
    const server = await startApiServer((request, response) => {
      const isNew = request.headers.authorization === "Bearer new";
      sendJson(response, isNew ? 200 : 401, isNew ? { kind: "Namespace" } : { message: "Unauthorized" });
    });
    const token = join(folder, "token");
    await writeFile(token, "old");
    const path = await plugin(`${credential(`{"token":"'$(cat ${token})'"}`)}`);
    const text = (await readFile(path, "utf8")).replace("https://east.example:6443/", server.url);
    await writeFile(path, text);
    const api = createKubeApi({ ...(await kubeconfigConnection(path, undefined, clock)), owner: "user" });
    try {
      const get = () => api.get(NAMESPACES, undefined, "default", new AbortController().signal);
      await expect(get()).rejects.toMatchObject({ kind: "refused", reason: "KUBECONFIG_REFUSED" });
      await writeFile(token, "new");
      expect(await get()).toEqual({ kind: "Namespace" });
    } finally {
      await api.close();
      await server.close();
    }
  });

  it("may return a client certificate", async () => {
    const path = await plugin(credential('{"clientCertificateData":"certificate","clientKeyData":"key"}'));
    const { tls } = await (await kubeconfigConnection(path, undefined, clock)).credentials();
    expect([tls.cert, (tls.key as Secret).reveal()]).toEqual(["certificate", "key"]);
  });

  it.each<[string, string, object, string, string]>([
    [
      "is not installed",
      "",
      { command: "no-such-plugin", installHint: "Get it from\nthe portal." },
      "plugin-missing",
      'The kubeconfig\'s credential plugin "no-such-plugin" is not installed, or not in PATH.',
    ],
    [
      "fails",
      "echo starting >&2; echo 'the SSO session has expired.' >&2; exit 3",
      {},
      "plugin-failed",
      'The kubeconfig\'s credential plugin "./plugin" failed (status 3): the SSO session has expired.',
    ],
    [
      "prints rubbish",
      'echo \'{"token": "s3cret\'',
      {},
      "plugin-failed",
      'The kubeconfig\'s credential plugin "./plugin" printed no valid ExecCredential.',
    ],
    [
      "prints no credential",
      "echo '{\"status\":{}}'",
      {},
      "plugin-failed",
      'The kubeconfig\'s credential plugin "./plugin" printed no valid ExecCredential.',
    ],
    [
      "prints a token with a line break",
      `printf '{"status":{"token":"s3cret\\\\nx: y"}}'`,
      {},
      "plugin-failed",
      'The kubeconfig\'s credential plugin "./plugin" printed no valid ExecCredential.',
    ],
    [
      "needs a terminal",
      "",
      { interactiveMode: "Always" },
      "plugin-failed",
      'The credential plugin "./plugin" needs a terminal.',
    ],
  ])("that %s is reported in one sentence", async (_, script, more, fault, message) => {
    const connection = await kubeconfigConnection(await plugin(script, more), undefined, clock);
    const error = await connection.credentials().catch((reason: unknown) => reason as KubeconfigError);
    expect(error).toMatchObject({ fault, message });
    const { next } = error as KubeconfigError;
    expect(next).not.toBe("");
    expect(`${message}${next}`).not.toContain("s3cret");
    if (fault === "plugin-missing") expect(next).toBe("Install it.\nGet it from\nthe portal.");
  });
});

describe("credentials of a user", () => {
  const failureOf = async (answer: Parameters<typeof startApiServer>[0], down = false) => {
    const server = await startApiServer(answer);
    const path = await write({ cluster: { server: server.url }, user: { token: "t" } });
    const api = createKubeApi({ ...(await kubeconfigConnection(path, undefined, clock)), owner: "user" });
    if (down) await server.close();
    try {
      await api.get(NAMESPACES, undefined, "default", new AbortController().signal);
      return undefined;
    } catch (error) {
      return error as Failure;
    } finally {
      await api.close();
      if (!down) await server.close();
    }
  };

  it("that the cluster denies something are told so in Kubernetes' own words", async () => {
    const message = 'namespaces "default" is forbidden: User "anna" cannot get resource "namespaces"\u001b[2J';
    expect(await failureOf((_, response) => sendJson(response, 403, { message }))).toMatchObject({
      kind: "denied",
      reason: "ACCESS_DENIED",
      message: `Kubernetes denies it: ${message.replace("\u001b", "\ufffd")}`,
    });
  });

  it("that have expired are said to have, and a server that is down is said to be, with what to do", async () => {
    expect(await failureOf((_, response) => sendJson(response, 401, { message: "Unauthorized" }))).toMatchObject({
      reason: "KUBECONFIG_REFUSED",
      next: "Sign in to the cluster again, as for kubectl, then try again.",
    });
    expect(await failureOf(() => undefined, true)).toMatchObject({
      kind: "unavailable",
      message: "The Kubernetes API server could not be reached (ECONNREFUSED).",
    });
  });

  it("are not sent to a server whose certificate is not trusted", async () => {
    let asked = 0;
    const server = await startApiServer(() => {
      asked += 1;
    }, SERVER_CERTIFICATE);
    const path = await write({ cluster: { server: server.url }, user: { token: "t" } });
    const api = createKubeApi({ ...(await kubeconfigConnection(path, undefined, clock)), owner: "user" });
    const reading = api.get(NAMESPACES, undefined, "default", new AbortController().signal);
    await expect(reading).rejects.toMatchObject({ reason: "KUBERNETES_UNTRUSTED" });
    expect(asked).toBe(0);
    await api.close();
    await server.close();
  });
});

describe("an unusable kubeconfig", () => {
  const errorOf = async (path: string | undefined, context?: string): Promise<string> => {
    const error: unknown = await kubeconfigConnection(path, context, clock).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(KubeconfigError);
    expect((error as KubeconfigError).next).toMatch(/\.$|does\.$|uses\.$/);
    return (error as Error).message;
  };

  it("is reported in one sentence: no such file", async () => {
    expect(await errorOf(join(folder, "gone"))).toMatch(/^The kubeconfig cannot be read: ENOENT[^\n]*gone'\.$/);
  });

  it("is reported in one sentence: not YAML", async () => {
    await writeFile(file, "a: [b\nc: d");
    expect(await errorOf(file)).toMatch(/^The kubeconfig cannot be read: [^\n]+\.$/);
  });

  it("is reported in one sentence: an empty file", async () => {
    await writeFile(file, "");
    expect(await errorOf(file)).toMatch(/^The kubeconfig [^\n]+\.$/);
  });

  it.each(["7", "[]", "text", "clusters: 7", "users: [7]", "clusters: [{}]", "\u0000"])(
    "is reported in one sentence: %j",
    async (text) => {
      await writeFile(file, text);
      expect(await errorOf(file)).toMatch(/^The kubeconfig [^\n]+\.$/);
    },
  );

  it("is reported in one sentence: a server that is no address, or a file that is gone", async () => {
    expect(await errorOf(await write({ cluster: { server: "file:///etc/passwd" } }))).toMatch(/not an http or https/);
    const connection = await kubeconfigConnection(
      await write({ user: { "client-certificate": "gone.crt", "client-key": "gone.key" } }),
      undefined,
      clock,
    );
    await expect(connection.credentials()).rejects.toMatchObject({
      fault: "file-missing",
      message: `The file ${join(folder, "gone.crt")}, which the kubeconfig names, cannot be read (ENOENT).`,
    });
  });

  it("is reported in one sentence: no such context", async () => {
    expect(await errorOf(await write({}), "north")).toBe(
      'The kubeconfig has no context "north". Its contexts: east, west, nowhere.',
    );
  });

  it("is reported in one sentence: a context whose cluster is missing", async () => {
    expect(await errorOf(await write({}), "nowhere")).toMatch(/^The kubeconfig has no current cluster[^\n]*\.$/);
  });

  it("is reported in one sentence: none at all", async () => {
    vi.stubEnv("KUBECONFIG", "");
    vi.stubEnv("HOME", folder);
    expect(await errorOf(undefined)).toBe("No kubeconfig was found.");
  });
});
