import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadObjects } from "../../src/demo/objects.ts";
import type { Rules } from "./project.ts";

/** The permissions that roles in `deploy/` grant, as `verb group/resource`, in order. */
export async function rightsGranted(...files: readonly string[]): Promise<readonly string[]> {
  const texts = await Promise.all(
    files.map((file) => readFile(join(import.meta.dirname, "../../deploy", file), "utf8")),
  );
  const rules = texts.flatMap((text) => loadObjects(text, new Date()).flatMap((role) => role.rules as Rules));
  return rules
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    )
    .toSorted();
}

/** The permissions that an account has used, by the API server's audit log, and those that it lacked. */
export async function rightsUsed(auditLog: string, username: string) {
  const used = new Set<string>();
  const refused = new Set<string>();
  for (const line of (await readFile(auditLog, "utf8")).trim().split("\n")) {
    const { user, verb, objectRef, responseStatus } = JSON.parse(line);
    if (user.username !== username || objectRef === undefined) continue;
    const { apiGroup = "", resource, subresource } = objectRef;
    const right = `${verb} ${apiGroup}/${resource}${subresource === undefined ? "" : `/${subresource}`}`;
    used.add(right);
    if (responseStatus.code === 403) refused.add(right);
  }
  return { used: [...used].toSorted(), refused: [...refused].toSorted() };
}
