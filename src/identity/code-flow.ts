import * as client from "openid-client";
import * as z from "zod";
import type { Clock } from "../clock.ts";
import type { SecretReader } from "../config-values/secret-reader.ts";
import { Failure } from "../failure.ts";
import { memoizeFor } from "../memoize-for.ts";
import { Secret } from "../secret.ts";
import type { VerifiedClaims } from "./caller.ts";
import { explainFlowError, refreshRefused } from "./code-flow-error.ts";
import type { OpenIdVerifier } from "./oidc.ts";
import type { KargoSettings, OidcSettings } from "./provider-config.ts";
import { ProviderFault } from "./provider-fault.ts";
import type { DiscoveryDocument, ProviderMetadata } from "./provider-metadata.ts";

/** What ties the parts of one sign-in together. */
export interface FlowChecks {
  /** Where the provider sends the browser back to. */
  readonly redirectUri: string;
  readonly state: string;
  readonly nonce: string;
  /** The code verifier (RFC 7636). */
  readonly verifier: string;
}

/** What a provider grants. */
export interface Grant {
  /** Absent after a refresh if the provider then issues no ID token. */
  readonly claims: VerifiedClaims | undefined;
  readonly refreshToken: Secret | undefined;
}

/** Signs users in with one provider: authorization code flow with PKCE (OpenID Connect Core 1.0 §3.1, RFC 7636). */
export interface CodeFlow {
  /** The provider's name in the configuration. */
  readonly name: string;
  readonly issuer: string;
  /**
   * The address where the user signs in.
   *
   * @param again whether the provider must ask for the user even if one is signed in there.
   * @throws Failure IDENTITY_PROVIDER_UNAVAILABLE
   */
  begin(checks: FlowChecks, again: boolean): Promise<URL>;
  /**
   * Exchanges the code in the address that the provider sent the browser to.
   *
   * @throws Failure SIGN_IN_REFUSED, TOKEN_REFUSED, IDENTITY_PROVIDER_UNAVAILABLE or IDENTITY_PROVIDER_REFUSED.
   */
  finish(query: URLSearchParams, checks: FlowChecks): Promise<Grant>;
  /**
   * Uses a refresh token, which may then no longer be good.
   *
   * @param subject whose it is: the provider must not grant it for anyone else.
   * @throws as `finish`.
   */
  refresh(token: Secret, subject: unknown): Promise<Grant>;
  /** Revokes a refresh token, if the provider can do that (RFC 7009). Throws as `finish`. */
  revoke(token: Secret): Promise<void>;
  /**
   * Where the user signs out at the provider, and is then sent to `returnTo` (OpenID Connect RP-Initiated Logout 1.0).
   *
   * @returns `undefined` if the provider has no such address, or cannot be read.
   */
  signOutUrl(returnTo: string): Promise<string | undefined>;
}

export interface CodeFlowOptions {
  readonly name: string;
  readonly settings: OidcSettings | KargoSettings;
  readonly clientSecret: SecretReader | undefined;
  readonly metadata: ProviderMetadata;
  readonly verifier: OpenIdVerifier;
  readonly clock: Clock;
}

/** How long a discovery document is used. After that, the old one only serves while the provider is down. */
const DISCOVERY_MS = 5 * 60_000;

