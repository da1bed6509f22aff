import type { MessageInitShape } from "@bufbuild/protobuf";
import { type GetServerInfoResponseSchema, SignInMethod } from "../../gen/taffrail/v1/analysis_run_logs_pb.ts";
import type { ProviderSettings } from "../identity/provider-config.ts";
import { VERSION } from "../version.ts";
import type { Services } from "./services.ts";

/** Returns what a client needs before it signs in. */
export function getServerInfo({ config }: Services): MessageInitShape<typeof GetServerInfoResponseSchema> {
  const identityProviders = config.identity.providers.flatMap(identityProvider);
  return {
    version: VERSION,
    signInMethods: [SignInMethod.BEARER_TOKEN, ...(identityProviders.length > 0 ? [SignInMethod.OIDC] : [])],
    contact: config.contact,
    retentionDays: config.retentionDays,
    identityProviders,
    tokenAudiences: config.identity.audiences,
  };
}

function identityProvider({ name, oidc, kargo }: ProviderSettings) {
  const provider = oidc ?? kargo;
  if (provider === undefined) return [];
  const { issuer, clientId, cliClientId = clientId, scopes } = provider;
  return [{ name, issuer, clientId, cliClientId, scopes }];
}
