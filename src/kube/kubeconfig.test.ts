import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { stringify } from "yaml";
import { startMiniKubernetes } from "../demo/mini-kubernetes.ts";
import { revealText, Secret } from "../secret.ts";
import type { KubeCredentials } from "./connection.ts";
import { createKubeApi } from "./kube-api.ts";
import { kubeconfigConnection } from "./kubeconfig.ts";
import { NAMESPACES } from "./resources.ts";

const clock = { now: () => 0 };
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** The headers, as they would go over the wire. */
const shown = ({ headers }: KubeCredentials): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, revealText(text)]));

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

describe("an unusable kubeconfig", () => {
  const errorOf = async (path: string | undefined, context?: string): Promise<string> => {
    const error: unknown = await kubeconfigConnection(path, context, clock).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
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
