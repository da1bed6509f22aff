import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import * as z from "zod";

const Kubeconfig = z.object({
  users: z
    .array(z.object({ name: z.string(), user: z.object({ tokenFile: z.string().optional() }).nullish() }))
    .nullish(),
});

/**
 * Finds the token file of a kubeconfig's user, if it has one: the client library ignores `tokenFile`.
 *
 * @param file the kubeconfig. Default: those in `KUBECONFIG`, or `~/.kube/config`.
 */
export function findTokenFile(file: string | undefined, user: string): string | undefined {
  const named = process.env.KUBECONFIG?.split(delimiter).filter((each) => each !== "") ?? [];
  const files = file !== undefined ? [file] : named.length > 0 ? named : [join(homedir(), ".kube", "config")];
  for (const each of files.filter((path) => existsSync(path))) {
    const users = Kubeconfig.safeParse(parse(readFileSync(each, "utf8"))).data?.users ?? [];
    const tokenFile = users.find(({ name }) => name === user)?.user?.tokenFile;
    if (tokenFile) return resolve(dirname(each), tokenFile);
  }
  return undefined;
}
