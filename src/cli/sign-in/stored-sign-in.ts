import { chmodSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { contextFilePath } from "../context-file.ts";
import { CliError, EXIT } from "../exit.ts";
import type { CliIo } from "../io.ts";
import { writePrivateFile } from "../private-file.ts";
import { readClaims } from "./token-claims.ts";

/** By how much this computer's clock was behind the issuer's when the token was issued. Default: not at all. */
const behindMs = z.number().optional();

const StoredSignIn = z.discriminatedUnion("kind", [
  /** By an OpenID provider. */
  z.object({
    kind: z.literal("oidc"),
    server: z.string(),
    /** The provider's name in the server's configuration. */
    provider: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    idToken: z.string(),
    /** It may work once. */
    refreshToken: z.string().optional(),
    behindMs,
  }),
  /** By a token that the user gave. */
  z.object({ kind: z.literal("token"), server: z.string(), token: z.string() }),
  /** By the token in the configuration of Kargo's command line, which renews it. */
  z.object({ kind: z.literal("kargo"), server: z.string(), file: z.string() }),
  /** By a user of a kubeconfig. */
  z.object({
    kind: z.literal("kubeconfig"),
    server: z.string(),
    /** Default: those that kubectl reads. */
    kubeconfig: z.string().optional(),
    kubeContext: z.string(),
    /** What the server requires of tokens. */
    audiences: z.array(z.string()),
    /** A token that Kubernetes has issued for a ServiceAccount. Other users' tokens are not kept. */
    issued: z.string().optional(),
    behindMs,
  }),
]);

/** How a context's user has signed in, as it is kept. `server` is the only one that gets the token. */
export type StoredSignIn = z.output<typeof StoredSignIn>;
export type SignInOf<Kind extends StoredSignIn["kind"]> = Extract<StoredSignIn, { readonly kind: Kind }>;

/** Whether its token is replaced before it expires. Kargo's is when a command of Kargo's runs. */
export function isRenewed(
  signIn: Pick<StoredSignIn, "kind"> & { readonly refreshToken?: string | undefined },
): boolean {
  const { kind, refreshToken } = signIn;
  return kind === "kubeconfig" || (kind === "oidc" && refreshToken !== undefined);
}

/** The file of a context's sign-in, beside the context file. */
export function signInPath(env: NodeJS.ProcessEnv, context: string): string {
  // A file system may ignore case, and a name may be `..`.
  const name = context.replace(/[^a-z0-9_-]/gu, (char) => Buffer.from(char).toString("hex").replace(/../g, "%$&"));
  return join(dirname(contextFilePath(env)), "sign-ins", `${name}.json`);
}

/**
 * Reads a context's sign-in. Permissions that let others read it are taken away, with a note.
 *
 * @returns `undefined` if there is none.
 * @throws CliError if the file cannot be used; its message contains nothing of it.
 */
export function readSignIn({ env, say }: Pick<CliIo, "env" | "say">, context: string): StoredSignIn | undefined {
  const path = signInPath(env, context);
  let text: string;
  try {
    makePrivate(path, say);
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new CliError(EXIT.usage, `cannot read the sign-in ${path} (${code})`);
  }
  try {
    return StoredSignIn.parse(JSON.parse(text));
  } catch {
    throw new CliError(EXIT.usage, `the sign-in ${path} is invalid`, ["try     taffrail login"]);
  }
}

/** Writes a context's sign-in, which only its owner can read. */
export function writeSignIn(env: NodeJS.ProcessEnv, context: string, signIn: StoredSignIn): void {
  writePrivateFile(signInPath(env, context), `${JSON.stringify(signIn, undefined, 2)}\n`);
}

/** A sign-in whose token has just been issued, with what that tells of this computer's clock. */
export function justIssued<T extends StoredSignIn>(signIn: T, { now = Date.now }: Pick<CliIo, "now">): T {
  const issuedAt = readClaims(renewedToken(signIn) ?? "")?.iat ?? 0;
  return { ...signIn, behindMs: Math.max(0, issuedAt * 1_000 - now()) || undefined };
}

/** The time by the clock of the issuer of a sign-in's token, as far as it is known, in milliseconds since 1970. */
export function issuersTime(signIn: StoredSignIn, { now = Date.now }: Pick<CliIo, "now">): number {
  return now() + (("behindMs" in signIn ? signIn.behindMs : undefined) ?? 0);
}

function renewedToken(signIn: StoredSignIn): string | undefined {
  if (signIn.kind === "oidc") return signIn.idToken;
  return signIn.kind === "kubeconfig" ? signIn.issued : undefined;
}

/** Removes a context's sign-in, if there is one. */
export function removeSignIn(env: NodeJS.ProcessEnv, context: string): void {
  rmSync(signInPath(env, context), { force: true });
}

function makePrivate(path: string, say: (line: string) => void): void {
  // Windows has no such permissions.
  if (process.platform === "win32") return;
  const { mode, uid } = statSync(path);
  if (uid !== process.getuid?.()) {
    throw new CliError(EXIT.usage, `the sign-in ${path} belongs to another user`, [
      "try     remove it, then taffrail login",
    ]);
  }
  if ((mode & 0o077) === 0) return;
  chmodSync(path, 0o600);
  say(`note: others could read ${path}: now only you can. If somebody may have read it: taffrail logout, then login`);
}
