import type { Logger } from "pino";
import { type Access, createAccess } from "../access/access.ts";
import { createAnnotatedAccounts } from "../access/annotated-accounts.ts";
import type { Clock } from "../clock.ts";
import type { CompiledConfig } from "../config/compile.ts";
import { type Authenticator, createAuthenticator } from "../identity/authenticator.ts";
import { createProviders, type Providers } from "../identity/providers.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { OwnWork } from "../kube/own-rights.ts";
import { createRate } from "../rate.ts";
import type { LogSource } from "../sources/source.ts";

/** Who calls this server, and what they may read. */
export interface Callers {
  readonly authenticator: Authenticator;
  /** Whose tokens are accepted. */
  readonly providers: Pick<Providers, "flows" | "health" | "warm" | "close">;
  readonly access: Access;
  /** Decides about reports in private buckets, which only this server guards. */
  readonly archiveAccess: Access;
  /** Decides which namespaces are listed as the caller's projects. */
  readonly projectAccess: Access;
  /** Restricts a source to what its callers may read, beyond `access`. */
  readonly guard: (source: LogSource) => LogSource;
  /** What this server's own account has to be allowed for it. */
  readonly reviews: Omit<OwnWork, "readsPods">;
}

export interface CallersDeps {
  readonly kube: KubeApi;
  readonly clock: Clock;
  readonly compiled: CompiledConfig;
  readonly log: Logger;
}

/** Callers who send tokens of the configured identity providers, about whose rights the cluster is asked. */
export function createTokenCallers({ kube, clock, compiled, log }: CallersDeps): Callers {
  const { config, egress } = compiled;
  const { signIns: total, signInsPerAddress: perKey } = config.limits;
  const { audiences } = config.identity;
  const providers = createProviders(compiled.providers, { kube, egress, clock, log, audiences });
  const has = (wanted: string): boolean => compiled.providers.some(({ kind }) => kind === wanted);
  const mapsClaims = has("kargo");
  const accounts = mapsClaims ? createAnnotatedAccounts({ kube, clock }) : undefined;
  const access = createAccess({ kube, clock, subresource: config.access.subresource, accounts });
  return {
    authenticator: createAuthenticator({
      verifiers: providers.verifiers,
      clock,
      refusals: createRate({ total, perKey }, clock),
    }),
    providers,
    access,
    archiveAccess: access,
    projectAccess: access,
    guard: (source) => source,
    reviews: { reviewsTokens: has("kubernetes"), reviewsAccess: true, mapsClaims },
  };
}
