import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import type { KubeClient } from "../real/servers/kube-client.ts";

const WRITTEN_MS = 5_000;

/**
 * Counts an account's requests to the API server during an action, by verb and resource, from the audit log.
 */
export async function countRequests<T>(
  { admin, auditLog, username }: { readonly admin: KubeClient; readonly auditLog: string; readonly username: string },
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly counts: ReadonlyMap<string, number> }> {
  const before = (await readUpToNow(admin, auditLog)).length;
  const result = await work();
  const log = await readUpToNow(admin, auditLog);
  const counts = new Map<string, number>();
  for (const line of log.subarray(before).toString().trim().split("\n")) {
    const { user, verb, objectRef } = JSON.parse(line);
    if (user.username !== username || objectRef === undefined) continue;
    const request = `${verb} ${objectRef.resource}`;
    counts.set(request, (counts.get(request) ?? 0) + 1);
  }
  return { result, counts };
}

/**
 * Reads the audit log once it contains all requests answered so far, which a last request of our own with a unique path
 * shows.
 */
async function readUpToNow(admin: KubeClient, auditLog: string): Promise<Buffer> {
  const mark = randomUUID();
  await admin.request("GET", `/version?mark=${mark}`);
  const deadline = performance.now() + WRITTEN_MS;
  for (;;) {
    const log = await readFile(auditLog);
    // A partially written line would not parse.
    if (log.includes(mark) && log.at(-1) === 10) return log;
    if (performance.now() > deadline) throw new Error("The API server's audit log does not tell of its last request.");
    await pause(10);
  }
}
