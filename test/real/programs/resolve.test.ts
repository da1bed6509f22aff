import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { resolveServer } from "./resolve.ts";
import { realServers } from "./table.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "taffrail-resolve-"));
  vi.stubEnv("TAFFRAIL_TEST_CACHE", join(folder, "cache"));
  vi.stubEnv("KUBEBUILDER_ASSETS", undefined);
  // Without a compiler and apt-get, a missing program fails at once.
  vi.stubEnv("PATH", join(folder, "bin"));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function writeProgram(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, "#!/bin/sh\n", { mode: 0o755 });
  return file;
}

function versionOf(name: string): string {
  const server = realServers.find((each) => each.name === name);
  return server?.kind === "go" ? server.version : "";
}

it("finds a program of the version that the table names in the cache, and no other", async () => {
  await writeProgram(join(folder, "cache", "grpcurl-v0.0.1", "grpcurl"));
  await expect(resolveServer("grpcurl")).rejects.toThrow('there is no "go" on PATH');
  const path = await writeProgram(join(folder, "cache", `grpcurl-${versionOf("grpcurl")}`, "grpcurl"));
  expect(await resolveServer("grpcurl")).toEqual({ name: "grpcurl", path, how: "found" });
});

it("takes etcd and kube-apiserver from KUBEBUILDER_ASSETS, where they are there", async () => {
  vi.stubEnv("KUBEBUILDER_ASSETS", join(folder, "assets"));
  const cached = await writeProgram(join(folder, "cache", `etcd-${versionOf("etcd")}`, "etcd"));
  expect((await resolveServer("etcd")).path).toBe(cached);
  const given = await writeProgram(join(folder, "assets", "etcd"));
  expect((await resolveServer("etcd")).path).toBe(given);
});

it("takes no other program from KUBEBUILDER_ASSETS", async () => {
  vi.stubEnv("KUBEBUILDER_ASSETS", join(folder, "assets"));
  await writeProgram(join(folder, "assets", "grpcurl"));
  await expect(resolveServer("grpcurl")).rejects.toThrow('there is no "go" on PATH');
});

it("finds a Debian package's program on PATH", async () => {
  const path = await writeProgram(join(folder, "bin", "nginx"));
  expect(await resolveServer("nginx")).toEqual({ name: "nginx", path, how: "found" });
});

it("says which servers there are when asked for another", () => {
  const names = realServers.map(({ name }) => name).join(", ");
  expect(() => resolveServer("tomcat")).toThrow(`There are: ${names}.`);
});