const Endpoints = z.looseObject({
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  revocation_endpoint: z.url().optional(),
  end_session_endpoint: z.url().optional(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});

/** How long ago a provider must have responded when a browser is sent to it. */
const BEGIN_MS = 5_000;

/** Makes the sign-in with a provider. Nothing is read before the first one. */
export function createCodeFlow(options: CodeFlowOptions): CodeFlow {
  const { name, settings, clientSecret, metadata, verifier, clock } = options;
  const { issuer, clientId, scopes, authorizationParameters } = settings;
  let last: DiscoveryDocument | undefined;
  const discover = memoizeFor(DISCOVERY_MS, clock, async () => {
    last = await metadata.readDiscovery();
    return last;
  });

  /** For a browser that is about to go there: it would find nobody. */
  const discoverNow = memoizeFor(BEGIN_MS, clock, () => metadata.readDiscovery());
  const discoverOrLast = () =>
    discover().catch((error: unknown) => {
      if (last === undefined) throw error;
      return last;
    });

  const readEndpoints = async (read: () => Promise<DiscoveryDocument>) => {
    const document = await read();
    const { data } = Endpoints.safeParse(document);
    if (data === undefined)
      throw new ProviderFault("has a discovery document without the endpoints to sign in", undefined, true);
    for (const each of [data.authorization_endpoint, data.end_session_endpoint]) checkPage(each, issuer);
    return data;
  };

  /** A client for one request: the secret may have changed, and the clock. */
  const configure = async (read: () => Promise<DiscoveryDocument>): Promise<client.Configuration> => {
    const endpoints = await readEndpoints(read);
    const secret = (await clientSecret?.())?.reveal();
    const clockSkew = (clock.now() - Date.now()) / 1_000;
    const about = { [client.clockSkew]: clockSkew };
    const server = { ...endpoints, issuer } as client.ServerMetadata;
    const made = new client.Configuration(server, clientId, about, authOf(secret, endpoints));
    made[client.customFetch] = (url, { method, headers, body }) =>
      metadata.fetch(url, {
        method: method === "POST" ? "POST" : "GET",
        headers,
        body: body === undefined || body === null ? undefined : String(body),
      });
    if (new URL(issuer).protocol === "http:") client.allowInsecureRequests(made);
    return made;
  };

  const attempt = async <T>(
    work: (configuration: client.Configuration) => Promise<T>,
    read = discoverOrLast,
  ): Promise<T> => {
    try {
      return await work(await configure(read));
    } catch (error) {
      throw explainFlowError(name, error);
    }
  };

  const grantOf = async (answer: client.TokenEndpointResponse): Promise<Grant> => ({
    claims: answer.id_token === undefined ? undefined : await verifier.verifyClaims(new Secret(answer.id_token)),
    refreshToken: answer.refresh_token === undefined ? undefined : new Secret(answer.refresh_token),
  });

  /**
   * Without claims if the ID token cannot be verified now: the old refresh token is spent, and the new one must not be
   * lost. The claims that are known stay good until the session expires.
   */
  const renewedGrant = async (answer: client.TokenEndpointResponse): Promise<Grant> => {
    try {
      return await grantOf(answer);
    } catch (error) {
      if (!(error instanceof Failure && error.kind === "unavailable")) throw error;
      const { id_token: _, ...others } = answer;
      return grantOf(others);
    }
  };

  return {
    name,
    issuer,
    begin: ({ redirectUri, state, nonce, verifier: codeVerifier }, again) =>
      attempt(
        async (configuration) =>
          client.buildAuthorizationUrl(configuration, {
            ...authorizationParameters,
            redirect_uri: redirectUri,
            scope: scopes.join(" "),
            state,
            nonce,
            code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
            code_challenge_method: "S256",
            ...(again && { prompt: promptForUser(authorizationParameters.prompt) }),
          }),
        discoverNow,
      ),
    finish: (query, { redirectUri, state, nonce, verifier: codeVerifier }) =>
      attempt(async (configuration) => {
        const callback = new URL(redirectUri);
        callback.search = query.toString();
        const answer = await client.authorizationCodeGrant(configuration, callback, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        return grantOf(answer);
      }),
    refresh: (token, subject) =>
      attempt(async (configuration) => {
        const grant = await renewedGrant(await client.refreshTokenGrant(configuration, token.reveal()));
        if (grant.claims !== undefined && grant.claims.claims.sub !== subject) throw refreshRefused();
        return { ...grant, refreshToken: grant.refreshToken ?? token };
      }),
    revoke: (token) =>
      attempt(async (configuration) => {
        if (configuration.serverMetadata().revocation_endpoint === undefined) return;
        await client.tokenRevocation(configuration, token.reveal(), { token_type_hint: "refresh_token" });
      }),
    async signOutUrl(returnTo) {
      const found = await readEndpoints(discoverOrLast).catch(() => undefined);
      if (found?.end_session_endpoint === undefined) return undefined;
      const url = new URL(found.end_session_endpoint);
      url.searchParams.set("client_id", clientId);
      url.searchParams.set("post_logout_redirect_uri", returnTo);
      return url.href;
    },
  };
}

/** Browsers are sent only to pages with TLS, or to a provider on this machine. */
function checkPage(address: string | undefined, issuer: string): void {
  if (address === undefined) return;
  const url = new URL(address);
  if (url.protocol === "https:" || url.origin === new URL(issuer).origin) return;
  throw new ProviderFault("has an endpoint without TLS", undefined, true);
}

/** The first method that all providers support, unless this one says that it does not (RFC 6749 §2.3.1). */
function authOf(
  secret: string | undefined,
  { token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] }: z.infer<typeof Endpoints>,
): client.ClientAuth {
  if (secret === undefined) return client.None();
  return methods.includes("client_secret_basic") ? client.ClientSecretBasic(secret) : client.ClientSecretPost(secret);
}

/** A list: OpenID Connect Core 1.0 §3.1.2.1. */
function promptForUser(configured = ""): string {
  const others = configured.split(" ").filter((each) => each !== "" && each !== "login");
  return ["login", ...others].join(" ");
}
