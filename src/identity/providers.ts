import type { JWTPayload } from "jose";
import type { Logger } from "pino";
import type { Clock } from "../clock.ts";
import type { Egress } from "../egress/egress.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import type { TokenVerifier } from "./authenticator.ts";
import { isOmitted } from "./claims.ts";
import type { CodeFlow } from "./code-flow.ts";
import { createKargoAdmin } from "./kargo-admin.ts";
import { createLazyCodeFlow } from "./lazy-code-flow.ts";
import { createKargo, createOidc } from "./oidc.ts";
import type { CompiledProvider } from "./provider-config.ts";
import { type KeysHealth, ProviderKeys } from "./provider-keys.ts";
import { createProviderMetadata } from "./provider-metadata.ts";
import { createTokenReviews } from "./token-review.ts";

/** The state of an identity provider. */
export interface ProviderHealth {
  readonly name: string;
  readonly kind: CompiledProvider["kind"];
  /** Of OpenID providers: how it went to read their keys. */
  readonly keys: KeysHealth | undefined;
}

/** The configured identity providers. */
export interface Providers {
  readonly verifiers: readonly TokenVerifier[];
  /** How users sign in on the page: one for each OpenID provider. */
  readonly flows: readonly CodeFlow[];
  health(): readonly ProviderHealth[];
  /**
   * Reads the keys of all OpenID providers, whose faults are then in the log and in `health`. Never fails, and goes on in
   * the background every minute while one of them cannot be read.
   */
  warm(): Promise<void>;
  /** Closes all connections to them. */
  close(): Promise<void>;
}

export interface ProvidersOptions {
  readonly kube: Pick<KubeApi, "create">;
  readonly egress: Egress;
  readonly clock: Clock;
  readonly log: Logger;
  /** Accepted audiences of the cluster's tokens. Empty: the API server's own. */
  readonly audiences: readonly string[];
}

interface Opened {
  readonly verifier: TokenVerifier;
  readonly keys?: ProviderKeys;
  readonly flow?: CodeFlow;
  readonly close?: () => Promise<void>;
}

/** How soon the providers that could not be read at the start are read again. */
const RETRY_MS = 60_000;

/** Makes the verifiers of the configured identity providers. Nothing is read before it is needed, or `warm` is called. */
export function createProviders(compiled: readonly CompiledProvider[], options: ProvidersOptions): Providers {
  const opened = compiled.map((provider) => ({ ...open(provider, options), provider }));
  let isClosed = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  return {
    verifiers: opened.map(({ verifier }) => verifier),
    flows: opened.flatMap(({ flow }) => flow ?? []),
    health: () => opened.map(({ provider: { name, kind }, keys }) => ({ name, kind, keys: keys?.health })),
    async warm() {
      await Promise.all(opened.map(({ keys }) => keys?.warm()));
      const failing = opened.filter(({ keys }) => keys?.health.lastFailure !== undefined);
      if (failing.length > 0 && !isClosed) retry = setTimeout(() => void this.warm(), RETRY_MS).unref();
    },
    async close() {
      isClosed = true;
      clearTimeout(retry);
      await Promise.all(opened.map(({ close }) => close?.()));
    },
  };
}

function open(provider: CompiledProvider, { kube, egress, clock, log, audiences }: ProvidersOptions): Opened {
  switch (provider.kind) {
    case "kubernetes":
      return { verifier: createTokenReviews({ kube, audiences }) };
    case "kargoAdmin":
      return { verifier: createKargoAdmin(provider.settings, { ...provider, clock }) };
    case "oidc":
    case "kargo": {
      const { name, tls, settings } = provider;
      const metadata = createProviderMetadata({ issuer: settings.issuer, egress, tls });
      const onChange = (fault: unknown): void => {
        if (fault === undefined) log.info({ provider: name }, "the keys of the identity provider can be read again");
        else log.warn({ provider: name, err: fault }, "the keys of the identity provider cannot be read");
      };
      const keys = new ProviderKeys({ name, metadata, clock, onChange });
      const deps = { keys, clock, onClaims: noteMissingGroups(provider, log) };
      const verifier =
        provider.kind === "oidc" ? createOidc(provider.settings, deps) : createKargo(provider.settings, deps);
      const { clientSecret } = provider;
      const flow = createLazyCodeFlow({ name, settings, clientSecret, metadata, verifier, clock });
      return { verifier, keys, flow, close: metadata.close };
    }
  }
}

/**
 * Tells operators once that a token lacks the claim with the groups, which is either misspelt or for a scope that is not
 * asked for: nobody else would find out why nobody has the rights of a group.
 */
function noteMissingGroups(provider: CompiledProvider, log: Logger): ((claims: JWTPayload) => void) | undefined {
  const claim = provider.kind === "oidc" ? provider.settings.groupsClaim : undefined;
  if (claim === undefined) return undefined;
  let isNoted = false;
  return (claims) => {
    if (isNoted || Object.hasOwn(claims, claim) || isOmitted(claims, claim)) return;
    isNoted = true;
    const about = { provider: provider.name, claim, claims: Object.keys(claims) };
    log.warn(
      about,
      "an ID token has no claim with groups: check groupsClaim, and the scopes that the provider needs for it",
    );
  };
}
