import { quoted } from "../../quoted.ts";
import { CliError, EXIT } from "../exit.ts";
import type { ProviderRef } from "./provider-client.ts";

/** What a provider has issued. */
export interface ProviderTokens {
  readonly idToken: string;
  readonly refreshToken: string | undefined;
}

/**
 * Takes the tokens from a provider's response.
 *
 * @throws CliError without an ID token: the server takes no other.
 */
export function tokensOf(
  response: { readonly id_token?: string | undefined; readonly refresh_token?: string | undefined },
  { name }: Pick<ProviderRef, "name">,
): ProviderTokens {
  if (response.id_token === undefined) {
    throw new CliError(EXIT.other, `the identity provider ${quoted(name)} sent no ID token`, [
      "try     ask the server's operator to add the scope openid to its identity provider",
    ]);
  }
  return { idToken: response.id_token, refreshToken: response.refresh_token };
}
