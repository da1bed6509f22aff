import type { Command } from "commander";
import { chosenContext, writeContext } from "./context-file.ts";
import { CliError, EXIT } from "./exit.ts";
import type { CliIo } from "./io.ts";
import { withSignInLock } from "./sign-in/sign-in-token.ts";
import { readSignIn, removeSignIn } from "./sign-in/stored-sign-in.ts";

/** Adds `taffrail logout`. */
export function addLogoutCommand(program: Command, io: CliIo): void {
  program
    .command("logout")
    .description("Forget a context's sign-in, and end it at the identity provider.")
    .option("--context <name>", "the context (default: TAFFRAIL_CONTEXT, else the current one)")
    .action((flags: { readonly context?: string }) => logout(io, flags));
}

async function logout(io: CliIo, flags: { readonly context?: string }): Promise<void> {
  const { name, context } = chosenContext(flags, io.env);
  if (context === undefined) {
    throw new CliError(EXIT.usage, "there is no current context", ["try     taffrail logout --context NAME"]);
  }
  const signIn = await withSignInLock(name, io, async () => {
    const known = readSignIn(io, name);
    // First: whatever the provider answers, this computer forgets the tokens.
    removeSignIn(io.env, name);
    return known;
  });
  const { token, ...rest } = context;
  if (token !== undefined) writeContext(io.env, name, rest);
  if (signIn === undefined && token === undefined) {
    io.say(`note: nobody is signed in by context "${name}"`);
  } else {
    io.say(`signed out of ${context.server ?? signIn?.server} by context "${name}"`);
  }
  if (context.tokenFile !== undefined) io.say(`note: the context's token file ${context.tokenFile} stays`);
  if (signIn?.kind !== "oidc") return;
  const { endAtProvider } = await import("./sign-in/end-at-provider.ts");
  await endAtProvider(signIn, io);
}
