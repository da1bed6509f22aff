import { type Access, createAccess } from "../access/access.ts";
import type { Clock } from "../clock.ts";
import type { Config } from "../config/schema.ts";
import { type Authenticator, createTokenReviewAuthenticator } from "../identity/token-review.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { createRate } from "../rate.ts";
import type { LogSource } from "../sources/source.ts";

/** Who calls this server, and what they may read. */
export interface Callers {
  readonly authenticator: Authenticator;
  readonly access: Access;
  /** Decides about reports in private buckets, which only this server guards. */
  readonly archiveAccess: Access;
  /** Decides which namespaces are listed as the caller's projects. */
  readonly projectAccess: Access;
  /** Restricts a source to what its callers may read, beyond `access`. */
  readonly guard: (source: LogSource) => LogSource;
}

export interface CallersDeps {
  readonly kube: KubeApi;
  readonly clock: Clock;
  readonly config: Config;
}

/** Callers who send tokens, about whom the cluster is asked: in TokenReviews and SubjectAccessReviews. */
export function createTokenCallers({ kube, clock, config }: CallersDeps): Callers {
  const { signIns: total, signInsPerAddress: perKey } = config.limits;
  const access = createAccess({ kube, clock, subresource: config.access.subresource });
  return {
    authenticator: createTokenReviewAuthenticator({
      kube,
      clock,
      audiences: config.identity.audiences,
      refusals: createRate({ total, perKey }, clock),
    }),
    access,
    archiveAccess: access,
    projectAccess: access,
    guard: (source) => source,
  };
}
