import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { revealText, type Secret } from "../secret.ts";
import type { KubeCredentials } from "./connection.ts";
import { inClusterConnection } from "./in-cluster.ts";

/** The headers, as they would go over the wire. */
function shown(credentials: KubeCredentials | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(credentials?.headers ?? {}).map(([name, text]) => [name, revealText(text as string | Secret)]),
  );
}

const ENV = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

let mount: string;
beforeEach(async () => {
  mount = await mkdtemp(join(tmpdir(), "taffrail-mount-"));
  await writeFile(join(mount, "token"), "first\n");
  await writeFile(join(mount, "ca.crt"), "the authority");
});
afterEach(() => rm(mount, { recursive: true }));

describe("in a pod", () => {
  it.each([
    ["10.0.0.1", "443", "https://10.0.0.1:443"],
    ["fd00::1", "6443", "https://[fd00::1]:6443"],
    ["kubernetes.default", "443", "https://kubernetes.default:443"],
  ])("the API server at %s and port %s is %s", (KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT, server) => {
    const env = { KUBERNETES_SERVICE_HOST, KUBERNETES_SERVICE_PORT };
    expect(inClusterConnection(env, { now: () => 0 }, mount)?.server).toBe(server);
  });

  it("uses the token and the CA of the mounted ServiceAccount", async () => {
    const made = await inClusterConnection(ENV, { now: () => 0 }, mount)?.credentials();
    expect(shown(made)).toEqual({ authorization: "Bearer first" });
    expect(made?.tls).toEqual({ ca: "the authority" });
  });

  it("reads token and CA again after a minute", async () => {
    const clock = { time: 0, now: () => clock.time };
    const connection = inClusterConnection(ENV, clock, mount);
    await connection?.credentials();
    await writeFile(join(mount, "token"), "second");
    await writeFile(join(mount, "ca.crt"), "another");
    clock.time = 59_999;
    expect(shown(await connection?.credentials())).toEqual({ authorization: "Bearer first" });
    clock.time = 60_000;
    expect(shown(await connection?.credentials())).toEqual({ authorization: "Bearer second" });
    expect((await connection?.credentials())?.tls).toEqual({ ca: "another" });
  });

  it("tries again immediately if the token could not be read", async () => {
    const connection = inClusterConnection(ENV, { now: () => 0 }, mount);
    await rm(join(mount, "token"));
    await expect(connection?.credentials()).rejects.toThrow("ENOENT");
    await writeFile(join(mount, "token"), "back");
    expect(shown(await connection?.credentials())).toEqual({ authorization: "Bearer back" });
  });
});

describe("outside a pod", () => {
  it.each([
    {},
    { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
    { KUBERNETES_SERVICE_PORT: "443" },
    { KUBERNETES_SERVICE_HOST: "", KUBERNETES_SERVICE_PORT: "" },
  ])("there is no connection with %j", (env) => {
    expect(inClusterConnection(env, { now: () => 0 }, mount)).toBeUndefined();
  });
});
