import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { CliError, EXIT } from "../exit.ts";
import { isExpired } from "./token-claims.ts";

const KargoConfig = z.looseObject({ bearerToken: z.string().min(1) });

/** The configuration of Kargo's command line: `kargo/config` in `XDG_CONFIG_HOME` or `~/.config`. */
export function kargoConfigPath(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), ".config"), "kargo", "config");
}

/**
 * Reads the token of Kargo's command line. It is not renewed: its refresh token may work once, and is Kargo's to use.
 *
 * @param now milliseconds since 1970.
 * @throws CliError if the file has no token, or the token has expired.
 */
export function readKargoToken(file: string, now: number): string {
  let token: string;
  try {
    token = KargoConfig.parse(parse(readFileSync(file, "utf8"))).bearerToken;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = typeof code === "string" && code.startsWith("E") ? ` (${code})` : ": it has no bearerToken";
    throw new CliError(EXIT.denied, `Kargo's ${file} holds no sign-in${why}`, [
      "try     kargo login, or taffrail login",
    ]);
  }
  if (isExpired(token, now)) {
    throw new CliError(EXIT.denied, `the token in Kargo's ${file} has expired`, [
      "try     a command of Kargo's, such as `kargo get projects`, which renews it; else kargo login",
    ]);
  }
  return token;
}
