import { readFileSync } from "node:fs";
import * as z from "zod";
import type { Reach } from "../config/reach.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { stateFilePath, writePrivateFile } from "./private-file.ts";

export interface ConfirmOptions {
  /** The address of the cluster that the ConfigMap is in. */
  readonly cluster: string;
  /** `namespace/name` */
  readonly configMap: string;
  readonly reach: readonly Reach[];
  /** Accept the hosts without asking. */
  readonly yes: boolean;
  /** Accept what of this computer is sent to them without asking. */
  readonly yesSecrets: boolean;
}

const Confirmed = z.array(z.object({ cluster: z.string(), configMap: z.string(), items: z.array(z.string()) }));
type Confirmed = z.infer<typeof Confirmed>;

/**
 * Lets the user confirm, once, which hosts a ConfigMap makes this computer ask, and what of this computer goes there:
 * whoever may write the ConfigMap could otherwise have any file sent anywhere. A host that was added, or a secret for a
 * host that had not got it, is asked about again.
 *
 * @throws CliError with status 2 if the user declines, or there is nobody to ask.
 */
export async function confirmReach(io: CliIo, options: ConfirmOptions): Promise<void> {
  const { cluster, configMap, reach, yes, yesSecrets } = options;
  const all = readConfirmed(io.env);
  const isThis = (each: Confirmed[number]): boolean => each.cluster === cluster && each.configMap === configMap;
  const known = new Set(all.find(isThis)?.items ?? []);
  const isNew = (item: string): boolean => !known.has(item);
  const hosts = [...new Set(reach.flatMap(hostItems))];
  const secrets = [...new Set(reach.flatMap(secretItems))];
  const newHosts = hosts.filter(isNew);
  const newSecrets = secrets.filter(isNew);
  if (newHosts.length + newSecrets.length > 0) {
    for (const line of describe(options, isNew)) io.say(line);
    if (newHosts.length > 0 && !yes) await ask(io, configMap, "Ask these hosts for logs? [y/N] ", "--yes");
    if (newSecrets.length > 0 && !yesSecrets) {
      await ask(io, configMap, "Read what is listed of this computer and send it there? [y/N] ", "--yes-secrets");
    }
  }
  // What is gone now is asked about if it comes back.
  const items = [...hosts, ...secrets];
  if (items.length === known.size && !items.some(isNew)) return;
  try {
    const kept: Confirmed = [...all.filter((each) => !isThis(each)), { cluster, configMap, items }];
    writePrivateFile(stateFilePath(io.env, "confirmed.json"), `${JSON.stringify(kept, undefined, 2)}\n`);
  } catch (error) {
    io.say(`note: the confirmation cannot be kept (${(error as NodeJS.ErrnoException).code})`);
  }
}

function hostItems({ hosts }: Reach): readonly string[] {
  return hosts;
}

/** A secret is confirmed for one host: the same secret for another host is asked about. */
function secretItems({ hosts, secrets }: Reach): readonly string[] {
  return secrets.flatMap((secret) => hosts.map((host) => `${host} < ${secret}`));
}

function describe({ cluster, configMap, reach }: ConfirmOptions, isNew: (item: string) => boolean): string[] {
  const lines = [`The ConfigMap ${configMap} in the cluster ${cluster} makes this computer contact:`];
  for (const part of reach) {
    const added = [...hostItems(part), ...secretItems(part)].some(isNew) ? "" : " (confirmed before)";
    lines.push(`  ${part.hosts.join(", ")}  (${part.of})${added}`);
    for (const secret of part.secrets) lines.push(`    and uses for it: ${secret}`);
  }
  return lines;
}

async function ask(io: CliIo, configMap: string, question: string, flag: string): Promise<void> {
  const answer = (await io.ask?.(question))?.trim().toLowerCase();
  if (answer === "y" || answer === "yes") return;
  const message =
    answer === undefined
      ? `what the ConfigMap ${configMap} reaches has not been confirmed`
      : `the ConfigMap ${configMap} is not used`;
  throw new CliError(EXIT.usage, message, [
    `try     the same command on a terminal, which asks you; or ${flag} if you trust the list above`,
    "        --config FILE, with sources of your own",
  ]);
}

/** What cannot be read is asked about again. */
function readConfirmed(env: NodeJS.ProcessEnv): Confirmed {
  try {
    return Confirmed.parse(JSON.parse(readFileSync(stateFilePath(env, "confirmed.json"), "utf8")));
  } catch {
    return [];
  }
}
