import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type JWK } from "oidc-provider";
import { createSigningKey } from "./scripted-provider.ts";

export interface SignInProviderOptions {
  /** The claims of each account beside `sub`, by the account's name. */
  readonly accounts: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A certified OpenID provider (oidc-provider) in this process, whose refresh tokens work once. */
export interface SignInProvider {
  readonly issuer: string;
  /** The paths that were requested. */
  readonly asked: readonly string[];
  /** Allows its client to send browsers back to these servers. Forgets all that it has issued. */
  serve(...origins: readonly string[]): void;
  /** Resets all connections until `serve` is called, or `resume`. */
  fail(): void;
  resume(): void;
  /** Answers the next request for a path only to itself: whoever asked loses the connection. */
  loseNextAnswer(path: string): void;
  /** Holds back the answers to requests for a path until the result is called. */
  hold(path: string): () => void;
  close(): Promise<void>;
}

export const CLIENT_ID = "taffrail";

/**
 * The provider in a gateway's configuration: its users' names are those that the cluster knows.
 *
 * @param secret the environment variable with the client's secret.
 */
export function oidcOf(issuer: string, secret: string) {
  const client = { clientId: CLIENT_ID, clientSecret: { env: secret } };
  return { issuer, ...client, scopes: ["openid"], usernamePrefix: "-" };
}

/** Starts it on the loopback interface. The client's secret is `secret`. */
export async function startSignInProvider(
  { accounts }: SignInProviderOptions,
  secret: string,
): Promise<SignInProvider> {
  const refuse: RequestListener = (incoming) => incoming.socket.destroy();
  let serving = refuse;
  let listener = refuse;
  let loses: string | undefined;
  const asked: string[] = [];
  const holds = new Map<string, (() => void)[]>();
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    const path = (incoming.url ?? "").split("?", 1)[0] ?? "";
    asked.push(path);
    if (loses === path) {
      loses = undefined;
      response.end = ((): ServerResponse => {
        incoming.socket.destroy();
        return response;
      }) as typeof response.end;
    }
    const held = holds.get(path);
    if (held !== undefined) {
      const end = response.end.bind(response);
      response.end = ((body: unknown): ServerResponse => {
        held.push(() => end(body));
        return response;
      }) as typeof response.end;
    }
    listener(incoming, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const key = createSigningKey("key-1");
  const jwk = { ...key.privateKey.export({ format: "jwk" }), kid: key.kid, alg: "RS256", use: "sig" } as JWK;

  return {
    issuer,
    asked,
    serve(...origins) {
      const provider = new Provider(issuer, {
        jwks: { keys: [jwk] },
        clients: [
          {
            client_id: CLIENT_ID,
            client_secret: secret,
            redirect_uris: origins.map((each) => `${each}/session/callback`),
            post_logout_redirect_uris: origins.map((each) => `${each}/sign-in`),
            grant_types: ["authorization_code", "refresh_token"],
            response_types: ["code"],
          },
        ],
        claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
        scopes: ["openid", "email", "groups"],
        conformIdTokenClaims: false,
        features: { revocation: { enabled: true } },
        issueRefreshToken: async () => true,
        rotateRefreshToken: true,
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
        // As for a company's own clients: nobody is asked for consent.
        async loadExistingGrant({ oidc }) {
          const known = oidc.session?.grantIdFor(oidc.client?.clientId ?? "");
          if (known !== undefined) return oidc.provider.Grant.find(known);
          const grant = new oidc.provider.Grant({
            clientId: oidc.client?.clientId ?? "",
            accountId: oidc.session?.accountId ?? "",
          });
          grant.addOIDCScope("openid email groups");
          await grant.save();
          return grant;
        },
        cookies: { keys: ["for tests"] },
        ttl: {
          IdToken: 3_600,
          AccessToken: 3_600,
          Grant: 86_400,
          Session: 3_600,
          Interaction: 3_600,
          RefreshToken: 86_400,
        },
      });
      serving = provider.callback();
      listener = serving;
    },
    fail() {
      listener = refuse;
    },
    resume() {
      listener = serving;
    },
    loseNextAnswer(path) {
      loses = path;
    },
    hold(path) {
      holds.set(path, []);
      return () => {
        const held = holds.get(path) ?? [];
        holds.delete(path);
        for (const answer of held) answer();
      };
    },
    async close() {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, "close");
    },
  };
}
