import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

/** What the client library does not read of a kubeconfig, or not as kubectl does. */
const Kubeconfig = z.object({
  "current-context": z.string().nullish().catch(undefined),
  contexts: z
    .array(
      z.object({
        name: z.string(),
        context: z.object({ namespace: z.string().nullish(), user: z.string().nullish() }).nullish(),
      }),
    )
    .nullish()
    .catch(undefined),
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z
          .object({
            tokenFile: z.string().optional(),
            as: z.string().nullish(),
            "as-uid": z.string().nullish(),
            "as-groups": z.array(z.string()).nullish(),
            "as-user-extra": z.record(z.string(), z.array(z.string())).nullish(),
          })
          .nullish()
          .catch(undefined),
      }),
    )
    .nullish()
    .catch(undefined),
});

/**
 * The kubeconfig's files, in the order in which kubectl merges them: the first one that has a thing decides. Files that
 * do not exist are left out, unless one is named.
 *
 * @param file the kubeconfig. Default: those in `KUBECONFIG`, or `~/.kube/config`.
 */
export function kubeconfigFiles(file: string | undefined, env: NodeJS.ProcessEnv): readonly string[] {
  if (file !== undefined) return [file];
  const named = env.KUBECONFIG?.split(delimiter).filter((each) => each !== "") ?? [];
  const files = named.length > 0 ? named : [join(env.HOME || homedir(), ".kube", "config")];
  return files.filter((path) => existsSync(path));
}

/** A user's settings that the client library ignores. */
export interface UserSettings {
  /** The file of the kubeconfig that has the user. */
  readonly file: string;
  readonly tokenFile: string | undefined;
  /** The headers of impersonation, except for the user's name, which the library sends. */
  readonly impersonation: Readonly<Record<string, string | readonly string[]>>;
}

/** Finds a user in the kubeconfig's files. */
export function findUser(files: readonly string[], name: string): UserSettings | undefined {
  for (const file of files) {
    const user = read(file)?.users?.find((each) => each.name === name);
    if (user === undefined) continue;
    const { tokenFile, as, "as-uid": uid, "as-groups": groups, "as-user-extra": extra } = user.user ?? {};
    const impersonation: Record<string, string | readonly string[]> = {};
    if (as) {
      if (uid) impersonation["Impersonate-Uid"] = uid;
      if (groups && groups.length > 0) impersonation["Impersonate-Group"] = groups;
      for (const [key, values] of Object.entries(extra ?? {})) {
        impersonation[`Impersonate-Extra-${encodeURIComponent(key)}`] = values;
      }
    }
    return { file, tokenFile: tokenFile ? resolve(dirname(file), tokenFile) : undefined, impersonation };
  }
  return undefined;
}

/** The current context's name, and the namespace of that or another context. Nothing is checked. */
export function peekContext(
  files: readonly string[],
  named: string | undefined,
): { readonly name: string | undefined; readonly namespace: string | undefined } {
  const all = files.map(read);
  const name = named ?? all.map((each) => each?.["current-context"]).find((each) => each);
  const context = all.flatMap((each) => each?.contexts ?? []).find((each) => each.name === name)?.context;
  return { name: name ?? undefined, namespace: context?.namespace || undefined };
}

function read(file: string): z.infer<typeof Kubeconfig> | undefined {
  try {
    return Kubeconfig.safeParse(parse(readFileSync(file, "utf8"))).data;
  } catch {
    // Whoever connects reports it.
    return undefined;
  }
}
