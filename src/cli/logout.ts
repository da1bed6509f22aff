import type { Command } from "commander";
import { quoted } from "../quoted.ts";
import type { ConnectionFlags } from "./connection.ts";
import { chosenContext, readContexts, writeContext } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { withSignInLock } from "./sign-in/sign-in-token.ts";
import { readSignIn, removeSignIn } from "./sign-in/stored-sign-in.ts";
import { contextFor, existingKubeContext } from "./target.ts";

/** Adds `taffrail logout`. */
export function addLogoutCommand(program: Command, io: CliIo): void {
  const command = program
    .command("logout")
    .description("Forget a context's sign-in, and end it at the identity provider.");
  if (!io.isPlugin) {
    command
      .option("--context <name>", "the context (default: TAFFRAIL_CONTEXT, else the current one)")
      .action(({ context }: { readonly context?: string }) => logout(io, context));
    return;
  }
  command
    .option("--context <name>", "the kubeconfig's context (default: the current one)")
    .option("--kubeconfig <file>", "the kubeconfig (default: as kubectl)")
    .option("--taffrail-context <name>", "a context of Taffrail's own file (default: that of the kubeconfig's context)")
    .action((flags: PluginFlags) => logout(io, contextOfPlugin(flags, io)));
}

/** Not the current context: it may be of another cluster than kubectl's. */
function contextOfPlugin({ taffrailContext, ...flags }: PluginFlags, { env }: CliIo): string {
  const named = taffrailContext ?? (env.TAFFRAIL_CONTEXT || undefined);
  if (named !== undefined) return named;
  const kube = existingKubeContext(flags, env);
  const found = contextFor(readContexts(env), kube, "server");
  if (found !== undefined) return found;
  throw new CliError(EXIT.usage, `there is no sign-in for the kubeconfig's context ${quoted(kube)}`, [
    "try     kubectl taffrail logout --taffrail-context NAME",
  ]);
}

type PluginFlags = Pick<ConnectionFlags, "context" | "kubeconfig" | "taffrailContext">;

async function logout(io: CliIo, named: string | undefined): Promise<void> {
  const { name, context } = chosenContext(named === undefined ? {} : { context: named }, io.env);
  if (context === undefined) {
    throw new CliError(EXIT.usage, "there is no current context", ["try     taffrail logout --context NAME"]);
  }
  const signIn = await withSignInLock(name, io, async () => {
    const known = readSignIn(io, name);
    // First: whatever the provider answers, this computer forgets the tokens.
    removeSignIn(io.env, name);
    return known;
  });
  const { token, kubeContext } = context;
  const isBound = io.isPlugin === true && context.server !== undefined && kubeContext !== undefined;
  if (token !== undefined || isBound) {
    await writeContext(
      io.env,
      name,
      (known = context) => ({
        ...known,
        token: undefined,
        ...(isBound && { kubeContext: undefined }),
      }),
      false,
    );
  }
  if (signIn === undefined && token === undefined) {
    io.say(`note: nobody is signed in by context "${name}"`);
  } else {
    io.say(`signed out of ${context.server ?? signIn?.server} by context "${name}"`);
  }
  if (isBound) io.say(`kubectl taffrail no longer reads from it for the kubeconfig's context ${quoted(kubeContext)}`);
  if (io.env.TAFFRAIL_TOKEN || io.env.TAFFRAIL_TOKEN_FILE)
    io.say("note: the token of TAFFRAIL_TOKEN or TAFFRAIL_TOKEN_FILE stays");
  if (context.tokenFile !== undefined) io.say(`note: the context's token file ${context.tokenFile} stays`);
  if (signIn?.kind !== "oidc") return;
  const { endAtProvider } = await import("./sign-in/end-at-provider.ts");
  await endAtProvider(signIn, io);
}
